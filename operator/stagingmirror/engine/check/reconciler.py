"""The story of one check: what is read of a mirror, looked at, judged, done, told.

A pass waits for nothing but its own writes; whatever is not known yet is Unknown, or brings the
mirror back when it comes. So every pass starts from what is true now, and any of them may be lost.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.types.duration import seconds
from stagingmirror.component import Sides
from stagingmirror.drift.facts import Why
from stagingmirror.engine.check import blockers
from stagingmirror.engine.check.judge import Scene, judge_all, plan_for
from stagingmirror.engine.check.report import Outcome, blind_report, judged_report
from stagingmirror.engine.check.requeue import STALLED_RETRY, next_blind_pass, next_pass
from stagingmirror.engine.check.state import MirrorState
from stagingmirror.engine.context import Context, Judged, Progress
from stagingmirror.engine.environments.resolve import revisions_of, sides_of
from stagingmirror.engine.holds.active import AcknowledgedHolds, Request, in_force, requests
from stagingmirror.engine.observe.check_requests import CheckRequest, CheckRequests, answered
from stagingmirror.engine.observe.initial_sync import InitialSync
from stagingmirror.engine.observe.probes import Probes
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.engine.observe.view import RecordingView
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.refresh.reconciler import RefreshReconciler
from stagingmirror.engine.refresh.start.triggers import refused_token
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import Mirror, MirrorKey, find, readable_spec, spec_of
from stagingmirror.engine.status.writer import StatusWriter
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.runtime import Runtime

NEXT = 0.5
"""Seconds until the next pass of a mirror that has more to tell than one status takes."""


@dataclass(frozen=True, slots=True)
class MirrorReconciler:
    """One pass over one mirror. All parts are shared with the other workers of the same loop."""

    cache: ResourceCache
    claims: Claims
    subscriptions: Subscriptions
    tokens: CheckRequests
    probes: Probes
    initial_sync: InitialSync
    acknowledged: AcknowledgedHolds
    refresher: RefreshReconciler
    writer: StatusWriter
    look: Callable[[], RecordingView]
    same_registry: Callable[[str, str], bool | None]
    runtime: Runtime
    fresh_until: Callable[[MirrorKey, float], None]
    """Told when the looks of a mirror stop being fresh (POSIX s)."""
    states: dict[MirrorKey, MirrorState] = field(default_factory=dict)

    async def __call__(self, key: MirrorKey) -> float | None:
        """Look at a mirror. Returns when it wants to be looked at again (POSIX s), None: never.

        Raises NotYet while first answers are on their way, and the errors of the client where what
        was found could not be written: it must then be looked at again.
        """
        mirror = find(self.cache, key)
        state = self.states.get(key)
        if mirror is None or (state is not None and state.uid != mirror.uid):
            self._forget(key)
        if mirror is None:
            return None
        if state is None or state.uid != mirror.uid:
            state = self.states[key] = MirrorState(mirror.uid)
        now = self.runtime.clock()
        try:
            spec = spec_of(self.cache, mirror.body)
            sides = sides_of(self.cache, key, spec)
        except NeedsHuman as error:
            return await self._stall(mirror, state, Why(error.reason, error.message), now)
        return await self._check(mirror, state, spec, sides, now)

    def _forget(self, key: MirrorKey) -> None:
        """The mirror is gone, or another one has its name: nothing of it is kept."""
        state = self.states.pop(key, None)
        self.subscriptions.drop(key)
        self.tokens.drop(key)
        self.probes.drop(key)
        self.initial_sync.drop(key)
        self.writer.gone(key)
        if state is not None:
            self.refresher.gone(state.uid)

    async def _check(
        self,
        mirror: Mirror,
        state: MirrorState,
        spec: StagingMirrorSpec,
        sides: Sides,
        now: float,
    ) -> float:
        view = self.look()
        holds = in_force(requests(self.cache, mirror.key.namespace), mirror.key, now)
        same = self.same_registry(sides.production.environment, sides.staging.environment)
        found = blockers.find(
            mirror.key, spec, sides, cache=self.cache, claims=self.claims, same_registry=same
        )
        scene = Scene(spec, sides, view, now, found.components)
        components = judge_all(scene, [request.hold for request in holds])
        plan = plan_for(scene, components)
        self.subscriptions.put(mirror.key, view.everything(), seconds(spec.check_interval))
        context = Context(
            key=mirror.key,
            uid=mirror.uid,
            generation=mirror.generation,
            created=mirror.created,
            annotations=mirror.annotations,
            spec=spec,
            sides=sides,
            components=components,
            holds=tuple(request.hold for request in holds),
            plan=plan,
            status=mirror.status,
            view=view,
            now=now,
        )
        if not self.runtime.leading():
            return now + seconds(spec.check_interval)
        return await self._lead(mirror, state, context, view, found, holds)

    async def _lead(
        self,
        mirror: Mirror,
        state: MirrorState,
        context: Context,
        view: RecordingView,
        found: blockers.Blockers,
        holds: tuple[Request, ...],
    ) -> float:
        """What only the leader does with what was found: refresh, write, tell."""
        now, observations = context.now, [each.observations for each in context.components]
        is_current = mirror.status.get("observedGeneration") == mirror.generation
        self.initial_sync.wait(
            mirror.key, observations, view.unanswered, is_current=is_current, now=now
        )
        self._keep_fresh(context)
        progress = await self._refresh(mirror, state, context, found)
        if self.refresher.others_write(context):
            progress = replace(progress, writing=True)
        self._acknowledge(mirror, holds)
        report = judged_report(
            context,
            Outcome(
                progress, found.first, self._handled(mirror, context.spec, context.components, now)
            ),
            view=view,
            environments=revisions_of(self.cache, context.sides),
            mirrors=self.cache.count("stagingmirrors"),
        )
        _, status = await self.writer.write(mirror, report, state.status, now=now)
        after = next_pass(
            context.spec, observations=observations, holds=context.holds, status=status, now=now
        )
        wishes = [after]
        if progress.again_in is not None:
            wishes.append(self.runtime.clock() + progress.again_in)
        if state.status.heartbeat_at is not None:
            wishes.append(state.status.heartbeat_at)
        return min(wishes)

    def _keep_fresh(self, context: Context) -> None:
        oldest = min(each.observations.oldest for each in context.components)
        stale_after = seconds(context.spec.stale_after)
        self.fresh_until(context.key, oldest + stale_after)
        self.probes.keep_fresh(context.key, oldest, stale_after=stale_after, now=context.now)

    async def _refresh(
        self, mirror: Mirror, state: MirrorState, context: Context, found: blockers.Blockers
    ) -> Progress:
        """The refresh half. What a human must mend first is not refreshed, and what is open of it
        is rolled back.
        """
        if found.whole is not None:
            return await self._retreat(mirror, state, found.whole)
        if context.spec.refresh is None:
            why = Why(Reason.NO_REFRESH, "spec.refresh is not set: this mirror only watches.")
            return await self._retreat(mirror, state, why)
        return await self.refresher.advance(context, state.refresh)

    async def _retreat(self, mirror: Mirror, state: MirrorState, why: Why) -> Progress:
        progress = await self.refresher.retreat(
            mirror.uid, why.message, mirror.status, state.refresh
        )
        refused = refused_token(mirror.annotations, mirror.status, why, now=self.runtime.clock())
        return _both(progress, refused)

    async def _stall(self, mirror: Mirror, state: MirrorState, why: Why, now: float) -> float:
        """There is nothing to look at before a human acts. Told at once, tokens included."""
        self.subscriptions.drop(mirror.key)
        if not self.runtime.leading():
            return now + STALLED_RETRY
        progress = await self._retreat(mirror, state, why)
        asked = self._asked(mirror, now)
        self._acknowledge(
            mirror, in_force(requests(self.cache, mirror.key.namespace), mirror.key, now)
        )
        spec = readable_spec(self.cache, mirror.body)
        report = blind_report(
            mirror,
            Outcome(progress, why, None if asked is None else asked.token),
            spec=spec,
            mirrors=self.cache.count("stagingmirrors"),
        )
        _, status = await self.writer.write(mirror, report, state.status, now=now)
        after = next_blind_pass(spec, status=status, now=self.runtime.clock())
        return (
            after
            if progress.again_in is None
            else min(after, self.runtime.clock() + progress.again_in)
        )

    def _handled(
        self,
        mirror: Mirror,
        spec: StagingMirrorSpec,
        components: tuple[Judged, ...],
        now: float,
    ) -> str | None:
        """The check token that this verdict answers; where it does not yet, everything that the
        mirror reads is asked again, and that brings the mirror back.
        """
        asked = self._asked(mirror, now)
        if asked is None:
            return None
        if answered(asked, components, stale_after=seconds(spec.stale_after), now=now):
            self.probes.drop(mirror.key)
            return asked.token
        self.probes.start(mirror.key, asked)
        return None

    def _asked(self, mirror: Mirror, now: float) -> CheckRequest | None:
        return self.tokens.asked(mirror.key, mirror.annotations, mirror.status, now)

    def _acknowledge(self, mirror: Mirror, holds: tuple[Request, ...]) -> None:
        if not self.refresher.is_open(mirror.uid):
            for request in holds:
                self.acknowledged.passed(request, mirror.key)


def _both(progress: Progress, refused: Progress) -> Progress:
    """What is being rolled back, and the token that was refused meanwhile: told by the next pass
    where the end of a refresh is to be told first.
    """
    if progress.finished and refused.finished:
        return replace(progress, again_in=min(progress.again_in or NEXT, NEXT))
    return replace(
        progress,
        finished=progress.finished or refused.finished,
        handled_refresh_at=progress.handled_refresh_at or refused.handled_refresh_at,
    )
