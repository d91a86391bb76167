"""For how long one callback holds the event loop."""

import asyncio
from time import thread_time

import pytest

from stagingmirror.metrics.loop import WINDOW, LongestHold, measure_callbacks
from support.clock import Clock


async def test_a_callback_that_computes_is_measured_and_one_that_waits_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(asyncio.Handle, "_run", asyncio.Handle._run)
    held: list[float] = []
    measure_callbacks(held.append)

    await asyncio.sleep(0.1)
    assert sum(held) < 0.05
    until = thread_time() + 0.06
    while thread_time() < until:
        pass
    await asyncio.sleep(0)

    assert max(held) >= 0.06


def test_the_longest_is_kept_for_a_minute_or_two() -> None:
    clock = Clock()
    holds = LongestHold(clock)
    holds.held(0.3)
    holds.held(0.1)
    clock.now += WINDOW - 1
    assert holds.longest() == 0.3

    clock.now += 1
    holds.held(0.2)
    assert holds.longest() == 0.3
    clock.now += WINDOW
    assert holds.longest() == 0.2
    clock.now += 3 * WINDOW
    assert holds.longest() == 0.0
