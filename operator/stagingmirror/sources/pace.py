"""When each of many things is polled: at the pace of those who want *it*, and together with others
where that makes it little earlier.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator
from math import inf
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)

# The part of its period after which something is polled along with what is due.
ALONG = 0.95
# Rounds out of turn that may come at once.
BURST = 20
# Periods that nothing has any more, and may still be kept.
_FORMER = 64


class Pace(Generic[S]):
    """Times are those of the caller, periods seconds. What was never polled is due at once; from
    then on it is polled when others of its period are.
    """

    def __init__(self) -> None:
        self._periods: dict[S, float] = {}
        self._last: dict[S, float] = {}
        # When things of one period were polled together last.
        self._together: dict[float, float] = {}

    def __iter__(self) -> Iterator[S]:
        return iter(self._periods)

    def want(self, subject: S, period: float) -> None:
        """The newest period counts."""
        self._periods[subject] = period

    def unwant(self, subject: S) -> None:
        self._periods.pop(subject, None)
        self._last.pop(subject, None)

    def due_at(self, *, default: float) -> float:
        """When the first of all is due; ``default`` where nothing is wanted."""
        return min(
            (self._last.get(each, -inf) + period for each, period in self._periods.items()),
            default=default,
        )

    def due(self, now: float) -> Collection[S]:
        """What is polled in a round at ``now``."""
        return [
            each
            for each, period in self._periods.items()
            if self._last.get(each, -inf) + ALONG * period <= now
        ]

    def polled(self, subjects: Iterable[S], began: float) -> None:
        """These were polled by a round that began then."""
        new = []
        for each in subjects:
            if each in self._last:
                self._last[each] = self._together[self._periods[each]] = began
            elif each in self._periods:
                new.append(each)
        for each in new:
            period = self._periods[each]
            together = self._together.get(period, -inf)
            if not began - period < together <= began:
                together = self._together[period] = began
            self._last[each] = together
        if len(self._together) > len(self._periods) + _FORMER:
            used = set(self._periods.values())
            self._together = {p: at for p, at in self._together.items() if p in used}


class Extra:
    """Rounds that do not wait for what is due: ``burst`` at once, and from then on one after each
    ``every`` seconds. Whoever can request a round again and again wears no server out.
    """

    def __init__(self, burst: int = BURST) -> None:
        self._burst = burst
        # Where all rounds so far had come one after the other: when the next one would.
        self._next = -inf

    def at(self, every: float) -> float:
        """When one more may begin."""
        return self._next - (self._burst - 1) * every

    def spent(self, now: float, every: float) -> None:
        """One begins now."""
        self._next = max(self._next, now) + every
