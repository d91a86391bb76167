"""How often ``validUntil`` is written again."""

from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.api.status.status import valid_until
from stagingmirror.engine.status import heartbeat
from support.clock import NOW, Clock


def test_a_large_fleet_beats_slower_so_that_writes_stay_few() -> None:
    assert heartbeat.period(30, 5000) == 1000
    assert heartbeat.period(30, 100) == 30


def test_a_heartbeat_is_due_a_period_after_what_is_written() -> None:
    assert not heartbeat.due(NOW, NOW + 20, 30)
    assert heartbeat.due(NOW, NOW + 30, 30)
    assert heartbeat.due(None, NOW, 30)


@given(
    lag=st.floats(0, 30),
    interval=st.floats(5, 60),
    mirrors=st.integers(1, 10_000),
    stale_after=st.floats(61, 600),
)
def test_a_status_is_written_again_before_it_ends(
    lag: float, interval: float, mirrors: int, stale_after: float
) -> None:
    period = heartbeat.period(interval, mirrors)
    written = valid_until(NOW - lag, stale_after, period)
    latest = NOW + period

    candidate = valid_until(latest, stale_after, period)

    assert heartbeat.due(written, candidate, period)
    assert latest < written


def test_the_pace_gives_five_turns_a_second() -> None:
    clock = Clock()
    pace = heartbeat.Pace(clock)
    begin = clock.now

    turns = [pace.next_slot() for _ in range(1000)]

    assert turns == sorted(turns)
    assert sum(turn == begin for turn in turns) <= 6
    assert begin + 198 <= turns[-1] <= begin + 200


def test_turns_that_were_not_needed_for_a_while_are_not_saved_up() -> None:
    clock = Clock()
    pace = heartbeat.Pace(clock)
    clock.now += 3600

    turns = [pace.next_slot() for _ in range(100)]

    assert sum(turn == clock.now for turn in turns) <= 6


def test_what_a_clock_that_was_ahead_has_promised_is_written_again() -> None:
    latest = valid_until(NOW, 120, 30)

    assert heartbeat.promises_too_much(latest + 18_000, latest)
    assert not heartbeat.promises_too_much(latest, latest)
    assert not heartbeat.promises_too_much(None, latest)
