"""What the operator's own account may do in the namespaces of an environment, remembered a while.

One environment costs about twenty questions per namespace; rights change seldom.
"""

from collections.abc import Iterable

from stagingmirror.api.status.conditions import condition
from stagingmirror.api.status.model import Condition
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAllowed, NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.runtime import Runtime
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.watch.access_review import (
    READS,
    denial,
    may_write,
    missing_permissions,
)

GOOD_FOR = 120.0
# Seconds after which a good, or a bad, answer is requested again.
BAD_FOR = 10.0
# Seconds for which an answer counts while newer ones cannot be had.
BELIEVED = 300.0
READ_ONLY = "KubernetesReadOnly"
_MAY_NOT_REVIEW = (
    "the operator's account may not review its own permissions; give it the ClusterRole "
    "system:basic-user"
)


class Permissions:
    """Answers per set of namespaces. Errors: those of the client. An API server that does not
    answer changes nothing at first; what was answered longer than ``BELIEVED`` ago is not claimed
    any more.
    """

    def __init__(self, client: KubernetesClient, *, runtime: Runtime) -> None:
        self._client = client
        self._runtime = runtime
        self._since = runtime.clock()
        self._reading: dict[tuple[str, ...], tuple[float, Why | None]] = {}
        self._writing: dict[tuple[str, ...], tuple[float, Condition]] = {}

    async def unreadable(self, namespaces: Iterable[str]) -> Why | None:
        """What may not be read there, with the remedy."""
        key, now = tuple(namespaces), self._runtime.clock()
        known = self._reading.get(key)
        if known is None or now - known[0] > (GOOD_FOR if known[1] is None else BAD_FOR):
            try:
                known = (now, await self._missing(key))
            except NotAnswered as error:
                if self._believes(known):
                    raise
                return Why(error.reason, error.message)
            self._reading[key] = known
        return known[1]

    async def read_only(self, namespaces: Iterable[str]) -> Condition:
        """The condition KubernetesReadOnly: whether the operator could write to production."""
        key, now = tuple(namespaces), self._runtime.clock()
        known = self._writing.get(key)
        if known is None or now - known[0] > (GOOD_FOR if known[1].status == "True" else BAD_FOR):
            try:
                known = (now, await self._condition(key))
            except NotAnswered as error:
                if self._believes(known):
                    raise
                return condition(READ_ONLY, "Unknown", error.reason, error.message)
            self._writing[key] = known
        return known[1]

    def _believes(self, known: tuple[float, object] | None) -> bool:
        """Whether an old answer still counts while newer ones cannot be had."""
        return self._runtime.clock() - (known[0] if known else self._since) <= BELIEVED

    async def _missing(self, namespaces: tuple[str, ...]) -> Why | None:
        for namespace in namespaces:
            try:
                missing = await missing_permissions(self._client, namespace, READS)
            except NotAllowed as error:
                return Why(Reason.FORBIDDEN, f"{_MAY_NOT_REVIEW} ({error.message})")
            if missing:
                return Why(Reason.FORBIDDEN, denial(missing, namespace))
        return None

    async def _condition(self, namespaces: tuple[str, ...]) -> Condition:
        if not namespaces:
            message = "spec.namespaces is empty: there is nothing that could be written to"
            return condition(READ_ONLY, "Unknown", Reason.NOTHING_LISTED, message)
        try:
            answers = {each: await may_write(self._client, each) for each in namespaces}
        except NotAllowed as error:
            message = f"{_MAY_NOT_REVIEW} ({error.message})"
            return condition(READ_ONLY, "Unknown", Reason.FORBIDDEN, message)
        writable = [each for each, answer in answers.items() if answer]
        if writable:
            message = (
                f"the operator's account could write in {', '.join(writable)}; take these rights "
                "from it: production is only read"
            )
            return condition(READ_ONLY, "False", Reason.CAN_WRITE, message)
        if None in answers.values():
            message = "the cluster does not report all of the account's rights; see its authorizer"
            return condition(READ_ONLY, "Unknown", Reason.INCOMPLETE, message)
        message = "the operator's account can only read there"
        return condition(READ_ONLY, "True", Reason.CANNOT_WRITE, message)
