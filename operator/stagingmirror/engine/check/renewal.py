"""The pass over a mirror of which nothing has changed: its verdict stands, and only its age is new.

A verdict is a pure function of what was read. Where a mirror merely fell due, nothing of ours
announced a change, and everything that its last check read is answered as it was then, to judge it
again would find the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.times import parse_time
from stagingmirror.drift.compare import CLOCK_JITTER
from stagingmirror.drift.facts import Unseen
from stagingmirror.engine.check.assessment import Assessment
from stagingmirror.engine.check.check import Check
from stagingmirror.engine.check.conclusion import Conclusion
from stagingmirror.engine.check.state import LastCheck, MirrorState
from stagingmirror.engine.resources.cache import Body
from stagingmirror.engine.resources.mirror import MirrorKey, spread
from stagingmirror.engine.workqueue.queue import Done

# Check intervals after which a mirror is judged again though nothing seems to be new: a finding may
# be about an age, and two mirrors may turn out to write one place. Half of that for some of those
# that were first judged together, so that they do not come together again.
AT_LATEST = 10


@dataclass(frozen=True, slots=True)
class Renewal:
    """``only_fell_due`` returns whether a mirror is checked for no reason but the time."""

    assessment: Assessment
    conclusion: Conclusion
    only_fell_due: Callable[[MirrorKey], bool]

    async def remember(self, check: Check) -> None:
        """What the next pass compares with, where this one has nothing left to do."""
        key = check.mirror.key
        body = self.assessment.cache.get("stagingmirrors", key.name, key.namespace)
        check.state.last_check = None if body is None else _last_check(check, body)

    def renewed(self, key: MirrorKey, state: MirrorState, turn: int) -> Done | None:
        """The end of the pass; None: the mirror must be checked whole. The next one must as well,
        if it does not get that far.
        """
        last, state.last_check = state.last_check, None
        if last is None or state.inputs is None or not self.only_fell_due(key):
            return None
        now = self.conclusion.runtime.clock()
        oldest = self.assessment.oldest_unchanged(key, last, state.inputs)
        if oldest is None or not _is_fresh(last, oldest, now):
            return None
        if not self.conclusion.stands(key, state, last, oldest, now):
            return None
        state.last_check = last
        self.assessment.renew(key, last.spec, last.sides, oldest, now)
        return self.conclusion.renewed(key, last, oldest=oldest, turn=turn, now=now)


def _last_check(check: Check, body: Body) -> LastCheck | None:
    """None: something of it is still to be waited for, or not seen. ``body`` is the mirror as it is
    known now; whatever else is new in it was announced.
    """
    if not _is_idle(check):
        return None
    inputs, state = check.view.inputs(), check.state
    # The age of its answers must be that of the verdict.
    if inputs.oldest != min(each.oldest for each in check.observations):
        return None
    state.inputs = inputs if state.inputs is None else inputs.keeping(state.inputs)
    written = check.status if check.outcome == "heartbeat" else check.mirror.status
    return LastCheck(
        body,
        check.spec,
        check.sides,
        since=check.now,
        until=_until(check),
        valid_until=parse_time(written.valid_until),
    )


def _is_idle(check: Check) -> bool:
    """Whether status and refresh are at their end, and both sides of every component are seen."""
    progress = check.progress
    waits = (
        check.outcome not in ("same", "postponed", "heartbeat"),
        progress.writing,
        *(
            each is not None
            for each in (
                progress.refresh,
                progress.finished,
                progress.waiting,
                progress.stalled,
                check.blockers.first,
            )
        ),
        check.state.observe.check.is_open,
        check.state.refresh.contention.retries,
        any(isinstance(side, Unseen) for both in check.observations for side in both),
    )
    return not any(waits)


def _until(check: Check) -> float:
    """When the mirror must be judged again at the latest (POSIX s)."""
    moments = [
        check.next_turn,
        check.now
        + AT_LATEST * seconds(check.spec.check_interval) * (1 + spread(check.mirror.uid)) / 2,
    ]
    if check.progress.again_in is not None:
        moments.append(check.now + check.progress.again_in)
    if check.state.status.heartbeat_at is not None:
        moments.append(check.state.status.heartbeat_at)
    return min(moments)


def _is_fresh(last: LastCheck, oldest: float, now: float) -> bool:
    """Whether the clock went on, and has not come to where it changes what was seen."""
    age = now - oldest
    stale_after = seconds(last.spec.stale_after)
    return last.since <= now < last.until and -CLOCK_JITTER <= age <= stale_after
