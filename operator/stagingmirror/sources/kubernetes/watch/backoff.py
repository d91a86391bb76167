"""How long to wait before asking again: longer each time, at random, so that a server that comes
back is not met by everybody at once; below a person's patience and the freshness bound.
"""

import asyncio
from random import SystemRandom

FIRST = 0.1
LONGEST = 5.0
_CHANCE = SystemRandom()


class Backoff:
    """Seconds grow from ``FIRST`` to ``LONGEST`` with each failure in a row."""

    def __init__(self) -> None:
        self._failures = 0
        self._hurried = asyncio.Event()

    async def after_success(self, lasted: float) -> None:
        """A server that accepts and ends at once, again and again, is no success."""
        if lasted < 1.0:
            await self.after_failure()
        else:
            self._failures = 0

    async def after_failure(self) -> None:
        longest = min(LONGEST, FIRST * 2 ** min(self._failures, 16))
        self._failures += 1
        await self._sleep(longest * _CHANCE.uniform(0.5, 1.0))

    def hurry(self) -> None:
        """End the pause that is going on, or the next one."""
        self._hurried.set()

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._hurried.wait()
        except TimeoutError:
            pass
        self._hurried.clear()
