"""What time it is at a server, whatever this machine's clock shows."""

from time import perf_counter
from typing import NamedTuple

from stagingmirror.sources.skew import Skew, moment, skew


class _Answer(NamedTuple):
    """``begun`` and ``ended`` by ``perf_counter``, ``date`` by the server's clock (POSIX s)."""

    date: float
    begun: float
    ended: float


class ServerClock:
    """Follows the ``Date`` (RFC 9110) of a server's answers, which has whole seconds."""

    def __init__(self) -> None:
        self._last: _Answer | None = None
        self._skew = Skew()

    def answered(self, date: str | None, begun: float) -> None:
        """An answer to a request that began at ``begun`` (``perf_counter``)."""
        if (at := moment(date)) is not None:
            self._last = _Answer(at, begun, perf_counter())

    def now(self) -> float | None:
        """POSIX s, at most a second and a request's duration late; None: no answer had a Date."""
        if self._last is None:
            return None
        # The latest that it can be there: the second may be nearly over, the request may have
        # arrived at once. Whoever judges ages by it takes nothing for younger than it is.
        return self._last.date + 1.0 + perf_counter() - self._last.begun

    def skew(self, ours: float) -> float:
        """By how many seconds the server's clock is seen to differ from ours, which shows ``ours``
        (POSIX s) now, at most lately; 0: by none that a request's duration does not explain.
        """
        if self._last is None:
            return 0.0
        start = ours - perf_counter()
        apart = skew(self._last.date, start + self._last.begun, start + self._last.ended)
        return self._skew.seen(apart, ours)
