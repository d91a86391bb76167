"""Work that is done again and again: after a pause, or at once when it is woken."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable


class Loop:
    """``work`` returns the seconds until it is done again; None: not before ``wake``."""

    def __init__(self, work: Callable[[], Awaitable[float | None]]) -> None:
        self._work = work
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """At once, or once more where it is under way."""
        self._woken.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            self._woken.clear()
            pause = await self._work()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._woken.wait()
