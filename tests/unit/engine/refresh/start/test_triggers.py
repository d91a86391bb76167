"""What is remembered of a mirror between passes, and found again after a restart: no tick is lost,
and none starts two refreshes.
"""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.api.types.times import posix, rfc3339
from stagingmirror.engine.context import Context
from stagingmirror.engine.refresh.outcome import progress_of
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.refresh.start.admission import Occasion, Skip, Wait
from stagingmirror.engine.refresh.start.new_record import new_record
from stagingmirror.engine.refresh.start.schedule_ticks import SPREAD
from stagingmirror.engine.refresh.start.triggers import (
    Memory,
    forget_ticks,
    missed_deadline_reason,
    next_occasion,
    remembered,
    skip,
    took,
)
from support.kinds.cases import context

SIX = posix("2026-11-23T06:00:00Z")
HOUR = 3600.0
DAY = 24 * HOUR
ANNOUNCED = {"observedGeneration": 1, "nextRefreshTime": rfc3339(SIX), "conditions": [{}]}


def at(now: float, **more: Any) -> Context:
    return context(now=now, **more)


def refreshed(made: Context, tick: float, **fields: Any) -> Record:
    """A record that was begun for this tick."""
    assert made.spec.refresh is not None
    return replace(new_record(made, made.spec.refresh, Occasion("Schedule", tick), None), **fields)


def roll_back(made: Context, tick: float, ended: float) -> Record:
    why = ("RolloutTimeout", "features does not get ready.")
    return refreshed(made, tick, phase="Closed", result="RolledBack", why=why, ended=ended)


def watched_until(now: float) -> Memory:
    """A process that has seen the mirror since an hour before the tick."""
    return remembered(remembered(None, at(SIX - HOUR), None), at(now), None)


def forget(memory: Memory, last: Record | None = None) -> None:
    forget_ticks(memory, last, why="staging was revoked", now=SIX + 5)


def test_a_tick_that_comes_is_the_next_occasion_until_it_was_taken() -> None:
    memory = watched_until(SIX + 1)

    occasion = next_occasion(memory)
    assert occasion == Occasion("Schedule", SIX)
    took(memory, occasion)

    assert next_occasion(memory) is None


def test_a_tick_whose_refresh_began_before_a_crash_starts_no_second_one() -> None:
    made = at(SIX + 60, status=ANNOUNCED)

    memory = remembered(None, made, roll_back(made, SIX, SIX + 50))

    assert next_occasion(memory) is None
    assert progress_of(None, 0.5, context=made, memory=memory).last_schedule == SIX


def test_a_tick_whose_record_was_kept_though_nobody_heard_of_it_starts_no_second_one() -> None:
    memory = watched_until(SIX + 1)
    assert next_occasion(memory) is not None

    memory = remembered(memory, at(SIX + 90), roll_back(at(SIX + 1), SIX, SIX + 80))

    assert next_occasion(memory) is None


def test_a_refresh_of_yesterday_takes_no_tick_of_today() -> None:
    made = at(SIX + 60, status=ANNOUNCED)

    memory = remembered(None, made, roll_back(made, SIX - DAY, SIX - DAY + 50))

    assert next_occasion(memory) == Occasion("Schedule", SIX)


def test_a_tick_that_comes_while_nothing_may_be_refreshed_is_not_made_up_for() -> None:
    memory = watched_until(SIX - 600)
    forget(memory)

    memory = remembered(memory, at(SIX + 1800, status=ANNOUNCED), None)

    assert next_occasion(memory) is None
    tomorrow = remembered(memory, at(SIX + DAY + 1), None)
    assert next_occasion(tomorrow) == Occasion("Schedule", SIX + DAY)


def test_a_tick_that_comes_while_the_mirror_is_suspended_is_not_made_up_for() -> None:
    memory = watched_until(SIX - 600)
    memory = remembered(memory, at(SIX - 60, refresh={"suspend": True}), None)
    memory = remembered(memory, at(SIX + 60, refresh={"suspend": True}), None)

    memory = remembered(memory, at(SIX + 120), None)

    assert next_occasion(memory) is None


