"""The rooms of the operator, put together. Nothing is started here and nobody is asked anything."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from stagingmirror.actions.tools import Tools
from stagingmirror.engine.check.reconciler import MirrorReconciler
from stagingmirror.engine.check.worker import work
from stagingmirror.engine.environments.reconciler import EnvironmentReconciler
from stagingmirror.engine.environments.resolve import may_copy, production_namespaces
from stagingmirror.engine.holds.active import AcknowledgedHolds
from stagingmirror.engine.holds.reconciler import HoldReconciler
from stagingmirror.engine.leader.elector import Elector
from stagingmirror.engine.leader.settled_at import SettledAt
from stagingmirror.engine.leader.takeover import LEASE, Inherited, Leadership
from stagingmirror.engine.observe.check_requests import CheckRequests
from stagingmirror.engine.observe.hash_cache import HashCache
from stagingmirror.engine.observe.initial_sync import InitialSync
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
from stagingmirror.view import Subject

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Operator:
    """All rooms of one process."""

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


def assemble(
    client: KubernetesClient,
    *,
    settings: Settings,
    metrics: Metrics,
    seal: Callable[[str], str],
    clock: Clock,
    lost: Callable[[], None],
) -> Operator:
    """``seal`` hides values that may not be shown; ``lost`` is called when the Lease is lost."""
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
    runtime = Runtime(clock=clock, leading=leadership.leading)
    queue: WorkQueue[MirrorKey] = WorkQueue(clock=clock, counting=metrics.queue("mirrors"))
    cache, tokens, acknowledged = (
        ResourceCache(),
        CheckRequests(),
        AcknowledgedHolds(),
    )
    initial_sync = InitialSync()

    def changed(subject: Subject[Any], /, *, since: float | None = None) -> None:
        for key in subscriptions.readers(subject):
            if since is not None or not initial_sync.still_waits(key, subject, sources.get):
                queue.add(key, since=since)

    cluster = KubernetesSource(client, clock=clock, on_change=changed, settings=settings)
    registry = MlflowSource(
        clock=clock, on_change=changed, settings=settings, on_call=metrics.upstream_call
    )
    sources = Sources(cluster, registry)
    claims = Claims(cache, registry.same_registry)
    subscriptions = Subscriptions(sources, leading=runtime.leading)
    resources = ResourceClient(client, cache, runtime=runtime)
    recorder = EventRecorder(client, runtime=runtime, identity=settings.identity)
    _count(metrics, cluster, elector)
    settling = SettledAt(
        queue,
        cluster,
        sweeps_vouch_until=lambda: resync.vouches_until(),
        runtime=runtime,
        annotate=_telling_both(elector, metrics),
    )
    probes = Probes(
        sources, subscriptions=subscriptions, tokens=tokens, again=queue.add, clock=clock
    )
    tools = Tools(
        writer=Writer(
            client,
            productions=lambda: frozenset(production_namespaces(cache)),
            leading=runtime.leading,
        ),
        server=registry.server,
        is_productions=claims.is_productions,
        doubt=registry.doubt,
        may_copy=partial(may_copy, cache, registry.same_registry),
        clock=clock,
    )
    refresher = RefreshReconciler(
        tools,
        runtime=runtime,
        settings=settings,
        recorder=recorder,
        mirror_is_there=cache.has_mirror,
        same_registry=registry.same_registry,
        prove=probes.since,
        read_bytes=probes.bytes_read,
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
        claims=claims,
        queue=queue,
        acknowledged=acknowledged,
        metrics=metrics,
        wake_environments=lambda: keeper.wake(),
        wake_holds=holds.wake,
    )
    resync = Resync(
        cache=cache,
        resources=resources,
        reactions=reactions,
        runtime=runtime,
        interval=settings.sweep_interval,
    )
    keeper = EnvironmentReconciler(
        client,
        cache=cache,
        resources=resources,
        registries=registry,
        want_namespaces=cluster.want_namespaces,
        namespace=settings.namespace,
        runtime=runtime,
        changed=reactions.environment_changed,
        interval=settings.sweep_interval,
    )
    contents = HashCache(
        client,
        sources,
        namespace=settings.namespace,
        wanted=subscriptions.subjects,
        leading=runtime.leading,
    )
    check = MirrorReconciler(
        cache=cache,
        claims=claims,
        subscriptions=subscriptions,
        tokens=tokens,
        probes=probes,
        initial_sync=initial_sync,
        acknowledged=acknowledged,
        refresher=refresher,
        writer=StatusWriter(
            resources,
            runtime=runtime,
            survived=settling.survived,
            chronicle=ChangeReporter(recorder, metrics),
        ),
        look=lambda: RecordingView(
            sources,
            seal,
            is_productions=claims.is_productions,
            same_registry=registry.same_registry,
        ),
        same_registry=registry.same_registry,
        runtime=runtime,
        fresh_until=queue.fresh_until,
    )
    return Operator(
        settings=settings,
        elector=elector,
        leadership=leadership,
        left=Inherited(
            client, settings.namespace, cache, resync, keeper, contents, registry, settling
        ),
        queue=queue,
        check=check,
        cluster=cluster,
        registry=registry,
        refresher=refresher,
        recorder=recorder,
        tools=tools,
        reactions=reactions,
        resync=resync,
        keeper=keeper,
        holds=holds,
        settling=settling,
        contents=contents,
        probes=probes,
    )


def _count(metrics: Metrics, cluster: KubernetesSource, elector: Elector) -> None:
    """What rooms count themselves."""
    metrics.total(
        "stagingmirror_sweeps",
        "How often watches were proven against a LIST.",
        lambda: cluster.counts.sweeps,
    )
    metrics.total(
        "stagingmirror_watch_repairs",
        "Objects that a sweep found otherwise than the watches had told.",
        lambda: cluster.counts.repaired,
    )
    metrics.total(
        "stagingmirror_leader_transitions",
        "How often the Lease has changed hands.",
        lambda: elector.transitions,
    )


def _telling_both(elector: Elector, metrics: Metrics) -> Callable[[float], None]:
    def annotate(settled_at: float) -> None:
        elector.annotate(settled_at)
        metrics.settled(settled_at)

    return annotate
