"""What a whole operator process runs by: its clock, and whether it may write."""

from collections.abc import Callable
from dataclasses import dataclass, field

# Seconds by which the wall clock may part from the monotonic one between two readings: what keeps a
# clock right slews it by 0.05 % at most.
STEP = 1.0


@dataclass(frozen=True, slots=True)
class Runtime:
    """``clock`` returns POSIX seconds. ``leading`` returns whether this process holds the Lease and
    has taken over; it is checked before every write.
    """

    clock: Callable[[], float]
    leading: Callable[[], bool]


@dataclass(slots=True)
class SteadyClock:
    """POSIX seconds that go on as fast as ``monotonic`` does. Where somebody sets the clock
    (``wall``) meanwhile, no mark that was made before means anything any more, and no interval that
    is measured by it: ``stepped`` is called once, with the seconds by which it was set. The process
    must then write nothing more, and begin anew.
    """

    wall: Callable[[], float]
    monotonic: Callable[[], float]
    stepped: Callable[[float], None]
    _offset: float | None = field(default=None, init=False)
    _is_steady: bool = field(default=True, init=False)

    def __call__(self) -> float:
        now = self.wall()
        offset = now - self.monotonic()
        if self._offset is not None and abs(offset - self._offset) > STEP:
            # The process may have been stopped between the two readings.
            now = self.wall()
            offset = now - self.monotonic()
        former, self._offset = self._offset, offset
        if former is not None and abs(offset - former) > STEP and self._is_steady:
            self._is_steady = False
            self.stepped(offset - former)
        return now
