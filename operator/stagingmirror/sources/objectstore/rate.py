"""How fast bytes are read from a store."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic


class Rate:
    """Bytes per second, of all that are read at once. None: as fast as they come."""

    def __init__(
        self,
        per_second: int | None,
        *,
        clock: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_second = per_second
        self._clock, self._sleep = clock, sleep
        # When all that was taken will have come at this rate.
        self._until = 0.0

    async def take(self, size: int) -> None:
        """Wait until so many more bytes may be read."""
        if self._per_second is None:
            return
        now = self._clock()
        self._until = max(self._until, now) + size / self._per_second
        await self._sleep(self._until - now)
