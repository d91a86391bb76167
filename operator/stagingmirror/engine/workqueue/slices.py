"""Long work in slices, so that others have their turn: the loop has one thread.

Judgement is pure and never waits: others run between two of its pieces, not inside one.
"""

import asyncio
from collections.abc import Generator
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

# Seconds after which others run.
SLICE = 0.01


class Slices:
    """One piece of work after another; ``between`` is called between two of them."""

    def __init__(self) -> None:
        self._until = perf_counter() + SLICE

    @property
    def over(self) -> bool:
        """Whether the pieces since others ran took long enough."""
        return perf_counter() >= self._until

    async def others(self) -> None:
        """Let all other tasks run that can."""
        await asyncio.sleep(0)
        self._until = perf_counter() + SLICE

    async def between(self) -> None:
        """Let others run where it is time."""
        if self.over:
            await self.others()


async def result_of(pieces: Generator[None, None, T]) -> T:
    """What these pieces of work return in the end; each ``yield`` ends one."""
    slices = Slices()
    while True:
        try:
            next(pieces)
        except StopIteration as ended:
            value: T = ended.value
            return value
        await slices.between()
