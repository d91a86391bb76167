"""When each of many things is polled: at the pace of those who want *it*, and together with others
where that makes it little earlier.
"""

import asyncio
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from math import inf
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)

# The part of its period after which something is polled along with what is due.
ALONG = 0.95
# Rounds out of turn that may come at once.
BURST = 20
# Periods that nothing has any more, and may still be kept.
_FORMER = 64
# Things that are not wanted any more and whose last poll is still known.
_LEFT = 10_000
# Seconds after which whoever waits for a floor looks whether it is needed, or due anyway.
_LOOK = 2.0
# Things with a floor of their own, before those are forgotten that could be polled at once.
_KEPT = 1000


class Pace(Generic[S]):
    """Times are those of the caller, periods seconds. What is new is due at once, or ``least``
    seconds after it was last polled where it was wanted before; from then on it is polled when
    others of its period are.
    """

    def __init__(self, least: float = 0.0) -> None:
        self.least = least
        self._periods: dict[S, float] = {}
        self._last: dict[S, float] = {}
        # When each was polled indeed; in ``_last`` it may be with others of its period.
        self._polled: dict[S, float] = {}
        # The same of what was left, and is not polled again yet; the newest last.
        self._left: dict[S, float] = {}
        # When things of one period were polled together last.
        self._together: dict[float, float] = {}

    def __iter__(self) -> Iterator[S]:
        return iter(self._periods)

    def want(self, subject: S, period: float) -> None:
        """The newest period counts."""
        self._periods[subject] = period

    def unwant(self, subject: S) -> None:
        self._periods.pop(subject, None)
        if self._last.pop(subject, None) is not None:
            self._left.pop(subject, None)
            self._left[subject] = self._polled.pop(subject)
        while len(self._left) > _LEFT:
            del self._left[next(iter(self._left))]

    def due_at(self, *, default: float) -> float:
        """When the first of all that were polled is due; ``default`` where there is none."""
        return min(
            (
                self._last[each] + period
                for each, period in self._periods.items()
                if self._has(each)
            ),
            default=default,
        )

    def new_at(self) -> float:
        """When the first is due that is new; infinity where nothing is."""
        new = (self._new_at(each) for each in self._periods if not self._has(each))
        return min(new, default=inf)

    def has_new(self, subjects: Iterable[S]) -> bool:
        """Whether one of these was not polled since it is wanted."""
        return any(not self._has(each) for each in subjects)

    def due(self, now: float) -> Collection[S]:
        """What is polled in a round at ``now``."""
        return [
            each
            for each, period in self._periods.items()
            if (self._last[each] + ALONG * period if self._has(each) else self._new_at(each)) <= now
        ]

    def polled(self, subjects: Iterable[S], began: float) -> None:
        """These were polled by a round that began then."""
        new = []
        for each in subjects:
            if each in self._periods:
                self._polled[each] = began
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
            self._left.pop(each, None)
        if len(self._together) > len(self._periods) + _FORMER:
            used = set(self._periods.values())
            self._together = {p: at for p, at in self._together.items() if p in used}

    def _has(self, subject: S) -> bool:
        return subject in self._last

    def _new_at(self, subject: S) -> float:
        return self._left.get(subject, -inf) + self.least


class Extra:
    """Rounds that do not wait for what is due: ``burst`` at once, and from then on one after each
    ``every`` seconds. Whoever can request a round again and again wears no server out.
    """

    def __init__(self, burst: int) -> None:
        self._burst = burst
        # Where all rounds so far had come one after the other: when the next one would.
        self._next = -inf

    def at(self, every: float) -> float:
        """When one more may begin."""
        return self._next - (self._burst - 1) * every

    def spent(self, now: float, every: float) -> None:
        """One begins now."""
        self._next = max(self._next, now) + every

    def is_rested(self, now: float) -> bool:
        """Whether it is as if no round had ever come."""
        return self._next <= now


class Floor(Generic[S]):
    """An ``Extra`` of ``BURST`` for each of some things."""

    def __init__(self) -> None:
        self._extras: dict[S, Extra] = {}

    async def turn(
        self,
        thing: S,
        every: float,
        *,
        clock: Callable[[], float],
        needed: Callable[[], bool],
        own: Callable[[], float] = lambda: inf,
    ) -> bool:
        """Wait until one more round for this thing may begin, and begin it; False: in the meantime
        it is not needed any more. ``own``: when the round is due anyway, and is none out of turn.
        """
        while needed():
            now = clock()
            if (due := own() - now) <= 0.0:
                return True
            extra = self._extras.setdefault(thing, Extra(BURST))
            if (pause := extra.at(every) - now) <= 0.0:
                extra.spent(now, every)
                self._forget(now)
                return True
            await asyncio.sleep(min(pause, due, _LOOK))
        return False

    def _forget(self, now: float) -> None:
        if len(self._extras) > _KEPT:
            kept = self._extras.items()
            self._extras = {each: extra for each, extra in kept if not extra.is_rested(now)}
