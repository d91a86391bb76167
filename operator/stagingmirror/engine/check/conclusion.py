"""What follows from a check: refresh or roll back, write the status, and when to come again. Only
the leader gets here.
"""

from dataclasses import dataclass, replace

from stagingmirror.api.status.report import Handled, HandledField, Progress, Report
from stagingmirror.api.types.duration import seconds
from stagingmirror.drift.facts import Why
from stagingmirror.engine.check.blockers import GRACE
from stagingmirror.engine.check.check import Check
from stagingmirror.engine.check.intervals import probe_after
from stagingmirror.engine.check.report import blind_report, judged_report
from stagingmirror.engine.check.requeue import (
    STALLED_RETRY,
    next_blind_pass,
    next_pass,
    next_turn,
)
from stagingmirror.engine.check.state import LastCheck, MirrorState
from stagingmirror.engine.context import acceptances_of
from stagingmirror.engine.holds.acknowledged import AcknowledgedHolds
from stagingmirror.engine.observe.check_requests import (
    REFRESH_AT,
    CheckRequest,
    PendingCheck,
    answered,
    token_of,
)
from stagingmirror.engine.observe.probes import Probes
from stagingmirror.engine.refresh.execute.unsettled import unsettled
from stagingmirror.engine.refresh.reconciler import RefreshReconciler
from stagingmirror.engine.refresh.start.triggers import refused_token
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import Mirror, MirrorKey, readable_spec
from stagingmirror.engine.status import heartbeat
from stagingmirror.engine.status.writer import StatusWriter
from stagingmirror.engine.workqueue.queue import Done
from stagingmirror.reasons import Reason
from stagingmirror.runtime import Runtime

# Seconds until the next pass of a mirror that has more to report than one status takes.
NEXT = 0.5
# Seconds until the next pass of a mirror whose pass failed by a defect, if nothing changes before.
FAILED_RETRY = 30.0
FAILED = Why(
    Reason.INTERNAL_ERROR,
    "the operator failed on this mirror; its log has the traceback, please report it.",
)


