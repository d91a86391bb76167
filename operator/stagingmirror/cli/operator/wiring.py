"""The parts of the operator, put together. Nothing is started here, and nothing requested."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from stagingmirror.actions.tools import Tools
from stagingmirror.engine.check.assessment import Assessment
from stagingmirror.engine.check.conclusion import Conclusion
from stagingmirror.engine.check.reconciler import MirrorReconciler
from stagingmirror.engine.check.state import MirrorStates
from stagingmirror.engine.check.wake_ups import WakeUps
from stagingmirror.engine.check.worker import work
from stagingmirror.engine.environments.reconciler import EnvironmentReconciler
from stagingmirror.engine.environments.resolve import may_copy, production_namespaces
from stagingmirror.engine.holds.active import AcknowledgedHolds
from stagingmirror.engine.holds.reconciler import HoldReconciler
from stagingmirror.engine.leader.elector import Elector
from stagingmirror.engine.leader.settled_at import SettledAt
from stagingmirror.engine.leader.takeover import LEASE, Inherited, Leadership
from stagingmirror.engine.observe.hash_cache import HashCache
from stagingmirror.engine.observe.probes import Probes
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.engine.observe.view import RecordingView
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.refresh.reconciler import RefreshReconciler
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.status.events import ChangeReporter, EventRecorder
from stagingmirror.engine.status.writer import StatusWriter
from stagingmirror.engine.watch.event_handlers import EventHandlers
from stagingmirror.engine.watch.resync import Resync
from stagingmirror.engine.workqueue.queue import WorkQueue
from stagingmirror.metrics import Metrics
from stagingmirror.runtime import Runtime
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.watch.source import KubernetesSource
from stagingmirror.sources.kubernetes.write.writer import Writer
from stagingmirror.sources.mlflow.poll.source import MlflowSource


@dataclass(frozen=True, slots=True)
class Operator:
    """All parts of one process."""

    settings: Settings
    elector: Elector
    leadership: Leadership
    left: Inherited
    queue: WorkQueue[MirrorKey]
    check: MirrorReconciler
    cluster: KubernetesSource
    registry: MlflowSource
    refresher: RefreshReconciler
    recorder: EventRecorder
    tools: Tools
    reactions: EventHandlers
    resync: Resync
    keeper: EnvironmentReconciler
    holds: HoldReconciler
    settling: SettledAt
    contents: HashCache
    probes: Probes

    def tasks(self) -> dict[str, Awaitable[None]]:
        """What runs as long as the process does, by name."""
        workers = {
            f"worker {number}": work(self.queue, self.check)
            for number in range(self.settings.workers)
        }
        return {
            **workers,
            "cluster": self.cluster.run(),
            "registry": self.registry.run(),
            "sweep": self.resync.run(),
            "environments": self.keeper.run(),
            "holds": self.holds.run(),
            "settling": self.settling.run(),
            "contents": self.contents.run(),
            "events": self.recorder.run(),
        }

    async def lead(self) -> None:
        """Wait for the Lease, take over, and tend what only a leader tends, for ever."""
        await self.leadership.take_over(self.left, self.queue.add)
        self.keeper.wake()
        self.holds.wake()
        await self.refresher.orphans.run()

    async def close(self) -> None:
        """End work that runs beside the passes."""
        await self.probes.close()
        await self.tools.pool.close()


@dataclass(frozen=True, slots=True)
class _Base:
    """What everything else stands on."""

    client: KubernetesClient
    settings: Settings
    metrics: Metrics
    runtime: Runtime
    cache: ResourceCache
    queue: WorkQueue[MirrorKey]
    states: MirrorStates
    wake_ups: WakeUps
    resources: ResourceClient
    recorder: EventRecorder


@dataclass(frozen=True, slots=True)
class _Observing:
    """The sources, who reads them, and what is claimed of what they show."""

    cluster: KubernetesSource
    registry: MlflowSource
    sources: Sources
    subscriptions: Subscriptions
    probes: Probes
    claims: Claims


@dataclass(frozen=True, slots=True)
class _Watching:
    """What follows our own resources."""

    keeper: EnvironmentReconciler
    holds: HoldReconciler
    reactions: EventHandlers
    resync: Resync


def assemble(
    client: KubernetesClient,
    *,
    settings: Settings,
    metrics: Metrics,
    seal: Callable[[str], str],
    clock: Callable[[], float],
    lost: Callable[[], None],
) -> Operator:
    """``seal`` hides values that must not be shown; ``lost`` is called when the Lease is lost."""
    client.on_call = metrics.api_call
    elector = Elector(
        client,
        namespace=settings.namespace,
        name=LEASE,
        identity=settings.identity,
        settings=settings,
        lost=lost,
    )
    leadership = Leadership(elector)
    base = _base(client, settings, metrics, Runtime(clock=clock, leading=leadership.leading))
    observing, acknowledged = _observing(base), AcknowledgedHolds()
    tools = _tools(base, observing)
    refresher = _refresher(base, observing, tools)
    watching = _watching(base, observing, refresher, acknowledged)
    settling = SettledAt(
        base.queue,
        observing.cluster,
        sweeps_vouch_until=watching.resync.vouches_until,
        runtime=base.runtime,
        annotate=_settled_for(elector, metrics),
    )
    contents = HashCache(
        client,
        observing.sources,
        namespace=settings.namespace,
        wanted=observing.subscriptions.subjects,
        leading=base.runtime.leading,
    )
    _count(metrics, observing.cluster, elector)
    return Operator(
        settings=settings,
        elector=elector,
        leadership=leadership,
        left=_inherited(base, observing, watching, contents, settling),
        queue=base.queue,
        check=_check(base, observing, refresher, acknowledged, settling, seal),
        cluster=observing.cluster,
        registry=observing.registry,
        refresher=refresher,
        recorder=base.recorder,
        tools=tools,
        reactions=watching.reactions,
        resync=watching.resync,
        keeper=watching.keeper,
        holds=watching.holds,
        settling=settling,
        contents=contents,
        probes=observing.probes,
    )


def _base(
    client: KubernetesClient, settings: Settings, metrics: Metrics, runtime: Runtime
) -> _Base:
    cache, states = ResourceCache(), MirrorStates()
    queue: WorkQueue[MirrorKey] = WorkQueue(clock=runtime.clock, counting=metrics.queue("mirrors"))
    return _Base(
        client=client,
        settings=settings,
        metrics=metrics,
        runtime=runtime,
        cache=cache,
        queue=queue,
        states=states,
        wake_ups=WakeUps(queue, cache, states, metrics),
        resources=ResourceClient(client, cache, runtime=runtime),
        recorder=EventRecorder(client, runtime=runtime, identity=settings.identity),
    )


def _observing(base: _Base) -> _Observing:
    clock, on_change = base.runtime.clock, base.wake_ups.subject_changed
    cluster = KubernetesSource(
        base.client, clock=clock, on_change=on_change, settings=base.settings
    )
    registry = MlflowSource(
        clock=clock,
        on_change=on_change,
        settings=base.settings,
        on_call=base.metrics.upstream_call,
    )
    sources = Sources(cluster, registry)
    subscriptions = Subscriptions(sources, leading=base.runtime.leading)
    base.wake_ups.connect(sources, subscriptions)
    probes = Probes(
        sources,
        subscriptions=subscriptions,
        state_of=base.states.observing,
        again=base.queue.add,
        clock=clock,
    )
    claims = Claims(base.cache, registry.same_registry)
    return _Observing(cluster, registry, sources, subscriptions, probes, claims)


def _tools(base: _Base, observing: _Observing) -> Tools:
    registry, cache = observing.registry, base.cache
    writer = Writer(
        base.client,
        productions=lambda: frozenset(production_namespaces(cache)),
        leading=base.runtime.leading,
    )
    return Tools(
        writer=writer,
        server=registry.server,
        is_productions=observing.claims.is_productions,
        doubt=registry.doubt,
        may_copy=partial(may_copy, cache, registry.same_registry),
        clock=base.runtime.clock,
    )


def _refresher(base: _Base, observing: _Observing, tools: Tools) -> RefreshReconciler:
    return RefreshReconciler(
        tools,
        runtime=base.runtime,
        settings=base.settings,
        recorder=base.recorder,
        mirror_is_there=base.cache.has_mirror,
        same_registry=observing.registry.same_registry,
        prove=observing.probes.since,
        read_bytes=observing.probes.bytes_read,
    )


def _watching(
    base: _Base,
    observing: _Observing,
    refresher: RefreshReconciler,
    acknowledged: AcknowledgedHolds,
) -> _Watching:
    cache, resources, runtime = base.cache, base.resources, base.runtime
    keeper = EnvironmentReconciler(
        base.client,
        cache=cache,
        resources=resources,
        registries=observing.registry,
        want_namespaces=observing.cluster.want_namespaces,
        namespace=base.settings.namespace,
        runtime=runtime,
        changed=base.wake_ups.environment_changed,
        interval=base.settings.sweep_interval,
    )
    holds = HoldReconciler(
        cache=cache,
        resources=resources,
        acknowledged=acknowledged,
        still_open=refresher.still_open,
        runtime=runtime,
    )
    reactions = EventHandlers(
        cache=cache,
        claims=observing.claims,
        queue=base.queue,
        acknowledged=acknowledged,
        metrics=base.metrics,
        wake_environments=keeper.wake,
        wake_holds=holds.wake,
    )
    resync = Resync(
        cache=cache,
        resources=resources,
        reactions=reactions,
        runtime=runtime,
        interval=base.settings.sweep_interval,
    )
    return _Watching(keeper, holds, reactions, resync)


def _check(
    base: _Base,
    observing: _Observing,
    refresher: RefreshReconciler,
    acknowledged: AcknowledgedHolds,
    settling: SettledAt,
    seal: Callable[[str], str],
) -> MirrorReconciler:
    claims, same_registry = observing.claims, observing.registry.same_registry
    writer = StatusWriter(
        base.resources,
        runtime=base.runtime,
        survived=settling.survived,
        chronicle=ChangeReporter(base.recorder, base.metrics),
    )
    new_view = partial(
        RecordingView,
        observing.sources,
        seal,
        is_productions=claims.is_productions,
        same_registry=same_registry,
    )
    return MirrorReconciler(
        cache=base.cache,
        states=base.states,
        runtime=base.runtime,
        assessment=Assessment(
            base.cache,
            claims,
            same_registry,
            new_view,
            observing.subscriptions,
            observing.probes,
            base.queue.fresh_until,
        ),
        conclusion=Conclusion(
            base.cache, observing.probes, refresher, acknowledged, writer, base.runtime
        ),
    )


def _inherited(
    base: _Base,
    observing: _Observing,
    watching: _Watching,
    contents: HashCache,
    settling: SettledAt,
) -> Inherited:
    return Inherited(
        base.client,
        base.settings.namespace,
        base.cache,
        watching.resync,
        watching.keeper,
        contents,
        observing.registry,
        settling,
    )


def _count(metrics: Metrics, cluster: KubernetesSource, elector: Elector) -> None:
    """What parts count themselves."""
    metrics.total(
        "stagingmirror_sweeps",
        "How often watches were proven against a LIST.",
        lambda: cluster.counts.sweeps,
    )
    metrics.total(
        "stagingmirror_watch_repairs",
        "Objects that a sweep found otherwise than the watches had reported.",
        lambda: cluster.counts.repaired,
    )
    metrics.total(
        "stagingmirror_leader_transitions",
        "How often the Lease has changed hands.",
        lambda: elector.transitions,
    )


def _settled_for(elector: Elector, metrics: Metrics) -> Callable[[float], None]:
    def annotate(settled_at: float) -> None:
        elector.annotate(settled_at)
        metrics.settled(settled_at)

    return annotate
