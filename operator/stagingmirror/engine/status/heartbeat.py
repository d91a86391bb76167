"""How often ``validUntil`` is written again where nothing else changed: at most 5 writes a second
for any number of mirrors.

``validUntil`` = oldest observation + staleAfter + period. So whether a heartbeat is due can be read
from what is written: the candidate is then a whole period later. That survives restarts and changes
of leader, which therefore write nothing.
"""

from collections.abc import Callable

from stagingmirror.api.types.times import AHEAD

WRITES_PER_SECOND = 5.0
# The part of a period after which a heartbeat may be written, so that a pass that comes a moment
# early is not a pass for nothing.
EARLY = 0.9


def period(check_interval: float, mirrors: int) -> float:
    """Seconds between two heartbeats of one mirror among so many."""
    return max(check_interval, mirrors / WRITES_PER_SECOND)


def due(written: float | None, candidate: float, heartbeat: float) -> bool:
    """Whether ``candidate`` is worth a write. ``written``: validUntil as the API has it."""
    return written is None or candidate - written >= EARLY * heartbeat


def promises_too_much(written: float | None, latest: float) -> bool:
    """Whether ``written`` is later than what an observation of this moment would give (``latest``):
    a clock that was ahead wrote it, or a fleet that was larger.
    """
    return written is not None and written > latest + AHEAD


class Pace:
    """Gives each heartbeat a slot of its own: ``WRITES_PER_SECOND``, a second's worth at once.

    A heartbeat that has to wait knows until when. Thousands fall due together after a first start;
    mirrors that came back only to find the rate used up would keep the operator busy for minutes.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next = clock()

    def next_slot(self) -> float:
        """When one more heartbeat may be written (POSIX s): now, or later."""
        now = self._clock()
        at = max(self._next, now - 1.0)
        self._next = at + 1.0 / WRITES_PER_SECOND
        return max(at, now)
