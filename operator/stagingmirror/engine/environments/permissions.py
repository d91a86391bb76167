"""What the operator's own account may do in the namespaces of an environment, remembered a while.

One environment costs about twenty questions per namespace; rights change seldom.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

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

# Seconds after which a good, or a bad, answer is requested again.
GOOD_FOR = 120.0
BAD_FOR = 10.0
# Seconds for which an answer counts while newer ones cannot be had.
BELIEVED = 300.0
READ_ONLY = "KubernetesReadOnly"
_MAY_NOT_REVIEW = (
    "the operator's account may not review its own permissions; give it the ClusterRole "
    "system:basic-user"
)

Namespaces = tuple[str, ...]
T = TypeVar("T", Why | None, Condition)


class Permissions:
    """Answers per set of namespaces. Errors: those of the client. An API server that does not
    answer changes nothing at first; what was answered longer than ``BELIEVED`` ago is not claimed
    any more.
    """

    def __init__(self, client: KubernetesClient, *, runtime: Runtime) -> None:
        self._client = client
        self._runtime = runtime
        self._since = runtime.clock()
        # With the time (POSIX s) of each answer.
        self._reading: dict[Namespaces, tuple[float, Why | None]] = {}
        self._writing: dict[Namespaces, tuple[float, Condition]] = {}

    async def unreadable(self, namespaces: Iterable[str]) -> Why | None:
        """What may not be read there, with the remedy."""
        return await self._answer(
            self._reading,
            tuple(namespaces),
            request=self._missing,
            is_good=lambda why: why is None,
            unanswered=lambda error: Why(error.reason, error.message),
        )

    async def read_only(self, namespaces: Iterable[str]) -> Condition:
        """The condition KubernetesReadOnly: whether the operator could write to production."""
        return await self._answer(
            self._writing,
            tuple(namespaces),
            request=self._condition,
            is_good=lambda found: found.status == "True",
            unanswered=lambda error: _unknown(error.reason, error.message),
        )

    async def _answer(
        self,
        answers: dict[Namespaces, tuple[float, T]],
        namespaces: Namespaces,
        *,
        request: Callable[[Namespaces], Awaitable[T]],
        is_good: Callable[[T], bool],
        unanswered: Callable[[NotAnswered], T],
    ) -> T:
        """The remembered answer, or a new one. Raises NotAnswered while an old one still counts."""
        now, known = self._runtime.clock(), answers.get(namespaces)
        if known is None or now - known[0] > (GOOD_FOR if is_good(known[1]) else BAD_FOR):
            try:
                known = answers[namespaces] = (now, await request(namespaces))
            except NotAnswered as error:
                if self._runtime.clock() - (known[0] if known else self._since) <= BELIEVED:
                    raise
                return unanswered(error)
        return known[1]

    async def _missing(self, namespaces: Namespaces) -> Why | None:
        for namespace in namespaces:
            try:
                missing = await missing_permissions(self._client, namespace, READS)
            except NotAllowed as error:
                return Why(Reason.FORBIDDEN, f"{_MAY_NOT_REVIEW} ({error.message})")
            if missing:
                return Why(Reason.FORBIDDEN, denial(missing, namespace))
        return None

    async def _condition(self, namespaces: Namespaces) -> Condition:
        if not namespaces:
            return _unknown(
                Reason.NOTHING_LISTED,
                "spec.namespaces is empty: there is nothing that could be written to",
            )
        try:
            answers = {each: await may_write(self._client, each) for each in namespaces}
        except NotAllowed as error:
            return _unknown(Reason.FORBIDDEN, f"{_MAY_NOT_REVIEW} ({error.message})")
        writable = [each for each, answer in answers.items() if answer]
        if writable:
            return condition(
                READ_ONLY,
                "False",
                Reason.CAN_WRITE,
                f"the operator's account could write in {', '.join(writable)}; take these rights "
                "from it: production is only read",
            )
        if None in answers.values():
            return _unknown(
                Reason.INCOMPLETE,
                "the cluster does not report all of the account's rights; see its authorizer",
            )
        return condition(
            READ_ONLY, "True", Reason.CANNOT_WRITE, "the operator's account can only read there"
        )


def _unknown(reason: str, message: str) -> Condition:
    return condition(READ_ONLY, "Unknown", reason, message)
