"""How often ``validUntil`` is written again where nothing else changed: at most 5 writes a second
for any fleet.

``validUntil`` = oldest look + staleAfter + period. So whether a heartbeat is due can be read from
what is written: the candidate is then a whole period later. That survives restarts and changes of
leader, which therefore write nothing.
"""

from collections.abc import Callable

WRITES_PER_SECOND = 5.0
EARLY = 0.9
"""The part of a period after which a heartbeat may be written, so that a pass that comes a moment
early is not a pass for nothing.
"""


def period(check_interval: float, mirrors: int) -> float:
    """Seconds between two heartbeats of one mirror in a fleet of so many."""
    return max(check_interval, mirrors / WRITES_PER_SECOND)


def valid_until(oldest_look: float, stale_after: float, heartbeat: float) -> float:
    """Until when a status may be believed (POSIX s)."""
    return oldest_look + stale_after + heartbeat


def due(written: float | None, candidate: float, heartbeat: float) -> bool:
    """Whether ``candidate`` is worth a write. ``written``: validUntil as the API has it."""
    return written is None or candidate - written >= EARLY * heartbeat


class Pace:
    """Lets at most ``WRITES_PER_SECOND`` heartbeats through, a second's worth at once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._left = WRITES_PER_SECOND
        self._at = clock()

    def take(self) -> bool:
        """Whether one more heartbeat may be written now."""
        now = self._clock()
        self._left = min(
            WRITES_PER_SECOND, self._left + max(0.0, now - self._at) * WRITES_PER_SECOND
        )
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
