"""The cluster of one environment, which is only read, by the credentials of its Secret."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import structlog

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.types.times import rfc3339
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NeedsHuman, NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.expiry import expiry_of
from stagingmirror.sources.kubernetes.api.kubeconfig import Kubeconfig
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.kubernetes.api.remote_login import remote_login
from stagingmirror.sources.kubernetes.clusters.identity import OWN_CLUSTER, uid_of
from stagingmirror.sources.kubernetes.subjects import ClusterSubject
from stagingmirror.sources.kubernetes.watch.source import KubernetesSource, OnChange
from stagingmirror.sources.pause import Pause
from stagingmirror.view import Observed, Subject

log = structlog.get_logger(__name__)
T = TypeVar("T")

# Seconds between two proofs that it is still the same cluster.
PROVEN_EVERY = 60.0
# Seconds for which a connection is used whose credentials were replaced by ones that do not work.
OUTLIVES = 60.0
# Seconds until the next try after the first failure, doubled each time, and the longest.
FIRST, LONGEST = 0.5, 5.0
# Reasons for which a whole cluster has no answers.
_SILENT = (
    Reason.CLUSTER_NOT_ANSWERING,
    Reason.UNAUTHORIZED,
    Reason.CERTIFICATE_NOT_TRUSTED,
    Reason.LINK_LOCAL,
)
_FAILED = Why(Reason.INTERNAL_ERROR, "the operator failed on it; its log has the traceback.")
_NOT_YET = Why(Reason.NOT_SEEN_YET, "its kubeconfig has not been read yet.")


class Connects(Protocol):
    """Makes what a connection needs."""

    def reader(self, environment: str, kubeconfig: Kubeconfig) -> KubernetesReader:
        """Raises NeedsHuman where it cannot be used."""

    def source(
        self, environment: str, reader: KubernetesReader, on_change: OnChange
    ) -> KubernetesSource: ...


@dataclass(slots=True)
class _Connection:
    """``kubeconfig``: the one by which the UID was proven."""

    kubeconfig: Kubeconfig
    uid: str
    reader: KubernetesReader
    source: KubernetesSource
    task: asyncio.Task[None]


class RemoteCluster:
    """``get`` answers at once. ``wants``: what is wanted, kept by the caller with its period (s).
    ``own_uid`` returns the UID of the operator's own cluster, or why it is not known. ``on_proof``
    is called when ``is_elsewhere`` is another one. What fails here ends nothing else.
    """

    def __init__(
        self,
        environment: str,
        *,
        connects: Connects,
        wants: Mapping[ClusterSubject, float],
        own_uid: Callable[[], str | Why],
        clock: Callable[[], float],
        on_change: OnChange,
        on_proof: Callable[[], None],
    ) -> None:
        self._environment = environment
        self._connects = connects
        self._wants = wants
        self._own_uid = own_uid
        self._clock = clock
        self._on_change = on_change
        self._on_proof = on_proof
        self._announced: bool | None = None
        self._spec: MirrorEnvironmentSpec | None = None
        self._given: Kubeconfig | Why = _NOT_YET
        # Why there is no connection, and why the newest proof failed.
        self._trouble: Why = _NOT_YET
        self._failing: Why | None = None
        self._is_own = False
        self._connection: _Connection | None = None
        self._failures = 0
        self._failing_since: float | None = None
        self._pause = Pause()

    @property
    def is_elsewhere(self) -> bool | None:
        """Whether it is another cluster than the operator's own, proven with the very kubeconfig
        that its Secret has now; None: not proven.
        """
        if self._is_own:
            return False
        connection = self._connection
        return True if connection and connection.kubeconfig == self._given else None

    @property
    def reader(self) -> KubernetesReader | Why:
        """Why: there is no connection, or it cannot be proven now."""
        if self._connection is None:
            return self._trouble
        return self._failing or self._connection.reader

    def configure(self, spec: MirrorEnvironmentSpec, given: Kubeconfig | Why | None) -> None:
        """``given``: what its Secret holds, or why that cannot be used; None: as before."""
        self._spec = spec
        if self._connection is not None:
            self._connection.source.watch([spec])
        if given is not None and given != self._given:
            self._given, self._is_own, self._failing_since = given, False, None
            self._failures = 0
            self._announce_proof()
            self._pause.end()

    def want(self, subject: ClusterSubject, period: float) -> None:
        if self._connection is not None:
            self._connection.source.want(subject, period)

    def unwant(self, subject: ClusterSubject) -> None:
        if self._connection is not None:
            self._connection.source.unwant(subject)

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        if self._connection is None:
            return Unseen(self._named(self._trouble), self._clock())
        answer = self._connection.source.get(subject)
        if isinstance(answer, Unseen):
            return Unseen(self._named(answer.why), answer.began)
        if answer.trouble is not None:
            return replace(answer, trouble=self._named(answer.trouble))
        return answer

    def answers(self) -> Observed[str] | Unseen:
        """The UID of the cluster; its trouble is why that cannot be proven now."""
        if self._connection is None:
            return Unseen(self._trouble, self._clock())
        return Observed(self._connection.uid, self._clock(), self._failing)

    async def prove(self, subjects: Iterable[ClusterSubject], since: float) -> None:
        """As ``Source.prove``. Where the cluster is known not to answer, nothing is waited for: the
        watches try again by themselves, and prove themselves as soon as they go on.
        """
        wanted = tuple(subjects)
        if self._connection is not None and not any(map(self._is_silent, wanted)):
            await self._connection.source.prove(wanted, since)

    def oldest_unwritten(self) -> float | None:
        """As the source has it."""
        return self._connection.source.oldest_unwritten() if self._connection else None

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                pause = await self._tend()
                self._announce_proof()
                await self._pause.sleep(pause)
        finally:
            await self._disconnect()

    async def _tend(self) -> float:
        """Connect, or prove that it is still the same cluster; the seconds until the next time."""
        given, connection = self._given, self._connection
        if connection is not None and connection.task.done():
            await self._disconnect()
            self._fail(_FAILED)
            return LONGEST
        if isinstance(given, Why):
            await self._disconnect()
            self._fail(given)
            return PROVEN_EVERY
        try:
            await self._connect(given)
        except StagingMirrorError as error:
            return await self._failed(given, error)
        except Exception:  # a defect met with one cluster is not another one's
            log.exception("cluster not connected", environment=self._environment)
            return await self._failed(given, NotAnswered(_FAILED.reason, _FAILED.message))
        self._failures, self._failing_since, self._failing = 0, None, None
        return PROVEN_EVERY

    async def _connect(self, given: Kubeconfig) -> None:
        connection = self._connection
        if connection is not None and connection.kubeconfig == given:
            if await uid_of(connection.reader) == connection.uid:
                return
            await self._disconnect()
        reader = self._connects.reader(self._environment, given)
        try:
            uid, own = await uid_of(reader), self._own_uid()
            if given is not self._given:
                return  # it was replaced meanwhile, and ``_pause`` has ended
            if isinstance(own, Why):
                raise NotAnswered(own.reason, own.message)
            await self._proven(given, uid, reader, is_own=uid == own)
        finally:
            if self._connection is None or self._connection.reader is not reader:
                await reader.close()

    async def _proven(
        self, given: Kubeconfig, uid: str, reader: KubernetesReader, *, is_own: bool
    ) -> None:
        """This UID answers to these credentials."""
        self._is_own, connection = is_own, self._connection
        if is_own:
            await self._disconnect()
            self._fail(OWN_CLUSTER)
        elif connection is not None and connection.uid == uid:
            await connection.reader.log_in(remote_login(given))
            connection.kubeconfig = given
        else:
            await self._disconnect()
            source = self._connects.source(self._environment, reader, self._on_change)
            source.watch([self._spec] if self._spec else [])
            for subject, period in self._wants.items():
                source.want(subject, period)
            task = asyncio.create_task(source.run(), name=f"cluster of {self._environment}")
            task.add_done_callback(lambda _: self._pause.end())
            self._connection = _Connection(given, uid, reader, source, task)
            self._announce()

    async def _failed(self, given: Kubeconfig, error: StagingMirrorError) -> float:
        """A connection by the very credentials that are given goes on by itself; one by former
        credentials ends when the new ones have not worked for a while.
        """
        connection, now = self._connection, self._clock()
        self._failing_since = self._failing_since or now
        self._failing = Why(error.reason, f"{error.message}{_expired(given, now)}")
        if connection is None or connection.kubeconfig != given:
            # New rights take a moment to be known everywhere.
            is_over = now - self._failing_since > OUTLIVES or isinstance(error, NeedsHuman)
            if connection is not None and is_over:
                await self._disconnect()
            self._fail(self._failing)
        self._failures += 1
        return float(min(LONGEST, FIRST * 2 ** min(self._failures - 1, 8)))

    def _fail(self, why: Why) -> None:
        is_new, self._trouble = why != self._trouble, why
        if is_new and self._connection is None:
            self._announce()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        self._trouble = _NOT_YET
        connection.task.cancel()
        try:
            (ended,) = await asyncio.gather(connection.task, return_exceptions=True)
            if isinstance(ended, Exception):
                log.error(
                    "a cluster's watches failed", environment=self._environment, exc_info=ended
                )
        finally:  # also where this is cancelled meanwhile
            await connection.reader.close()
        self._announce()

    def _announce(self) -> None:
        for subject in tuple(self._wants):
            self._on_change(subject)

    def _announce_proof(self) -> None:
        if self._announced is not self.is_elsewhere:
            self._announced = self.is_elsewhere
            self._on_proof()

    def _is_silent(self, subject: Subject[Any]) -> bool:
        answer = self.get(subject)
        why = answer.why if isinstance(answer, Unseen) else answer.trouble
        return why is not None and why.reason in _SILENT

    def _named(self, why: Why) -> Why:
        return Why(why.reason, f'cluster of environment "{self._environment}": {why.message}')


def _expired(given: Kubeconfig, now: float) -> str:
    """A sentence that helps where a token is refused."""
    expiry = expiry_of(given.token) if given.token else None
    if expiry is None or now < expiry.at:
        return ""
    return f" Its token expired at {rfc3339(expiry.at)}: write a new one into the Secret."
