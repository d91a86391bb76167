import asyncio
import time
from itertools import pairwise

from stagingmirror.sources.endpoint.rate import Rate


async def begun(rate: Rate, count: int) -> list[float]:
    times: list[float] = []

    async def one() -> None:
        await rate.turn()
        times.append(asyncio.get_running_loop().time())

    await asyncio.gather(*(one() for _ in range(count)))
    return times


async def test_requests_begin_at_the_rate_however_many_want_to() -> None:
    rate = Rate()
    rate.per_second = 50.0

    times = await begun(rate, 8)

    pauses = [after - before for before, after in pairwise(times)]
    assert min(pauses) >= 1 / 50 - 0.001, pauses


async def test_a_loop_that_was_busy_is_not_followed_by_a_burst() -> None:
    rate = Rate()
    rate.per_second = 50.0
    waiting = asyncio.create_task(begun(rate, 4))
    await asyncio.sleep(0)
    time.sleep(0.1)  # noqa: ASYNC251 - that is what is tested

    times = await waiting

    assert min(after - before for before, after in pairwise(times)) >= 1 / 50 - 0.001


async def test_one_that_waits_no_more_takes_no_turn() -> None:
    rate = Rate()
    rate.per_second = 5.0
    await begun(rate, 1)
    left = [asyncio.create_task(rate.turn()) for _ in range(5)]
    await asyncio.sleep(0.01)
    for each in left:
        each.cancel()
    began = asyncio.get_running_loop().time()

    await rate.turn()

    assert asyncio.get_running_loop().time() - began < 0.3


async def test_a_pause_is_not_made_up_for() -> None:
    rate = Rate()
    rate.per_second = 50.0
    await begun(rate, 1)
    await asyncio.sleep(0.2)

    times = await begun(rate, 4)

    assert times[-1] - times[0] >= 3 / 50 - 0.005
