"""How long a probe takes, against the slower side's own time for the same requests."""

import asyncio
import time
from collections.abc import Mapping

import aiohttp
from aiohttp import web
from rich.console import Console

from bench.figures import Figure
from stagingmirror.sources.endpoint.rate import AT_ONCE
from stagingmirror.sources.endpoint.subjects import ProbedParity
from support.parity.server import Handler, Pair, amount, two_endpoints

SAMPLES, RUNS = 300, 3
GOAL = 1.1
# Seconds that each side takes for a request, by which of them is the slower one; production is sent
# each sample twice.
_DELAYS: Mapping[str, Mapping[str, float]] = {
    "production": {"production": 0.03, "staging": 0.01},
    "staging": {"production": 0.01, "staging": 0.06},
}
_TIMES = {"production": 2, "staging": 1}


async def measure(console: Console) -> list[Figure]:
    console.print(f"{RUNS} probes of {SAMPLES} samples, for each slower side", style="dim")
    return [await _figure(slower) for slower in _DELAYS]


async def _figure(slower: str) -> Figure:
    async with two_endpoints() as pair:
        pair.offer(range(SAMPLES))
        pair.sides = {side: _late(delay) for side, delay in _DELAYS[slower].items()}
        own = min([await _alone(pair, slower) for _ in range(RUNS)])
        wall = min([await _probe(pair) for _ in range(RUNS)])
    return Figure(
        f"a probe of {SAMPLES} samples where {slower} is slower",
        wall,
        "s",
        baseline=own,
        against=f"{slower}'s own time",
        goal=GOAL,
        judged="ratio",
    )


def _late(seconds: float) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await amount(request)

    return answer


async def _alone(pair: Pair, side: str) -> float:
    """All requests of one side, as many at a time as a probe sends it."""
    left = [line for line in pair.lines for _ in range(_TIMES[side])]

    async def work(session: aiohttp.ClientSession) -> None:
        while left:
            async with session.post(f"{pair.url}/{side}", data=left.pop()) as answer:
                await answer.read()

    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        await asyncio.gather(*(work(session) for _ in range(AT_ONCE)))
        return time.perf_counter() - began


async def _probe(pair: Pair) -> float:
    """From the first request of a probe to its verdict."""
    pair.version += 1
    pair.lines = [*pair.lines[1:], pair.lines[0]]  # other samples, which are sent at once
    found = await pair.probe()
    assert isinstance(found, ProbedParity), found
    return found.took
