"""How often an endpoint is sent a request, whoever wants it."""

import asyncio

# Requests of one endpoint at a time.
AT_ONCE = 4


class Rate:
    """Requests begin at least ``1 / per_second`` seconds after one another: one that was not used
    is not made up for. ``per_second`` is the least that any environment says of this address.
    """

    def __init__(self) -> None:
        self.per_second = 1.0
        self.room = asyncio.Semaphore(AT_ONCE)
        self._next = 0.0
        self._turns = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until the next request may begin. Waiters begin in the order in which they came."""
        clock = asyncio.get_running_loop().time  # whoever sets the clock back stops nobody
        async with self._turns:
            if (pause := self._next - clock()) > 0.0:
                await asyncio.sleep(pause)
            self._next = clock() + 1.0 / self.per_second
