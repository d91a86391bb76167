"""What is polled when."""

import asyncio
import time
from itertools import pairwise
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.sources.pace import _LEFT, BURST, Extra, Floor, Pace


def rounds(pace: Pace[str], until: float) -> list[tuple[float, frozenset[str]]]:
    """Every round from 0 to then, with what it polls."""
    found, now = [], 0.0
    while now < until:
        due = pace.due(now)
        pace.polled(due, now)
        found.append((now, frozenset(due)))
        now = pace.due_at(default=until)
    return found


def test_each_is_polled_as_often_as_those_want_who_want_it() -> None:
    pace = Pace[str]()
    pace.want("quick", 10.0)
    pace.want("slow", 60.0)

    found = rounds(pace, 120.0)

    assert [at for at, due in found if "quick" in due] == [10.0 * n for n in range(12)]
    assert [at for at, due in found if "slow" in due] == [0.0, 60.0]


def test_what_comes_later_is_polled_at_once_and_then_with_others_of_its_period() -> None:
    pace = Pace[str]()
    pace.want("first", 30.0)
    pace.polled(["first"], 0.0)
    pace.want("second", 30.0)

    assert list(pace.due(13.0)) == ["second"]
    pace.polled(["second"], 13.0)

    assert list(pace.due(29.0)) == ["first", "second"]  # along with what is due then
    assert pace.due_at(default=0.0) == 30.0
    assert set(pace.due(30.0)) == {"first", "second"}


@given(st.lists(st.floats(5.0, 60.0), min_size=1, max_size=30))
def test_no_answer_gets_older_than_wanted_and_rounds_stay_few(periods: list[float]) -> None:
    pace = Pace[str]()
    for number, period in enumerate(periods):
        pace.want(str(number), period)

    found = rounds(pace, 600.0)

    for number, period in enumerate(periods):
        times = [at for at, due in found if str(number) in due]
        assert max(b - a for a, b in pairwise(times)) <= period + 1e-6
        assert len(times) <= 600.0 / (0.95 * period) + 2
    assert len(found) <= 600.0 / (0.05 * min(periods)) + 1


def test_what_is_wanted_no_more_is_forgotten() -> None:
    pace = Pace[str]()
    pace.want("a", 10.0)
    pace.polled(["a"], 0.0)
    pace.unwant("a")
    pace.polled(["a"], 5.0)

    assert (list(pace), pace.due_at(default=99.0)) == ([], 99.0)


def test_rounds_out_of_turn_come_at_once_a_few_times_and_then_at_the_pace_of_the_floor() -> None:
    extra, now, begun = Extra(BURST), 100.0, list[float]()
    for _ in range(BURST + 3):
        now = max(now, extra.at(10.0))
        extra.spent(now, 10.0)
        begun.append(now)

    assert begun[:BURST] == [100.0] * BURST
    assert begun[BURST:] == [110.0, 120.0, 130.0]
    assert extra.at(10.0) <= 130.0 + 10.0 * BURST


def test_what_is_wanted_again_waits_for_the_floor_since_its_last_poll() -> None:
    pace = Pace[str](least=10.0)
    pace.want("a", 30.0)
    pace.polled(pace.due(0.0), 0.0)
    polls = []
    for now in range(1, 31):  # flipped each second
        pace.unwant("a")
        pace.want("a", 30.0)
        due = pace.due(float(now))
        pace.polled(due, float(now))
        polls += [now] * len(due)

    assert polls == [10, 20, 30]


def test_something_new_is_due_at_once_and_apart_from_what_was_polled_before() -> None:
    pace = Pace[str](least=10.0)
    pace.want("first", 30.0)
    pace.polled(["first"], 0.0)
    assert pace.new_at() == inf

    pace.want("second", 30.0)

    assert pace.new_at() <= 0.0
    assert pace.has_new(pace.due(1.0))
    assert pace.due_at(default=99.0) == 30.0


def test_what_is_kept_of_things_that_nobody_wants_is_bounded() -> None:
    pace = Pace[int](least=10.0)
    for number in range(_LEFT + 5):
        pace.want(number, 30.0)
        pace.polled([number], 0.0)
        pace.unwant(number)

    assert len(pace._left) == _LEFT


async def test_whoever_comes_second_to_a_turn_finds_it_done() -> None:
    floor, done = Floor[str](), list[str]()
    for _ in range(BURST):
        assert await floor.turn("a", 0.02, clock=time.monotonic, needed=lambda: True)

    async def turn(name: str) -> None:
        if await floor.turn("a", 0.02, clock=time.monotonic, needed=lambda: not done):
            done.append(name)

    await asyncio.gather(turn("first"), turn("second"), turn("third"))

    assert len(done) == 1


async def test_what_is_due_anyway_waits_for_no_turn_and_takes_none() -> None:
    floor, hour = Floor[str](), 3600.0
    due = [inf]

    async def turn() -> bool:
        return await floor.turn(
            "a", hour, clock=lambda: 100.0, needed=lambda: True, own=lambda: due[0]
        )

    due[0] = 100.0
    assert all([await turn() for _ in range(2 * BURST)])
    due[0] = inf
    assert all([await turn() for _ in range(BURST)])
    waiting = asyncio.create_task(turn())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    waiting.cancel()