@dataclass(frozen=True, slots=True)
class Conclusion:
    cache: ResourceCache
    probes: Probes
    refresher: RefreshReconciler
    acknowledged: AcknowledgedHolds
    writer: StatusWriter
    runtime: Runtime

    async def only_leader(self, check: Check) -> Done | None:
        """A standby observes, and does nothing more."""
        if self.runtime.leading():
            return None
        stalled = check.stalled is not None
        return Done(check.now + (STALLED_RETRY if stalled else seconds(check.spec.check_interval)))

    async def refresh(self, check: Check) -> None:
        """What a human must mend first is not refreshed, and what is open of it is rolled back."""
        why = check.blockers.whole
        if why is None and check.spec.refresh is None:
            why = Why(Reason.NO_REFRESH, "spec.refresh is not set: this mirror only watches.")
        if why is None:
            check.progress = await self.refresher.advance(check.context, check.state.refresh)
        else:
            check.progress = await self._roll_back(check, why)
        mirror = check.mirror
        if self.refresher.others_write(mirror.uid, mirror.key.namespace, check.spec, check.sides):
            check.progress = replace(check.progress, writing=True)

    async def roll_back(self, check: Check) -> None:
        """What is open of a stalled mirror."""
        assert check.stalled is not None, "only a stalled mirror has this step"
        check.progress = await self._roll_back(check, check.stalled)

    async def echo_first_token(self, check: Check) -> None:
        """Of a mirror that waits: a refresh token that was there when it was first seen is never
        obeyed; a later one waits with it.
        """
        mirror = check.mirror
        token = None if mirror.seen_before else token_of(mirror.annotations, REFRESH_AT)
        check.progress = Progress(handled_refresh_at=token, again_in=GRACE)

    async def acknowledge_holds(self, check: Check) -> None:
        """Holds that were in force during a pass without an open refresh stop the next one."""
        self._acknowledge_holds(check.mirror, check.turn)

    async def write_status(self, check: Check) -> None:
        record, now = self.refresher.records.get(check.mirror.uid), check.now
        shown = tuple(unsettled(each, record, now) for each in check.components)
        report = judged_report(
            replace(check.context, components=shown),
            check.progress,
            check.blockers.first,
            handled=self._handled(check),
            rollouts=check.rollouts,
            environments=check.environments,
            mirrors=self.cache.count("stagingmirrors"),
        )
        await self._write(check, report)
        check.next_turn = next_turn(
            check.spec,
            acceptances=acceptances_of(check.spec, check.sides),
            holds=check.context.holds,
            status=check.status,
            now=check.now,
        )

    async def write_blind_status(self, check: Check) -> None:
        mirror, open_tokens = check.mirror, self._requests(check)
        handled: Handled = {
            each.handled: request.token
            for each, request in open_tokens
            # What waits is answered once there is an answer.
            if check.waiting is None or request.was_there_first
        }
        report = blind_report(
            mirror,
            check.progress,
            check.stalled,
            waiting=check.waiting,
            handled=handled,
            spec=readable_spec(self.cache, mirror.body),
            mirrors=self.cache.count("stagingmirrors"),
        )
        await self._write(check, report)

    async def requeue(self, check: Check) -> Done:
        after = next_pass(
            check.spec,
            oldest=[each.oldest for each in check.observations],
            turn=check.next_turn,
            probe_after=probe_after(check.spec, check.sides),
            now=check.now,
        )
        heartbeat = check.state.status.heartbeat_at
        return self._done(check, after if heartbeat is None else min(after, heartbeat))

    async def requeue_blind(self, check: Check) -> Done:
        spec, now = readable_spec(self.cache, check.mirror.body), self.runtime.clock()
        return self._done(check, next_blind_pass(spec, status=check.status, now=now))

    def stands(
        self, key: MirrorKey, state: MirrorState, last: LastCheck, oldest: float, now: float
    ) -> bool:
        """Whether nothing is to be written of a mirror whose inputs are as they were, with its
        oldest observation from ``oldest`` (POSIX s).
        """
        spec = last.spec
        return (
            self.runtime.leading()
            and not self.refresher.is_open(state.uid)
            and not self.refresher.others_write(state.uid, key.namespace, spec, last.sides)
            and not self.writer.heartbeat_is_due(
                state.status,
                written=last.valid_until,
                oldest=min(oldest, now),
                stale_after=seconds(spec.stale_after),
                period=heartbeat.period(
                    seconds(spec.check_interval), self.cache.count("stagingmirrors")
                ),
            )
        )

    def renewed(
        self, key: MirrorKey, last: LastCheck, *, oldest: float, turn: int, now: float
    ) -> Done:
        """The end of a pass over a mirror that stands."""
        self.acknowledged.passed(key, turn)
        return Done(
            next_pass(
                last.spec,
                oldest=[oldest],
                turn=last.until,
                probe_after=probe_after(last.spec, last.sides),
                now=now,
            )
        )

    async def give_up(self, mirror: Mirror, state: MirrorState, turn: int) -> Done:
        """The pass failed by a defect: an old verdict must not stand for what was not judged. A
        check token is answered by that, and holds of the namespace do not wait for this mirror.
        """
        now = self.runtime.clock()
        if self.runtime.leading():
            self._acknowledge_holds(mirror, turn)
            tokens = {
                each.handled: token_of(mirror.annotations, each.annotation)
                for each in state.observe.requests
            }
            handled: Handled = {name: token for name, token in tokens.items() if token}
            await self.writer.write_minimal(mirror, FAILED, state.status, handled)
        return Done(now + FAILED_RETRY)

    def forget(self, key: MirrorKey, uid: str) -> None:
        """The mirror is gone, and no pass over it is under way."""
        self.acknowledged.drop_mirror(key)
        self.writer.gone(key)
        self.refresher.gone(uid)

    def _acknowledge_holds(self, mirror: Mirror, turn: int) -> None:
        if not self.refresher.is_open(mirror.uid):
            self.acknowledged.passed(mirror.key, turn)

    async def _write(self, check: Check, report: Report) -> None:
        last = check.state.status
        check.outcome, check.status = await self.writer.write(
            check.mirror, report, last, now=check.now
        )

    def _done(self, check: Check, at: float) -> Done:
        again_in = check.progress.again_in
        return Done(at if again_in is None else min(at, self.runtime.clock() + again_in))

    async def _roll_back(self, check: Check, why: Why) -> Progress:
        progress = await self.refresher.roll_back(check.mirror, why.message, check.state.refresh)
        return _both(progress, refused_token(check.mirror, why, now=self.runtime.clock()))

    def _handled(self, check: Check) -> Handled:
        """The tokens that this verdict answers. For one that it does not answer yet, everything
        that it wants is requested anew, and that brings the mirror back.
        """
        handled = dict[HandledField, str]()
        for pending, request in self._requests(check):
            stale_after = seconds(check.spec.stale_after)
            if answered(request, check.components, stale_after=stale_after, now=check.began):
                check.state.observe.answered()
                handled[pending.handled] = request.token
            else:
                self.probes.start(check.mirror.key, request)
        return handled

    def _requests(self, check: Check) -> list[tuple[PendingCheck, CheckRequest]]:
        """The tokens that are not answered yet."""
        mirror, pending = check.mirror, check.state.observe.requests
        requests = [
            (each, each.request(mirror.annotations, mirror.status, check.began)) for each in pending
        ]
        return [(each, request) for each, request in requests if request is not None]


def _both(progress: Progress, refused: Progress) -> Progress:
    """What is being rolled back, and the token that was refused meanwhile: reported by the next
    pass where the end of a refresh is to be reported first.
    """
    if progress.finished and refused.finished:
        return replace(progress, again_in=min(progress.again_in or NEXT, NEXT))
    return replace(
        progress,
        finished=progress.finished or refused.finished,
        handled_refresh_at=progress.handled_refresh_at or refused.handled_refresh_at,
    )
