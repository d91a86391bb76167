"""The last known workloads and ConfigMaps of one cluster.

Answered out of memory, which watches keep true (``watch_scope``); the data of ConfigMaps are read
by name (``config_maps``). Watches are proven now and then, and each namespace at the shortest
period of anything that is wanted of it.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.types.workload import template_kinds
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NotThere, StagingMirrorError
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.kubernetes.objects.entries import Entry
from stagingmirror.sources.kubernetes.objects.kserve import part_of
from stagingmirror.sources.kubernetes.objects.serving.autoscalers import Scaler, scaling
from stagingmirror.sources.kubernetes.objects.serving.nodes import Located, NodeHistory
from stagingmirror.sources.kubernetes.objects.standing import Standing
from stagingmirror.sources.kubernetes.objects.stores import Stores
from stagingmirror.sources.kubernetes.objects.workloads import rolled_up
from stagingmirror.sources.kubernetes.subjects import (
    ClusterSubject,
    ConfigMap,
    ConfigMapSubject,
    Workload,
    WorkloadSubject,
)
from stagingmirror.sources.kubernetes.subjects.serving import (
    Autoscaler,
    AutoscalerSubject,
    Nodes,
    NodesSubject,
)
from stagingmirror.sources.kubernetes.watch.config_maps import ConfigMaps, Read
from stagingmirror.sources.kubernetes.watch.consistency_check import Counts
from stagingmirror.sources.kubernetes.watch.wanted import Wanted
from stagingmirror.sources.kubernetes.watch.watch_scope import ScopeCallbacks, WatchScope
from stagingmirror.sources.kubernetes.watch.watched_kinds import (
    NEEDED,
    demanded,
    resource_of,
)
from stagingmirror.view import Observed, Subject

T = TypeVar("T")


class OnChange(Protocol):
    """``since``: when it became known that an answer is old, where that was before now (POSIX
    s).
    """

    def __call__(self, subject: Subject[Any], /, *, since: float | None = None) -> None: ...


class KubernetesSource:
    """``get`` answers out of memory, at once. ``cluster``: of its subjects. ``counts`` is for
    metrics.

    ``on_change`` is called in the event loop for every subject that may have changed; it must not
    wait.
    """

    def __init__(
        self,
        client: KubernetesReader,
        *,
        cluster: str,
        clock: Callable[[], float],
        on_change: OnChange,
        settings: Settings,
        counts: Counts,
    ) -> None:
        self.counts = counts
        self._client = client
        self.cluster = cluster
        self._clock = clock
        self._on_change = on_change
        self._settings = settings
        self._stores = Stores()
        self._standing = Standing(clock)
        self._nodes = NodeHistory(clock)
        self._config_maps = ConfigMaps(
            client,
            self._stores.config_maps,
            clock=clock,
            proven=lambda namespace: self._coverage.proven("ConfigMap", namespace),
            changed=lambda key, since: on_change(ConfigMapSubject(cluster, *key), since=since),
        )
        self._wanted = Wanted(default=settings.sweep_interval)
        self._answers: Mapping[type, Callable[[Any], Observed[Any] | Unseen]] = {
            WorkloadSubject: self._workload,
            ConfigMapSubject: self._config_map,
            AutoscalerSubject: self._autoscaler,
            NodesSubject: self._nodes_of,
        }
        self._coverage = WatchScope(
            client,
            self._stores,
            clock=clock,
            interval=settings.sweep_interval,
            pace=self._wanted.pace,
            counts=self.counts,
            callbacks=ScopeCallbacks(
                changed=lambda kind: (
                    self._config_map_changed if kind == "ConfigMap" else self._announce
                ),
                settled=self._announce_wanted,
                set_back=self._set_back,
            ),
        )

    @property
    def ready(self) -> bool:
        """Every watch has been answered once, be it with a refusal."""
        return self._coverage.ready

    def watch(self, specs: Iterable[MirrorEnvironmentSpec]) -> None:
        """The namespaces that these environments list, and no others."""
        self._coverage.want(specs)

    def want(self, subject: ClusterSubject, period: float) -> None:
        """Its coming is announced even before it exists, a ConfigMap's data are kept, and the
        watches of its namespace are proven at least every ``period`` seconds.
        """
        is_first, is_sooner = self._wanted.add(subject, period)
        if is_first:
            self._demand(subject.kind)
        if is_sooner:
            for kind in NEEDED[subject.kind]:
                self._coverage.repace(kind, subject.namespace)
        if isinstance(subject, ConfigMapSubject):
            self._config_maps.want((subject.namespace, subject.name))

    def unwant(self, subject: ClusterSubject) -> None:
        if self._wanted.remove(subject):
            self._demand(subject.kind)
        if isinstance(subject, ConfigMapSubject):
            self._config_maps.unwant((subject.namespace, subject.name))
        elif isinstance(subject, WorkloadSubject):
            self._standing.forget(subject)
        elif isinstance(subject, NodesSubject):
            self._nodes.forget(subject)

    def _demand(self, kind: str) -> None:
        for watched in demanded(kind):
            self._coverage.demand(watched, self._wanted.spaces(watched))

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        return self._answers[type(subject)](subject)

    def _workload(self, subject: WorkloadSubject) -> Observed[Workload] | Unseen:
        proof = self._coverage.proof(subject)
        if isinstance(proof, Unseen):
            return proof
        began, trouble = proof
        store = resource_of(subject.kind).store(self._stores)
        named = store.named(subject.namespace, subject.name)
        declared = None if named is None else part_of(named, subject.kind)
        found = None if declared is None else rolled_up(declared, self._stores, self._now())
        return self._standing.answer(
            subject, found, began=began, trouble=trouble, kept=subject in self._wanted
        )

    def _now(self) -> float:
        """POSIX s, by the clock that dates deletions if it is behind ours: a pod that terminates
        runs until its own end.
        """
        theirs = self._client.clock.now()
        return self._clock() if theirs is None else min(self._clock(), theirs)

    def _config_map(self, subject: ConfigMapSubject) -> Observed[ConfigMap] | Unseen:
        proof = self._coverage.proof(subject)
        if isinstance(proof, Unseen):
            return proof
        began, trouble = proof
        key = (subject.namespace, subject.name)
        if self._stores.config_maps.named(*key) is None:
            return Observed(None, began, trouble)
        read = self._config_maps.read(key)
        if not isinstance(read, Read):
            return Unseen(read, began)
        # Until the new data are read, the old data are as old as the last proof of them.
        began = began if read.good_until is None else min(began, read.good_until)
        return Observed(read.config_map, began, trouble or self._config_maps.trouble(key))

    def _autoscaler(self, subject: AutoscalerSubject) -> Observed[Autoscaler] | Unseen:
        proof = self._coverage.proof(subject)
        if isinstance(proof, Unseen):
            return proof
        began, trouble = proof
        found = [
            each
            for store in self._stores.scalers.values()
            for each in store.within(subject.namespace)
        ]
        return Observed(scaling(subject.of, subject.name, found), began, trouble)

    def _nodes_of(self, subject: NodesSubject) -> Observed[Nodes] | Unseen:
        proof = self._coverage.proof(subject)
        if isinstance(proof, Unseen):
            return proof
        answer = self._workload(
            WorkloadSubject(self.cluster, subject.of, subject.space, subject.name)
        )
        if isinstance(answer, Unseen):
            return answer
        pods = answer.value.pods if answer.value else ()
        kept = subject in self._wanted
        nodes = self._nodes.answer(subject, pods, self._stores.nodes, kept=kept)
        began = min(proof[0], answer.began)
        if isinstance(nodes, Why):
            return Unseen(nodes, began)
        return Observed(nodes, began, proof[1] or answer.trouble)

    def oldest_unwritten(self) -> float | None:
        """Since when a change is known that was announced to no reader yet; None: there is none."""
        return self._config_maps.oldest_unread()

    async def prove(self, subjects: Iterable[ClusterSubject], since: float) -> None:
        """Make answers to these begin at ``since`` (POSIX s) or later. Where that fails, or takes
        longer than a call may, they keep their trouble and their age.
        """
        wanted = tuple(subjects)
        places = {(kind, one.namespace) for one in wanted for kind in NEEDED[one.kind]}
        try:
            async with asyncio.timeout(2 * self._settings.request_timeout):
                async with asyncio.TaskGroup() as group:
                    for kind, namespace in places:
                        if (check := self._coverage.check(kind, namespace)) is not None:
                            group.create_task(check.prove(namespace, since))
                async with asyncio.TaskGroup() as group:
                    for one in wanted:
                        group.create_task(self._confirm(one))
        except TimeoutError:
            return

    async def run(self) -> None:
        """Watches until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._config_maps.run())
            group.create_task(self._coverage.run())

    async def _confirm(self, subject: ClusterSubject) -> None:
        """A ConfigMap's data is read; what seems not to be there is requested by name."""
        if isinstance(subject, AutoscalerSubject | NodesSubject):
            return  # no object has that name
        resource = resource_of(subject.kind)
        check = self._coverage.check(resource.kind, subject.namespace)
        if check is None or not check.covers(subject.namespace):
            return
        if isinstance(subject, ConfigMapSubject):
            await self._config_maps.settle((subject.namespace, subject.name))
        if resource.store(self._stores).named(subject.namespace, subject.name) is not None:
            return
        path = resource.path(subject.namespace, subject.name)
        try:
            check.watch.take(check.watch.parsed(await self._client.get(path)))
        except NotThere:
            return
        except StagingMirrorError as error:
            check.doubt(subject.namespace, Why(error.reason, error.message))

    def _set_back(self, kind: str) -> None:
        """Of other kinds no version is kept elsewhere: they are watched whole."""
        if kind == "ConfigMap":
            self._config_maps.versions_went_back()

    def _announce(self, entry: Entry) -> None:
        """An entry changed: announce the subject that it is or belongs to."""
        for subject in self._subjects_of(entry):
            self._on_change(subject)

    def _subjects_of(self, entry: Entry) -> Iterable[ClusterSubject]:
        if isinstance(entry, Located):
            return self._nodes.on(entry.name)
        if isinstance(entry, Scaler):  # it may have scaled another one before
            return tuple(self._wanted.of(entry.namespace, "Autoscaler"))
        declared = self._stores.workload_of(entry)
        found = () if declared is None else (declared, *self._stores.referring(declared))
        return [
            WorkloadSubject(self.cluster, kind, each.namespace, each.name)
            for each in found
            for kind in template_kinds(each.kind)
        ]

    def _config_map_changed(self, entry: Entry) -> None:
        self._config_maps.metadata_changed((entry.namespace, entry.name))

    def _announce_wanted(self, kind: str, namespace: str | None) -> None:
        """Answers that are no object changed too: not there, forbidden, not answering."""
        for subject in self._wanted.resting_on(kind, namespace):
            self._on_change(subject)
