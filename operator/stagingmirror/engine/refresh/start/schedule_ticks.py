"""When a scheduled refresh is due, and when a tick is over. Pure; all moments are POSIX seconds.

Ticks count from when this schedule was first seen: creation, restart, resuming and editing never
fire a surprise. One exception keeps a promise: a tick that status had announced
(``nextRefreshTime``) and that came while no operator ran is honoured within ``startingDeadline``,
and skipped and reported after it. An announcement counts only for the spec that made it.
"""

from dataclasses import dataclass, replace

from stagingmirror.api.spec.mirror import Refresh
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.times import not_after, parse_time
from stagingmirror.drift.schedule import last_tick_between, next_tick
from stagingmirror.engine.resources.mirror import spread

# Seconds over which the mirrors that share a tick come to it, each always at the same moment.
SPREAD = 10.0


@dataclass(frozen=True, slots=True)
class Ticks:
    """``since``: ticks up to then are none. ``due``: one that has come and is neither taken nor
    skipped. ``last``: the last that was.
    """

    schedule: str
    time_zone: str
    suspended: bool
    since: float
    due: float | None = None
    last: float | None = None


def first_seen(refresh: Refresh, status: MirrorStatus, *, generation: int, now: float) -> Ticks:
    """The ticks of a mirror that this process has not seen before."""
    fresh = begun(refresh, status, now)
    announced, last = parse_time(status.next_refresh_time), fresh.last
    if announced is None or announced > now or refresh.suspend:
        return fresh
    is_of_this_spec = status.observed_generation == generation
    is_new = last is None or announced > last
    if not (is_of_this_spec and is_new and _is_tick(refresh, announced)):
        return fresh
    return replace(fresh, due=announced)


def begun(refresh: Refresh, status: MirrorStatus, now: float) -> Ticks:
    """The ticks of a schedule that counts from ``now``, whatever status had announced."""
    last = parse_time(not_after(status.last_schedule_time, now))
    return Ticks(refresh.schedule, refresh.time_zone, refresh.suspend, since=now, last=last)


def passed(ticks: Ticks, refresh: Refresh, now: float) -> Ticks:
    """The ticks at ``now``. An edited or resumed schedule counts from now, without the tick that
    waited; several ticks that came while one waited are one, the newest.
    """
    same = (ticks.schedule, ticks.time_zone) == (refresh.schedule, refresh.time_zone)
    if not same or refresh.suspend or ticks.suspended:
        last = ticks.last if ticks.due is None else ticks.due
        return Ticks(refresh.schedule, refresh.time_zone, refresh.suspend, since=now, last=last)
    came = last_tick_between(refresh.schedule, refresh.time_zone, ticks.since, now)
    return ticks if came is None else replace(ticks, since=now, due=came)


def handled(ticks: Ticks) -> Ticks:
    """The due tick was taken or skipped."""
    return replace(ticks, due=None, last=ticks.due)


def taken(ticks: Ticks, tick: float) -> Ticks:
    """Any process has begun a refresh for ``tick``: that tick and those before it are over."""
    is_over = ticks.due is not None and ticks.due <= tick
    last = tick if ticks.last is None else max(ticks.last, tick)
    return replace(ticks, due=None if is_over else ticks.due, last=last)


def announced(ticks: Ticks, refresh: Refresh, now: float) -> float | None:
    """``nextRefreshTime``: a due tick that waits, else the next one; None: none comes."""
    if refresh.suspend:
        return None
    if ticks.due is not None:
        return ticks.due
    return next_tick(refresh.schedule, refresh.time_zone, now)


def pass_time(refresh: Refresh, tick: float, uid: str) -> float:
    """When the pass comes that notices this tick, if nothing brings one before. Mirrors that share
    a schedule do not come at once; none loses more than a tenth of ``startingDeadline``.
    """
    return tick + spread(uid) * min(SPREAD, seconds(refresh.starting_deadline) / 10)


def _is_tick(refresh: Refresh, at: float) -> bool:
    return next_tick(refresh.schedule, refresh.time_zone, at - 1) == at