@pytest.mark.parametrize(
    ("refresh", "reason"),
    [({"suspend": True}, "Suspended"), ({"schedule": "0 7 * * *"}, "ScheduleChanged")],
)
def test_a_tick_that_waited_when_its_refresh_was_edited_is_told(
    refresh: dict[str, Any], reason: str
) -> None:
    memory = watched_until(SIX + 1)

    memory = remembered(memory, at(SIX + 5, refresh=refresh), None)

    assert next_occasion(memory) is None
    assert [(e.result, e.reason) for e in memory.unreported] == [("Skipped", reason)]
    assert progress_of(None, 0.5, context=at(SIX + 5), memory=memory).last_schedule == SIX


def test_a_tick_that_waited_when_refreshing_became_impossible_is_told_once_that_is_mended() -> None:
    memory = watched_until(SIX + 1)
    forget(memory)

    memory = remembered(memory, at(SIX + 60), None)

    told = [(each.result, each.message) for each in memory.unreported]
    assert told == [("Skipped", "staging was revoked")]


def test_a_tick_that_was_taken_is_not_told_as_one_that_waited() -> None:
    memory = watched_until(SIX + 1)
    last = refreshed(at(SIX + 1), SIX)
    forget(memory, last)

    memory = remembered(memory, at(SIX + 60), last)

    assert memory.unreported == []


def test_a_refresh_that_is_added_again_keeps_the_time_of_the_last_tick() -> None:
    memory = watched_until(SIX + 1)
    skip(memory, Occasion("Schedule", SIX), Skip("Held", "ci holds staging"), SIX + 1)
    forget(memory)
    made = at(SIX + 60, status={"lastScheduleTime": rfc3339(SIX)})

    memory = remembered(memory, made, roll_back(made, SIX - DAY, SIX - DAY + 50))

    assert progress_of(None, 0.5, context=made, memory=memory).last_schedule == SIX


# The next pass


def test_the_next_pass_comes_at_the_tick_whatever_the_interval() -> None:
    memory = watched_until(SIX - 600)

    again = progress_of(None, 0.5, context=at(SIX - 600), memory=memory).again_in

    assert again is not None
    assert 600 <= again <= 600 + SPREAD


def test_a_tick_that_waits_brings_the_next_pass_when_its_waiting_may_end() -> None:
    made = at(SIX + 1)
    memory = watched_until(made.now)

    assert progress_of(None, 0.5, context=made, memory=memory, wait=Wait("", 77.0)).again_in == 77.0


def test_a_suspended_mirror_is_not_looked_at_for_a_tick() -> None:
    made = at(SIX - 600, refresh={"suspend": True})
    memory = remembered(None, made, None)

    assert progress_of(None, 0.5, context=made, memory=memory).again_in is None


# Why a tick was missed

LATE = SIX + HOUR + 1
"""After startingDeadline."""


def why(memory: Memory, last: Record | None = None) -> str:
    return missed_deadline_reason(memory, at(LATE), Occasion("Schedule", SIX), last)


def test_a_tick_of_a_time_without_operator_says_so() -> None:
    memory = remembered(None, at(LATE, status=ANNOUNCED), None)

    assert next_occasion(memory) == Occasion("Schedule", SIX)
    assert why(memory) == "no operator ran that could have started it"


def test_a_tick_that_came_while_the_own_refresh_ran_says_so() -> None:
    last = roll_back(at(SIX - 60), SIX - DAY, LATE - 0.5)
    watching = watched_until(LATE)
    restarted = remembered(None, at(LATE, status=ANNOUNCED), last)

    for memory in (watching, restarted):
        said = f"the mirror's own refresh {last.id} ran until 2026-11-23T07:00:00Z"
        assert why(memory, last) == said


def test_a_tick_that_waited_says_for_what_and_its_successor_says_nothing_of_it() -> None:
    memory = watched_until(SIX + 1)

    memory.waited = "production's features is not seen"
    assert why(memory, roll_back(at(SIX - 60), SIX - DAY, SIX + 60)) == (
        "production's features is not seen"
    )
    took(memory, Occasion("Schedule", SIX))

    assert "not seen" not in why(memory)


def test_a_refresh_that_ended_before_the_deadline_is_no_reason() -> None:
    memory = watched_until(LATE)

    assert "own refresh" not in why(memory, roll_back(at(SIX - 60), SIX - DAY, SIX + 60))
