"""Whose turn it is, where few may do something at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple

_Place = Literal["oldest", "smallest"]


class _Waiting(NamedTuple):
    number: int
    size: int
    place: "asyncio.Future[_Place]"


class Turns:
    """Two at once. One place goes to whoever has waited longest, the other to the smallest: many
    large ones of somebody keep a small one waiting no longer than one of them takes, and no large
    one waits for ever.
    """

    def __init__(self) -> None:
        self._free: list[_Place] = ["oldest", "smallest"]
        self._waiting: list[_Waiting] = []
        self._number = 0

    @asynccontextmanager
    async def turn(self, size: int) -> AsyncIterator[None]:
        place = self._free.pop() if self._free else await self._wait(size)
        try:
            yield
        finally:
            self._give(place)

    async def _wait(self, size: int) -> _Place:
        self._number += 1
        one = _Waiting(self._number, size, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        try:
            return await one.place
        except asyncio.CancelledError:
            if one in self._waiting:
                self._waiting.remove(one)
            elif not one.place.cancelled():
                self._give(one.place.result())
            raise

    def _give(self, place: _Place) -> None:
        waiting = [each for each in self._waiting if not each.place.done()]
        if not waiting:
            self._free.append(place)
            return
        by_size = place == "smallest"
        one = min(waiting, key=lambda each: (each.size * by_size, each.number))
        self._waiting.remove(one)
        one.place.set_result(place)
