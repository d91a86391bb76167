"""How long to wait before the next request to a server that failed: longer each time, at random, so
that not all clients meet it at once when it comes back; below the freshness bound.
"""

from random import SystemRandom

from stagingmirror.sources.pause import Pause

FIRST = 0.1
LONGEST = 5.0
_CHANCE = SystemRandom()


class Backoff:
    """Seconds grow from ``FIRST`` to ``LONGEST`` with each failure in a row. ``hurry`` ends the
    pause that is going on, or the next one.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._pause = Pause()
        self.hurry = self._pause.end

    async def after_success(self, lasted: float) -> None:
        """A server that accepts and ends at once, again and again, is no success."""
        if lasted < 1.0:
            await self.after_failure()
        else:
            self._failures = 0

    async def for_long(self, seconds: float) -> None:
        """Where nothing is expected to change soon."""
        self._failures = 0
        await self._pause.sleep(seconds * _CHANCE.uniform(0.8, 1.0))

    async def after_failure(self) -> None:
        longest = min(LONGEST, FIRST * 2 ** min(self._failures, 16))
        self._failures += 1
        await self._pause.sleep(longest * _CHANCE.uniform(0.5, 1.0))
