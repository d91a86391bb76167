"""Work that is done again and again: after a pause, or at once when it is woken."""

from collections.abc import Awaitable, Callable

from stagingmirror.sources.pause import Pause


class Loop:
    """``work`` returns the seconds until it is done again; None: not before ``wake``."""

    def __init__(self, work: Callable[[], Awaitable[float | None]]) -> None:
        self._work = work
        self._pause = Pause()

    def wake(self) -> None:
        """At once, or once more where it is under way."""
        self._pause.end()

    async def run(self) -> None:
        """For ever."""
        while True:
            self._pause.forget()
            await self._pause.sleep(await self._work())
