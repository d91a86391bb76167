"""Ticks count from when a schedule was first seen; nothing that happens to an operator is one."""

from typing import Any

from stagingmirror.api.spec.mirror import Refresh
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.types.times import posix, rfc3339
from stagingmirror.engine.refresh.start.schedule_ticks import (
    SPREAD,
    announced,
    begun,
    first_seen,
    handled,
    pass_time,
    passed,
    taken,
)

SIX = posix("2026-11-23T06:00:00Z")
HOUR = 3600.0
DAY = 24 * HOUR


def refresh(**fields: Any) -> Refresh:
    return Refresh.model_validate({"schedule": "0 6 * * *", **fields})


def status(next_at: float, *, generation: int = 1, last: float | None = None) -> MirrorStatus:
    found: dict[str, Any] = {
        "observedGeneration": generation,
        "nextRefreshTime": rfc3339(next_at),
    }
    if last is not None:
        found["lastScheduleTime"] = rfc3339(last)
    return MirrorStatus.read(found)


def test_a_new_mirror_waits_for_its_next_tick() -> None:
    ticks = first_seen(refresh(), MirrorStatus(), generation=1, now=SIX + HOUR)

    assert ticks.due is None
    assert announced(ticks, refresh(), SIX + HOUR) == SIX + DAY


def test_a_tick_that_passes_is_due_until_it_is_handled() -> None:
    ticks = first_seen(refresh(), MirrorStatus(), generation=1, now=SIX - 10)

    ticks = passed(ticks, refresh(), SIX + 1)
    assert (ticks.due, announced(ticks, refresh(), SIX + 1)) == (SIX, SIX)
    ticks = handled(passed(ticks, refresh(), SIX + 60))
    assert (ticks.due, ticks.last) == (None, SIX)
    assert passed(ticks, refresh(), SIX + HOUR).due is None


def test_a_tick_that_was_announced_survives_a_restart() -> None:
    ticks = first_seen(refresh(), status(SIX), generation=1, now=SIX + 120)

    assert ticks.due == SIX


def test_an_announcement_of_another_spec_is_none() -> None:
    ticks = first_seen(refresh(), status(SIX, generation=1), generation=2, now=SIX + 120)

    assert ticks.due is None


def test_a_tick_that_was_taken_before_the_restart_is_not_taken_again() -> None:
    ticks = first_seen(refresh(), status(SIX, last=SIX), generation=1, now=SIX + 120)

    assert ticks.due is None


def test_a_time_that_is_no_tick_of_this_schedule_is_not_honoured() -> None:
    ticks = first_seen(refresh(), status(SIX + 60), generation=1, now=SIX + 120)

    assert ticks.due is None


def test_an_unreadable_announcement_is_none() -> None:
    unreadable = MirrorStatus(next_refresh_time="Mon 06:00")
    ticks = first_seen(refresh(), unreadable, generation=1, now=SIX)

    assert ticks.due is None


def test_resuming_does_not_fire_what_was_missed() -> None:
    ticks = first_seen(refresh(suspend=True), MirrorStatus(), generation=1, now=SIX - 10)
    ticks = passed(ticks, refresh(suspend=True), SIX + 10)
    assert announced(ticks, refresh(suspend=True), SIX + 10) is None

    ticks = passed(ticks, refresh(), SIX + 20)

    assert ticks.due is None
    assert passed(ticks, refresh(), SIX + DAY + 1).due == SIX + DAY


def test_editing_the_schedule_or_the_zone_does_not_fire() -> None:
    ticks = first_seen(refresh(schedule="0 7 * * *"), MirrorStatus(), generation=1, now=SIX - HOUR)

    for edited in (refresh(), refresh(timeZone="Europe/Berlin")):
        assert passed(ticks, edited, SIX + 1).due is None


def test_several_ticks_that_came_while_one_waited_are_the_newest() -> None:
    ticks = first_seen(refresh(schedule="*/5 * * * *"), MirrorStatus(), generation=1, now=SIX)

    ticks = passed(ticks, refresh(schedule="*/5 * * * *"), SIX + 17 * 60)

    assert ticks.due == SIX + 15 * 60


def test_a_tick_for_which_a_refresh_has_begun_is_over_and_a_later_one_is_not() -> None:
    ticks = first_seen(refresh(), status(SIX, last=SIX - DAY), generation=1, now=SIX + 120)

    over, later = taken(ticks, SIX), taken(ticks, SIX - DAY)

    assert (over.due, over.last) == (None, SIX)
    assert (later.due, later.last) == (SIX, SIX - DAY)


def test_the_last_tick_never_goes_back() -> None:
    ticks = begun(refresh(), status(SIX + DAY, last=SIX), now=SIX + HOUR)

    assert taken(ticks, SIX - DAY).last == SIX


def test_a_schedule_that_begins_anew_honours_no_announcement() -> None:
    ticks = begun(refresh(), status(SIX), now=SIX + 1)

    assert ticks.due is None


def test_mirrors_with_one_schedule_come_to_its_tick_one_after_another_and_soon() -> None:
    moments = [pass_time(refresh(), SIX, f"uid-{number}") - SIX for number in range(200)]
    hasty = pass_time(refresh(startingDeadline="5s"), SIX, "uid-1") - SIX

    assert min(moments) >= 0
    assert max(moments) <= SPREAD
    assert len({int(moment) for moment in moments}) == SPREAD
    assert hasty <= 0.5
