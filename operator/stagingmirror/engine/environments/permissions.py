"""What our account may do in the namespaces of an environment, in its cluster, remembered a while.

One environment costs about twenty questions per namespace; rights change seldom.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.status.conditions import condition
from stagingmirror.api.status.model import Condition
from stagingmirror.api.types.times import rfc3339
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAllowed, NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.runtime import Runtime
from stagingmirror.sources.kubernetes.api.expiry import Expiry
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.kubernetes.watch.access_review import (
    READS,
    allowed_writes,
    denial,
    may_write,
    missing_permissions,
)

# Seconds after which a good, or a bad, answer is requested again.
GOOD_FOR = 120.0
BAD_FOR = 10.0
# Seconds for which an answer counts that took some forty questions per namespace.
REVIEWED_FOR = 3600.0
# Seconds for which an answer counts while newer ones cannot be had.
BELIEVED = 300.0
# Seconds within which the rights in all namespaces of an environment are to be answered. What is
# slow would hold up the conditions of others: a pass over environments ends with its last answer.
PATIENCE = 30.0
READ_ONLY = "KubernetesReadOnly"
UPSTREAMS = "UpstreamsReadOnly"
EXPIRE = "CredentialsExpire"
# Seconds before it expires in which a token should be replaced, and the last part of its lifetime
# in which it should: what is shorter.
SOON = 7 * 86400.0
LAST_PART = 0.2
_MAY_NOT_REVIEW = (
    "the operator's account may not review its own permissions; give it the ClusterRole "
    "system:basic-user"
)

Namespaces = tuple[str, ...]
# As whom the namespaces of an environment are read; Why: it cannot be read now.
ReaderOf = Callable[[str, MirrorEnvironmentSpec], KubernetesReader | Why]
T = TypeVar("T", Why | None, Condition)


class Permissions:
    """Answers per environment and its namespaces. Errors: those of the client. An API server that
    does not answer changes nothing at first; what was answered longer than ``BELIEVED`` ago is not
    claimed any more.
    """

    def __init__(
        self,
        reader_of: ReaderOf,
        *,
        runtime: Runtime,
        writable: Callable[[str], bool | None] = lambda environment: None,
    ) -> None:
        """``writable``: whether the index stores of an environment let us write; None: they do not
        show that.
        """
        self._reader_of = reader_of
        self._writable = writable
        self._runtime = runtime
        self._since = runtime.clock()
        # By environment.
        self._reading: dict[str, _Answer[Why | None]] = {}
        self._writing: dict[str, _Answer[Condition]] = {}

    async def unreadable(self, environment: str, spec: MirrorEnvironmentSpec) -> Why | None:
        """What may not be read there, with the remedy. Without a reader, its source says why."""
        reader = self._reader_of(environment, spec)
        if isinstance(reader, Why):
            return None
        return await self._answer(
            self._reading,
            _Question(environment, reader, reader.logins, spec.namespaces),
            request=_missing,
            good_for=lambda why: GOOD_FOR if why is None else BAD_FOR,
            unanswered=lambda error: Why(error.reason, error.message),
        )

    async def read_only(self, environment: str, spec: MirrorEnvironmentSpec) -> Condition:
        """The condition KubernetesReadOnly: whether the operator could write to production."""
        reader = self._reader_of(environment, spec)
        if isinstance(reader, Why):
            return _unknown(reader.reason, reader.message)
        return await self._answer(
            self._writing,
            _Question(environment, reader, reader.logins, spec.namespaces),
            request=_condition,
            good_for=_good_for,
            unanswered=lambda error: _unknown(error.reason, error.message),
        )

    def expiring(self, environment: str, spec: MirrorEnvironmentSpec) -> list[Condition]:
        """The condition CredentialsExpire, where they say when: whether that is soon."""
        reader = self._reader_of(environment, spec)
        if isinstance(reader, Why) or reader.expiry is None:
            return []
        return [_expires(reader.expiry, self._runtime.clock())]

    def upstreams(self, environment: str) -> list[Condition]:
        """The condition UpstreamsReadOnly, where a store shows what our account may do."""
        return _upstreams_read_only(writable=self._writable(environment))

    def keep(self, environments: Collection[str]) -> None:
        """All others are forgotten."""
        for answers in (self._reading, self._writing):
            for name in answers.keys() - environments:
                del answers[name]

    async def _answer(
        self,
        answers: dict[str, "_Answer[T]"],
        question: "_Question",
        *,
        request: Callable[[KubernetesReader, Namespaces], Awaitable[T]],
        good_for: Callable[[T], float],
        unanswered: Callable[[NotAnswered], T],
    ) -> T:
        """The remembered answer, or a new one. Raises NotAnswered while an old one still counts."""
        now, known = self._runtime.clock(), answers.get(question.environment)
        if known is not None and known.question != question:
            known = None
        if known is None or now - known.at > good_for(known.value):
            try:
                value = await _in_time(request(question.reader, question.namespaces))
                known = answers[question.environment] = _Answer(question, now, value)
            except NotAnswered as error:
                if self._runtime.clock() - (known.at if known else self._since) <= BELIEVED:
                    raise
                return unanswered(error)
        return known.value


async def _in_time(answer: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(PATIENCE):
            return await answer
    except TimeoutError:
        raise NotAnswered(
            Reason.CLUSTER_NOT_ANSWERING,
            f"the cluster did not answer within {PATIENCE:.0f} s what the operator's account may do"
            " in all of spec.namespaces",
        ) from None


class _Question(NamedTuple):
    """``logins``: as which identity of its reader."""

    environment: str
    reader: KubernetesReader
    logins: int
    namespaces: Namespaces


@dataclass(frozen=True, slots=True)
class _Answer(Generic[T]):
    """``at``: POSIX s."""

    question: _Question
    at: float
    value: T


async def _missing(reader: KubernetesReader, namespaces: Namespaces) -> Why | None:
    for namespace in namespaces:
        try:
            missing = await missing_permissions(reader, namespace, READS)
        except NotAllowed as error:
            return _may_not_review(error)
        if missing:
            return Why(Reason.FORBIDDEN, denial(missing, namespace))
    return None


async def _condition(reader: KubernetesReader, namespaces: Namespaces) -> Condition:
    if not namespaces:
        return _unknown(
            Reason.NOTHING_LISTED,
            "spec.namespaces is empty: there is nothing that could be written to",
        )
    try:
        answers = {each: await may_write(reader, each) for each in namespaces}
        unlisted = [each for each, answer in answers.items() if answer is None]
        reviewed = {each: await allowed_writes(reader, each) for each in unlisted}
    except NotAllowed as error:
        why = _may_not_review(error)
        return _unknown(why.reason, why.message)
    writable = [each for each, answer in answers.items() if answer or reviewed.get(each)]
    if writable:
        return condition(
            READ_ONLY,
            "False",
            Reason.CAN_WRITE,
            f"the operator's account could write in {', '.join(writable)}; take these rights "
            "from it (get of pods/exec is one, and * includes it): production is only read",
        )
    if unlisted:
        return condition(
            READ_ONLY,
            "True",
            Reason.NO_WRITE_ALLOWED,
            "the cluster does not list all of the account's rights; of those that were reviewed "
            "one by one (writes of what is read, of secrets, and into pods), it has none",
        )
    return condition(
        READ_ONLY, "True", Reason.CANNOT_WRITE, "the operator's account can only read there"
    )


def _upstreams_read_only(*, writable: bool | None) -> list[Condition]:
    """It is never found out by writing."""
    if writable is None:
        return []
    if writable:
        what = (
            "the account for an index store could write there; take these rights from it: "
            "production is only read"
        )
        return [condition(UPSTREAMS, "False", Reason.CAN_WRITE, what)]
    what = "the accounts for its index stores can only read there"
    return [condition(UPSTREAMS, "True", Reason.CANNOT_WRITE, what)]


def _expires(expiry: Expiry, now: float) -> Condition:
    """The message names no time that is left: it would change the status all the time."""
    lifetime = SOON if expiry.issued is None else (expiry.at - expiry.issued) * LAST_PART
    when = f"the token of its kubeconfig expires at {rfc3339(expiry.at)}"
    if now >= expiry.at - min(SOON, lifetime):
        what = f"{when}; write a new one into the Secret before"
        return condition(EXPIRE, "True", Reason.EXPIRES_SOON, what)
    return condition(EXPIRE, "False", Reason.EXPIRES_LATER, when)


def _may_not_review(error: NotAllowed) -> Why:
    if error.reason == Reason.UNAUTHORIZED:
        return Why(error.reason, error.message)
    return Why(Reason.FORBIDDEN, f"{_MAY_NOT_REVIEW} ({error.message})")


def _good_for(found: Condition) -> float:
    if found.reason == Reason.NO_WRITE_ALLOWED:
        return REVIEWED_FOR
    return GOOD_FOR if found.status == "True" else BAD_FOR


def _unknown(reason: str, message: str) -> Condition:
    return condition(READ_ONLY, "Unknown", reason, message)
