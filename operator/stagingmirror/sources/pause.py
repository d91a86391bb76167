"""A pause between two requests that others can end."""

import asyncio
import contextlib


class Pause:
    def __init__(self) -> None:
        self._ended = asyncio.Event()

    def end(self) -> None:
        """End the pause that is going on, or the next one."""
        self._ended.set()

    def forget(self) -> None:
        """The next pause is not ended by what was before."""
        self._ended.clear()

    async def sleep(self, seconds: float | None) -> bool:
        """Whether it was ended early. None: until it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        ended = self._ended.is_set()
        self._ended.clear()
        return ended
