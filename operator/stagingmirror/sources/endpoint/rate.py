"""How often an endpoint is sent a request, whoever wants it."""

import asyncio
from collections.abc import Callable

# Requests of one endpoint at a time.
AT_ONCE = 4


class Rate:
    """Requests begin at least ``1 / per_second`` seconds after one another: one that was not used
    is not made up for.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next = 0.0
        self.room = asyncio.Semaphore(AT_ONCE)

    async def turn(self, per_second: float) -> None:
        """Wait until the next request may begin. Waiters begin in the order in which they came."""
        begin = max(self._next, self._clock())
        self._next = begin + 1.0 / per_second
        if (pause := begin - self._clock()) > 0.0:
            await asyncio.sleep(pause)
