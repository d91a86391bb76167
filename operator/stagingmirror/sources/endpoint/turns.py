"""Whose turn it is to send samples to a pair of endpoints.

A probe is in turn where those of its place were last sent ``minInterval`` ago. Any other one is out
of turn: a few of them may come at once, and from then on one after each ``minInterval``, so that
whoever names new rules again and again wears no endpoint out.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from math import inf
from typing import TypeAlias

from stagingmirror.sources.pace import Floor

# Environment and endpoint, of production and of staging.
Ends: TypeAlias = tuple[str, str, str, str]
# Places at one pair that were left and not taken yet.
_PLACES = 1000


class Turns:
    """Times are POSIX seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._floor = Floor[Ends]()
        self._rooms: dict[Ends, asyncio.Semaphore] = {}
        # When each of those whose place is free was sent samples last.
        self._left: defaultdict[Ends, list[float]] = defaultdict(list)

    def leave(self, ends: Ends, sent: float) -> None:
        """Nobody wants any more what was sent samples then: its place is free."""
        self._left[ends] = [*self._left[ends], sent][-_PLACES:]

    def take_place(self, ends: Ends) -> float:
        """When the one was sent samples last that had this place before; infinity: none is free.
        Who changes the rules of many entries at once waits for no more than one interval so.
        """
        left = self._left[ends]
        if not left:
            return inf
        left.sort()
        return left.pop(0)

    def forget(self, wanted: Collection[Ends]) -> None:
        """All others."""
        self._left = defaultdict(list, {k: v for k, v in self._left.items() if k in wanted and v})
        self._rooms = {k: v for k, v in self._rooms.items() if k in wanted or v.locked()}

    @asynccontextmanager
    async def one(self, ends: Ends, least: float, sent: Callable[[], float]) -> AsyncIterator[None]:
        """One probe of this pair at a time, when it is its turn. ``sent``: when its place was sent
        samples last; infinity: never.
        """
        await self._floor.turn(
            ends, least, clock=self._clock, needed=lambda: True, own=lambda: sent() + least
        )
        async with self._rooms.setdefault(ends, asyncio.Semaphore(1)):
            yield
