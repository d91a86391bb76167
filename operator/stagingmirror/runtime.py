"""What a whole operator process runs by: its clock, and whether it may write."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Runtime:
    """``clock`` returns POSIX seconds. ``leading`` returns whether this process holds the Lease and
    has taken over; it is checked before every write.
    """

    clock: Callable[[], float]
    leading: Callable[[], bool]
