"""The rooms of the operator, put together. Nothing is started here and nobody is asked anything."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from stagingmirror.actions.hands import Hands
from stagingmirror.engine.check.reconciler import Check
from stagingmirror.engine.check.worker import work
from stagingmirror.engine.environments.reconciler import EnvironmentKeeper
from stagingmirror.engine.environments.resolve import may_copy, production_namespaces
from stagingmirror.engine.holds.active import Acknowledged
from stagingmirror.engine.holds.reconciler import HoldKeeper
from stagingmirror.engine.leader.elector import Elector
from stagingmirror.engine.leader.settled_at import Settling
from stagingmirror.engine.leader.takeover import LEASE, Leadership, Left
from stagingmirror.engine.observe.check_requests import Tokens
from stagingmirror.engine.observe.hash_cache import Contents
from stagingmirror.engine.observe.initial_sync import FirstAnswers
from stagingmirror.engine.observe.probes import Proving
from stagingmirror.engine.observe.subscriptions import Wants
from stagingmirror.engine.observe.view import Looking, answer_of
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.refresh.reconciler import Refresher
from stagingmirror.engine.resources.cache import Fleet
from stagingmirror.engine.resources.client import Resources
from stagingmirror.engine.resources.mirror import MirrorKey, Specs
from stagingmirror.engine.status.events import Chronicle, Teller
from stagingmirror.engine.status.writer import StatusWriter
from stagingmirror.engine.watch.event_handlers import Reactions
from stagingmirror.engine.watch.resync import Sweeper
from stagingmirror.engine.workqueue.queue import Queue
from stagingmirror.metrics import Metrics
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.watch.source import ClusterSource
from stagingmirror.sources.kubernetes.write.writer import Writer
from stagingmirror.sources.mlflow.poll.source import RegistrySource
from stagingmirror.view import Subject

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Operator:
    """All rooms of one process."""

    settings: Settings
    elector: Elector
    leadership: Leadership
    left: Left
    queue: Queue[MirrorKey]
    check: Check
    cluster: ClusterSource
    registry: RegistrySource
    refresher: Refresher
    teller: Teller
    hands: Hands
    reactions: Reactions
    sweeper: Sweeper
    keeper: EnvironmentKeeper
    holds: HoldKeeper
    settling: Settling
    contents: Contents
    proving: Proving

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
            "sweep": self.sweeper.run(),
            "environments": self.keeper.run(),
            "holds": self.holds.run(),
            "settling": self.settling.run(),
            "contents": self.contents.run(),
            "events": self.teller.run(),
        }

    async def lead(self) -> None:
        """Wait for the Lease, take over, and tend what only a leader tends, for ever."""
        await self.leadership.take_over(self.left, self.queue.add)
        self.keeper.wake()
        self.holds.wake()
        await self.refresher.tend_orphans()

    async def close(self) -> None:
        """End work that runs beside the passes."""
        await self.proving.close()
        await self.hands.pool.close()


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
    leading = leadership.leading
    queue: Queue[MirrorKey] = Queue(clock=clock, counting=metrics.queue("mirrors"))
    fleet, specs, tokens, acknowledged = Fleet(), Specs(), Tokens(), Acknowledged()
    first_answers = FirstAnswers()

    def changed(subject: Subject, /, *, since: float | None = None) -> None:
        for key in wants.readers(subject):
            if since is not None or not first_answers.still_waits(key, subject, answer):
                queue.add(key, since=since)

    cluster = ClusterSource(client, clock=clock, on_change=changed, settings=settings)
    registry = RegistrySource(
        clock=clock, on_change=changed, settings=settings, on_call=metrics.upstream_call
    )
    answer = partial(answer_of, cluster, registry)
    claims = Claims(fleet, specs, registry.same_registry)
    wants = Wants(cluster=cluster, registry=registry, leading=leading)
    resources = Resources(client, fleet, leading=leading)
    teller = Teller(client, clock=clock, identity=settings.identity, leading=leading)
    _count(metrics, cluster, elector)
    settling = Settling(
        queue,
        cluster,
        sweeps_vouch_until=lambda: sweeper.vouches_until(),
        clock=clock,
        annotate=_telling_both(elector, metrics),
    )
    proving = Proving(cluster, registry, wants=wants, tokens=tokens, again=queue.add, clock=clock)
    hands = Hands(
        writer=Writer(
            client,
            productions=lambda: frozenset(production_namespaces(fleet)),
            leading=leading,
        ),
        server=registry.server,
        is_productions=claims.is_productions,
        doubt=registry.doubt,
        may_copy=partial(may_copy, fleet, registry.same_registry),
        clock=clock,
    )
    refresher = Refresher(
        hands,
        clock=clock,
        settings=settings,
        leading=leading,
        teller=teller,
        mirror_is_there=fleet.has_mirror,
        same_registry=registry.same_registry,
        prove=proving.since,
        read_bytes=proving.bytes_read,
    )
    holds = HoldKeeper(
        fleet=fleet,
        resources=resources,
        acknowledged=acknowledged,
        still_open=refresher.still_open,
        leading=leading,
        clock=clock,
    )
    reactions = Reactions(
        fleet=fleet,
        claims=claims,
        queue=queue,
        acknowledged=acknowledged,
        metrics=metrics,
        wake_environments=lambda: keeper.wake(),
        wake_holds=holds.wake,
    )
    sweeper = Sweeper(
        fleet=fleet,
        resources=resources,
        reactions=reactions,
        clock=clock,
        interval=settings.sweep_interval,
    )
    keeper = EnvironmentKeeper(
        client,
        fleet=fleet,
        resources=resources,
        registries=registry,
        want_namespaces=cluster.want_namespaces,
        namespace=settings.namespace,
        leading=leading,
        changed=reactions.environment_changed,
        clock=clock,
        interval=settings.sweep_interval,
    )
    contents = Contents(
        client, registry, namespace=settings.namespace, wanted=wants.subjects, leading=leading
    )
    check = Check(
        fleet=fleet,
        specs=specs,
        claims=claims,
        wants=wants,
        tokens=tokens,
        proving=proving,
        first_answers=first_answers,
        acknowledged=acknowledged,
        refresher=refresher,
        writer=StatusWriter(
            resources,
            clock=clock,
            survived=settling.survived,
            chronicle=Chronicle(teller, metrics),
        ),
        look=lambda: Looking(cluster, registry, seal, is_productions=claims.is_productions),
        same_registry=registry.same_registry,
        leading=leading,
        clock=clock,
        fresh_until=queue.fresh_until,
    )
    return Operator(
        settings=settings,
        elector=elector,
        leadership=leadership,
        left=Left(client, settings.namespace, fleet, sweeper, keeper, contents, registry, settling),
        queue=queue,
        check=check,
        cluster=cluster,
        registry=registry,
        refresher=refresher,
        teller=teller,
        hands=hands,
        reactions=reactions,
        sweeper=sweeper,
        keeper=keeper,
        holds=holds,
        settling=settling,
        contents=contents,
        proving=proving,
    )


def _count(metrics: Metrics, cluster: ClusterSource, elector: Elector) -> None:
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
