"""For how long one callback holds the event loop, in processor time of its thread.

Nothing else runs meanwhile: no renewal of the Lease, no livez, no other mirror. asyncio measures
this in debug mode only, by the wall clock, and says it in its log; so each callback is measured
here, garbage collection included, at about a microsecond each.
"""

import asyncio
from collections.abc import Callable
from time import monotonic, thread_time

# Seconds for which the longest is kept at least, and at most twice as long.
WINDOW = 60.0


class LongestHold:
    """The longest of this window and of the one before."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._now = self._before = 0.0

    def held(self, seconds: float) -> None:
        """One callback held the loop for so long."""
        self._turn()
        self._now = max(self._now, seconds)

    def longest(self) -> float:
        """Seconds."""
        self._turn()
        return max(self._now, self._before)

    def _turn(self) -> None:
        passed = self._clock() - self._began
        if passed >= WINDOW:
            self._before = self._now if passed < 2 * WINDOW else 0.0
            self._now, self._began = 0.0, self._clock()


# Seconds below which a callback is not worth being counted: nearly all.
_SHORT = 0.005


def measure_callbacks(held: Callable[[float], None]) -> None:
    """From now on ``held`` is called with each callback of every event loop of this process that
    took more than a moment.
    """
    run = asyncio.Handle._run

    def measured(handle: asyncio.Handle) -> None:
        began = thread_time()
        run(handle)
        spent = thread_time() - began
        if spent > _SHORT:
            held(spent)

    asyncio.Handle._run = measured  # type: ignore[method-assign, assignment]
