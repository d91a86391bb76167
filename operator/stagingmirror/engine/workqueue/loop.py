"""Work that is done again and again: after a pause, or at once when it is woken."""

from collections.abc import Awaitable, Callable

import structlog

from stagingmirror.sources.pause import Pause

log = structlog.get_logger(__name__)

# Seconds until work that failed by a defect is done again.
RETRY = 5.0


class Loop:
    """``work`` returns the seconds until it is done again; None: not before ``wake``. A defect in
    it is logged and tried again: it does not end the process.
    """

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
            try:
                pause = await self._work()
            except Exception:  # a defect in one round must not end the loop
                log.exception("work failed, retrying", work=self._work.__qualname__)
                pause = RETRY
            await self._pause.sleep(pause)
