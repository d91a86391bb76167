"""The parts of the operator, put together. Nothing is started here, and nothing requested."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from stagingmirror.actions.tools import Tools
from stagingmirror.cli.operator.totals import count
from stagingmirror.cli.operator.upstreams import upstreams
from stagingmirror.component import Sides
from stagingmirror.engine.check.assessment import Assessment
from stagingmirror.engine.check.conclusion import Conclusion
from stagingmirror.engine.check.reconciler import MirrorReconciler
from stagingmirror.engine.check.renewal import Renewal
from stagingmirror.engine.check.state import MirrorStates
from stagingmirror.engine.check.wake_ups import WakeUps
from stagingmirror.engine.check.worker import work
from stagingmirror.engine.environments.credentials import read_credentials
from stagingmirror.engine.environments.permissions import Permissions
from stagingmirror.engine.environments.reconciler import EnvironmentReconciler
from stagingmirror.engine.environments.resolve import is_readable, may_copy, protected_stores
from stagingmirror.engine.holds.acknowledged import AcknowledgedHolds
from stagingmirror.engine.holds.reconciler import HoldReconciler
from stagingmirror.engine.leader.elector import Elector
from stagingmirror.engine.leader.installation import InstallationClaim
from stagingmirror.engine.leader.lease import Settled
from stagingmirror.engine.leader.settled_at import SettledAt
from stagingmirror.engine.leader.takeover import LEASE, Inherited, Leadership
from stagingmirror.engine.observe.comparison_windows import ComparisonWindows
from stagingmirror.engine.observe.freshness import Freshness
from stagingmirror.engine.observe.hash_cache import HashCache
from stagingmirror.engine.observe.probes import Probes
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.engine.observe.view import RecordingView, Scope
from stagingmirror.engine.ownership.claim_updates import ClaimUpdates
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.refresh.reconciler import RefreshReconciler
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.sealing import Seal
from stagingmirror.engine.status.events import ChangeReporter, EventRecorder
from stagingmirror.engine.status.refresh_reporter import RefreshReporter
from stagingmirror.engine.status.writer import StatusWriter
from stagingmirror.engine.watch.event_handlers import EventHandlers
from stagingmirror.engine.watch.resync import Resync
from stagingmirror.engine.workqueue.queue import WorkQueue
from stagingmirror.metrics import Metrics
from stagingmirror.runtime import Runtime
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.clusters.clusters import Clusters
from stagingmirror.sources.kubernetes.write.writer import Writer


class Operator:
    """All parts of one process. Each method makes parts of those that are made before it."""

    def __init__(
        self,
        client: KubernetesClient,
        *,
        settings: Settings,
        metrics: Metrics,
        seal: Seal,
        clock: Callable[[], float],
        claim: InstallationClaim,
        lost: Callable[[], None],
    ) -> None:
        """``seal`` hides values that must not be shown; ``lost`` is called without the Lease."""
        client.on_call = metrics.api_call
        self.claim = claim
        self._client, self._settings, self._metrics = client, settings, metrics
        self._make_base(clock, lost)
        self._make_sources()
        self._make_refresher()
        self._make_reactions()
        self._make_leader()
        self._make_check(seal)
        count(metrics, self.clusters, self.elector)

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What runs as long as the process does, by name."""
        workers = {
            f"worker {number}": work(self.queue, self.check, ready=self.leadership.decided)
            for number in range(self._settings.workers)
        }
        return {
            **workers,
            "installation": self.claim.watch(),
            **{source.name: source.run() for source in self.sources.all},
            "sweep": self.resync.run(),
            "environments": self.environments.loop.run(),
            "holds": self.holds.loop.run(),
            "settling": self.settled_at.run(),
            "contents": self.contents.run(),
            "events": self.recorder.run(),
        }

    async def lead(self) -> None:
        """Wait for the Lease, take over, and do what only a leader does, for ever."""
        await self.leadership.take_over(self.inherited, self.queue.add)
        self.environments.wake()
        self.holds.wake_all()
        await self.refresher.orphans_loop.run()

    async def close(self) -> None:
        """End work that runs beside the passes."""
        await self.probes.close()
        await self.freshness.close()
        await self.tools.pool.close()

    def _make_base(self, clock: Callable[[], float], lost: Callable[[], None]) -> None:
        identity = self._settings.identity
        self.elector = Elector(
            self._client,
            namespace=self._settings.namespace,
            name=LEASE,
            identity=identity,
            settings=self._settings,
            lost=lost,
            clock=clock,
        )
        self.leadership = Leadership(self.elector, self.claim)
        self.runtime = Runtime(clock=clock, leading=self.leadership.leading)
        self.cache, self.states = ResourceCache(), MirrorStates()
        self.queue = WorkQueue[MirrorKey](clock=clock, counting=self._metrics.queue("mirrors"))
        self.wake_ups = WakeUps(self.queue, self.cache, self.states, self._metrics)
        self.resources = ResourceClient(self._client, self.cache, runtime=self.runtime)
        self.recorder = EventRecorder(self._client, runtime=self.runtime, identity=identity)

    def _make_sources(self) -> None:
        clock, settings = self.runtime.clock, self._settings
        changed, called = self.wake_ups.subject_changed, self._metrics.upstream_call
        self.clusters = Clusters(
            self._client,
            clock=clock,
            on_change=changed,
            on_proof=self.wake_ups.proof_changed,
            settings=settings,
            on_call=called,
        )
        self.registry, stores, self.indexes, endpoints = upstreams(
            clock,
            changed,
            settings=settings,
            on_call=called,
            productions=lambda: protected_stores(self.cache.all("mirrorenvironments")),
            config_map=self.clusters.get,
        )
        self.sources = Sources(self.clusters, self.registry, stores, self.indexes, endpoints)
        self.subscriptions = Subscriptions(self.sources, leading=self.runtime.leading)
        self.wake_ups.connect(self.sources, self.subscriptions)
        self.probes = Probes(
            self.sources,
            subscriptions=self.subscriptions,
            state_of=self.states.observing,
            again=self.queue.add,
            clock=self.runtime.clock,
        )
        self.freshness = Freshness(self.sources, self.subscriptions, self.queue.fell_due, clock)
        self.claims = Claims(self.cache, self.sources.same_place, self.clusters.is_elsewhere)
        self.claim_updates = ClaimUpdates(self.cache, self.claims, self.queue.add)

    def _make_refresher(self) -> None:
        writer = Writer(
            self._client,
            productions=lambda: frozenset(self.claims.production_namespaces()),
            unproven=lambda: frozenset(self.claims.unproven_namespaces()),
            is_elsewhere=self.clusters.is_elsewhere,
            leading=self.runtime.leading,
        )
        self.tools = Tools(
            writer=writer,
            source=self.sources.source,
            is_production=self.claim_updates.is_production,
            may_copy=partial(may_copy, self.cache, self.registry.same_registry),
            is_readable=partial(is_readable, self.cache),
            clock=self.runtime.clock,
        )
        self.refresher = RefreshReconciler(
            self.tools,
            runtime=self.runtime,
            settings=self._settings,
            reporter=RefreshReporter(self.recorder, self._metrics),
            mirror_is_there=self.cache.has_mirror,
            same_place=self.sources.same_place,
            prove=self.probes.since,
            deep_read=self.probes.deep_read,
        )

    def _make_reactions(self) -> None:
        self.environments = EnvironmentReconciler(
            Permissions(
                self.clusters.reader_of, runtime=self.runtime, writable=self.indexes.may_write
            ),
            cache=self.cache,
            resources=self.resources,
            sources=self.sources.all,
            credentials=partial(read_credentials, self._client, self._settings.namespace),
            runtime=self.runtime,
            changed=self.wake_ups.environment_changed,
            interval=self._settings.sweep_interval,
            remembered=self.refresher.records.environments,
        )
        self.acknowledged, self.windows = AcknowledgedHolds(), ComparisonWindows(self.runtime.clock)
        self.holds = HoldReconciler(
            cache=self.cache,
            resources=self.resources,
            acknowledged=self.acknowledged,
            still_open=self.refresher.records.still_open,
            runtime=self.runtime,
        )
        self.reactions = EventHandlers(
            cache=self.cache,
            claims=self.claims,
            claim_updates=self.claim_updates,
            add=self.queue.add,
            metrics=self._metrics,
            wake_environments=self.environments.wake,
            holds=self.holds,
        )
        self.resources.changed = self.reactions.react
        self.resync = Resync(
            cache=self.cache,
            resources=self.resources,
            reactions=self.reactions,
            runtime=self.runtime,
            interval=self._settings.sweep_interval,
            once=self.elector.tried,
        )

    def _make_leader(self) -> None:
        self.settled_at = SettledAt(
            self.queue.oldest_unwritten,
            self.clusters.oldest_unwritten,
            left_out=self.queue.unsettled,
            sweeps_vouch_until=self.resync.vouches_until,
            runtime=self.runtime,
            publish=self._publish,
        )
        self.contents = HashCache(
            self._client,
            (*self.sources.all, self.windows, self.claims),
            namespace=self._settings.namespace,
            leading=self.runtime.leading,
        )
        self.inherited = Inherited(
            self._client,
            self._settings.namespace,
            self.cache,
            self.resync,
            self.environments,
            self.contents,
            self.settled_at,
        )

    def _make_check(self, seal: Seal) -> None:
        assessment = Assessment(
            self.cache,
            self.claims,
            partial(self._view, seal),
            self.subscriptions,
            self.freshness,
            self.windows,
            self.queue.fresh_until,
        )
        writer = StatusWriter(
            self.resources,
            runtime=self.runtime,
            survived=self.settled_at.survived,
            chronicle=ChangeReporter(self.recorder, self._metrics),
        )
        conclusion = Conclusion(
            self.cache, self.probes, self.refresher, self.acknowledged, writer, self.runtime
        )
        self.check = MirrorReconciler(
            self.cache,
            self.states,
            self.runtime,
            self.claim_updates,
            assessment,
            conclusion,
            Renewal(assessment, conclusion, self.queue.only_fell_due),
        )

    def _view(self, seal: Seal, scope: Scope, sides: Sides) -> RecordingView:
        skew = self.clusters.skew(sides.production.environment, self.runtime.clock())
        return RecordingView(
            self.sources,
            seal,
            scope,
            is_production=self.claims.is_production,
            clock_margin=self._settings.clock_margin + skew,
        )

    def _publish(self, settled: Settled, left_out: frozenset[MirrorKey]) -> None:
        self.elector.annotate(settled)
        self._metrics.settled(settled.at, left_out)
