"""The source of all clusters: the operator's own, and one for each environment that names another.

All have the same code behind them (``watch``). A subject names its cluster, and is answered there.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import ClassVar, TypeVar

import structlog

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.drift.places import Place
from stagingmirror.errors import NeedsHuman, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.kubeconfig import Kubeconfig, parse_kubeconfig
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.kubernetes.api.remote_login import remote_login
from stagingmirror.sources.kubernetes.clusters.identity import uid_of
from stagingmirror.sources.kubernetes.clusters.remote_cluster import RemoteCluster
from stagingmirror.sources.kubernetes.subjects import (
    OWN,
    ClusterSubject,
    ConfigMapKey,
    ConfigMapSubject,
    Loader,
    LoaderVariable,
    WorkloadField,
    WorkloadSubject,
)
from stagingmirror.sources.kubernetes.subjects.serving import AutoscalerSubject, NodesSubject
from stagingmirror.sources.kubernetes.watch.consistency_check import Counts
from stagingmirror.sources.kubernetes.watch.source import KubernetesSource, OnChange
from stagingmirror.sources.source import Access, SecretUse
from stagingmirror.view import Observed, Subject

log = structlog.get_logger(__name__)
T = TypeVar("T")

# Seconds between two requests for the UID of the own cluster, and after a defect.
AGAIN = 2.0
_OWN_NOT_KNOWN = Why(
    Reason.NOT_SEEN_YET, "the UID of the operator's own cluster has not been read yet."
)
_NO_CLUSTER = Why(Reason.NO_ENVIRONMENT, "the environment is not known")

# Server (an environment), operation, result, seconds.
OnServerCall = Callable[[str, str, str, float], None]


class Clusters:
    """``client`` is of the own cluster. Of the others nothing but a reader exists here, so that
    nothing can be written there. ``on_proof`` is called with an environment of which
    ``is_elsewhere`` is another one now.
    """

    name: ClassVar[str] = "kubernetes"
    subjects: ClassVar[frozenset[type]] = frozenset(
        {WorkloadSubject, ConfigMapSubject, AutoscalerSubject, NodesSubject}
    )
    places: ClassVar[frozenset[type]] = frozenset(
        {ConfigMapKey, Loader, LoaderVariable, WorkloadField}
    )
    polled: ClassVar[bool] = False

    def __init__(
        self,
        client: KubernetesReader,
        *,
        clock: Callable[[], float],
        on_change: OnChange,
        on_proof: Callable[[str], None],
        settings: Settings,
        on_call: OnServerCall,
    ) -> None:
        self.counts = Counts()
        self._client = client
        self._clock = clock
        self._on_change = on_change
        self._on_proof = on_proof
        self._settings = settings
        self._on_call = on_call
        self._own = self.source(OWN, client, on_change)
        self._own_uid: str | Why = _OWN_NOT_KNOWN
        self._wants: dict[str, dict[ClusterSubject, float]] = defaultdict(dict)
        self._remotes: dict[str, RemoteCluster] = {}
        # The ``cluster`` of each, as JSON.
        self._references: dict[str, object] = {}
        # What the Secret of each held last, and what that is.
        self._texts: dict[str, tuple[str, Kubeconfig | Why]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None

    @property
    def ready(self) -> bool:
        """Every watch of the own cluster has been answered once, be it with a refusal."""
        return self._own.ready

    def secret(self, spec: MirrorEnvironmentSpec) -> SecretUse | None:
        if spec.cluster is None:
            return None
        return SecretUse(
            spec.cluster.kubeconfig_secret_ref.name, spec.cluster.kubeconfig_secret_ref.key
        )

    def configure(
        self, specs: Mapping[str, MirrorEnvironmentSpec], access: Mapping[str, Access | Why]
    ) -> None:
        self._own.watch(spec for spec in specs.values() if spec.cluster is None)
        elsewhere = {name: spec for name, spec in specs.items() if spec.cluster is not None}
        for name in self._remotes.keys() - elsewhere.keys():
            self._end(name)
        for name, spec in elsewhere.items():
            assert spec.cluster is not None, "all of these name one"
            reference = spec.cluster.model_dump(by_alias=True, exclude_unset=True)
            if self._references.get(name, reference) != reference:
                self._end(name)  # another Secret, so another cluster until it has proven itself
            self._references[name] = reference
            remote = self._remotes.get(name) or self._begin(name)
            remote.configure(spec, self._given(name, access.get(name)))

    def answers(self, environment: str) -> Observed[str] | Unseen | None:
        """The UID of another cluster; of the own one each namespace is checked by itself."""
        remote = self._remotes.get(environment)
        return None if remote is None else remote.answers()

    def is_elsewhere(self, environment: str, cluster: object) -> bool | None:
        """Whether the ``cluster`` of this environment, as its spec has it, is proven to be another
        one than the own; None: it is not known.
        """
        remote = self._remotes.get(environment)
        as_known = remote is not None and cluster == self._references[environment]
        return remote.is_elsewhere if remote is not None and as_known else None

    def reader_of(self, environment: str, spec: MirrorEnvironmentSpec) -> KubernetesReader | Why:
        """As whom we read this environment's namespaces; Why: by no account now."""
        if spec.cluster is None:
            return self._client
        remote = self._remotes.get(environment)
        return _NO_CLUSTER if remote is None else remote.reader

    def skew(self, environment: str, now: float) -> float:
        """By how much (s) the clock of the own cluster, or that of this environment's, is seen to
        differ from ours, at most.
        """
        remote = self._remotes.get(environment)
        there = None if remote is None else remote.reader
        skew = there.clock.skew(now) if isinstance(there, KubernetesReader) else 0.0
        return max(self._client.clock.skew(now), skew)

    def same_place(self, one: Place, other: Place) -> bool | None:
        """All are in staging, so in the own cluster."""
        return one == other

    def want(self, subject: ClusterSubject, period: float) -> None:
        """Also of an environment that is not there yet."""
        if subject.cluster == OWN:
            self._own.want(subject, period)
            return
        self._wants[subject.cluster][subject] = period
        if (remote := self._remotes.get(subject.cluster)) is not None:
            remote.want(subject, period)

    def unwant(self, subject: ClusterSubject) -> None:
        if subject.cluster == OWN:
            self._own.unwant(subject)
            return
        self._wants[subject.cluster].pop(subject, None)
        if (remote := self._remotes.get(subject.cluster)) is not None:
            remote.unwant(subject)

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        cluster: str | None = getattr(subject, "cluster", None)
        if cluster is None:
            raise LookupError(f"{subject} is of another source")
        if cluster == OWN:
            return self._own.get(subject)
        remote = self._remotes.get(cluster)
        return Unseen(_NO_CLUSTER, self._clock()) if remote is None else remote.get(subject)

    def oldest_unwritten(self) -> float | None:
        """Since when a change is known that was announced to no reader yet; None: there is none."""
        others = [remote.oldest_unwritten() for remote in self._remotes.values()]
        found = [self._own.oldest_unwritten(), *others]
        return min((each for each in found if each is not None), default=None)

    async def prove(
        self, subjects: Iterable[ClusterSubject], *, since: float, read_bytes: bool
    ) -> None:
        """As ``Source`` has it; there are no bytes to read."""
        by_cluster: dict[str, list[ClusterSubject]] = defaultdict(list)
        for subject in subjects:
            by_cluster[subject.cluster].append(subject)
        async with asyncio.TaskGroup() as group:
            for cluster, some in by_cluster.items():
                if cluster == OWN:
                    group.create_task(self._own.prove(some, since))
                elif (remote := self._remotes.get(cluster)) is not None:
                    group.create_task(remote.prove(some, since))

    def export(self) -> dict[str, None]:
        """Nothing: a start lists everything."""
        return {}

    def adopt(self, entries: object) -> None:
        """There is nothing to adopt."""

    async def run(self) -> None:
        """Until cancelled. Each other cluster has a task of its own."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                group.create_task(self._own.run())
                group.create_task(self._learn_own_uid())
                for name in self._remotes:
                    self._start(name)
                await asyncio.Event().wait()
            finally:
                self._group = None

    def reader(self, environment: str, kubeconfig: Kubeconfig) -> KubernetesReader:
        """Of another cluster. Raises NeedsHuman where the kubeconfig cannot be used."""
        made = KubernetesReader(remote_login(kubeconfig), timeout=self._settings.request_timeout)
        made.on_call = partial(self._called, environment)
        return made

    def source(
        self, cluster: str, reader: KubernetesReader, on_change: OnChange
    ) -> KubernetesSource:
        """What watches one cluster."""
        return KubernetesSource(
            reader,
            cluster=cluster,
            clock=self._clock,
            on_change=on_change,
            settings=self._settings,
            counts=self.counts,
        )

    def _called(self, environment: str, method: str, status: str, seconds: float) -> None:
        self._on_call(environment, method, "ok" if status in ("200", "201") else status, seconds)

    def _begin(self, name: str) -> RemoteCluster:
        self._remotes[name] = RemoteCluster(
            name,
            connects=self,
            wants=self._wants[name],
            own_uid=lambda: self._own_uid,
            clock=self._clock,
            on_change=self._on_change,
            on_proof=partial(self._on_proof, name),
        )
        self._start(name)
        return self._remotes[name]

    def _start(self, name: str) -> None:
        if self._group is not None:
            self._tasks[name] = self._group.create_task(self._remotes[name].run())

    def _end(self, name: str) -> None:
        self._texts.pop(name, None)
        self._references.pop(name, None)
        del self._remotes[name]
        if (task := self._tasks.pop(name, None)) is not None:
            task.cancel()
        self._on_proof(name)

    def _given(self, name: str, access: Access | Why | None) -> Kubeconfig | Why | None:
        """What a Secret holds; parsed once."""
        if access is None or isinstance(access, Why):
            return access
        text = access.document or ""
        known = self._texts.get(name)
        if known is None or known[0] != text:
            known = self._texts[name] = (text, _parsed(text))
        return known[1]

    async def _learn_own_uid(self) -> None:
        while isinstance(self._own_uid, Why):
            try:
                self._own_uid = await uid_of(self._client)
            except StagingMirrorError as error:
                why = Why(error.reason, f"the operator's own cluster is not known: {error.message}")
                if why != self._own_uid and self._remotes:
                    log.warning("the own cluster is not known", why=error.message)
                self._own_uid = why
                await asyncio.sleep(AGAIN)


def _parsed(text: str) -> Kubeconfig | Why:
    try:
        return parse_kubeconfig(text)
    except NeedsHuman as error:
        return Why(error.reason, error.message)
