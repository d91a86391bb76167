"""What all mirrors together read: of its source each subject is wanted once, at the shortest period
of those who read *it*.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.resources.index import Index
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.view import Subject


class Subscriptions:
    """The reverse index, and the sources that follow it.

    A standby subscribes to what announces changes, so that it is warm, and polls nothing.
    """

    def __init__(self, sources: Sources, *, leading: Callable[[], bool]) -> None:
        self._sources = sources
        self._leading = leading
        self._index: Index[Subject[Any], MirrorKey] = Index()
        # The periods of each mirror, and whether we led, when it was last subscribed.
        self._as_wanted: dict[MirrorKey, tuple[Mapping[Subject[Any], float], bool]] = {}
        self._wanted: dict[Subject[Any], float] = {}

    def readers(self, subject: Subject[Any]) -> frozenset[MirrorKey]:
        return self._index.readers(subject)

    def reads(self, mirror: MirrorKey) -> frozenset[Subject[Any]]:
        return self._index.reads(mirror)

    def put(self, mirror: MirrorKey, periods: Mapping[Subject[Any], float]) -> None:
        """What the mirror reads now, and how old an answer may be that cannot be watched (s)."""
        before, leading = self._as_wanted.get(mirror, ({}, False)), self._leading()
        if before == (periods, leading):
            return  # nearly every pass
        self._as_wanted[mirror] = periods, leading
        self._index.put(mirror, periods)
        for subject in before[0].keys() | periods.keys():
            self._follow(subject, before[0].get(subject), periods.get(subject))

    def add(self, mirror: MirrorKey, periods: Mapping[Subject[Any], float]) -> None:
        """What the mirror reads beside what it has read so far."""
        before = self._as_wanted.get(mirror, ({}, False))[0]
        if not periods.keys() <= before.keys():
            self.put(mirror, {**periods, **before})

    def drop(self, mirror: MirrorKey) -> None:
        before, _ = self._as_wanted.pop(mirror, ({}, False))
        self._index.put(mirror, ())
        for subject, period in before.items():
            self._follow(subject, period, None)

    def _follow(self, subject: Subject[Any], before: float | None, now: float | None) -> None:
        """One mirror wants it at ``now`` (None: not any more), and wanted it at ``before``."""
        source = self._sources.of(subject)
        if not (self._leading() or not source.polled):
            return
        wanted = self._wanted.get(subject, math.inf)
        shortest = self._shortest(subject, wanted, before, now)
        if shortest == wanted:
            return
        if shortest == math.inf:
            del self._wanted[subject]
            source.unwant(subject)
        else:
            self._wanted[subject] = shortest
            source.want(subject, shortest)

    def _shortest(
        self, subject: Subject[Any], wanted: float, before: float | None, now: float | None
    ) -> float:
        """Only where the mirror that wanted it most often wants it less, others are asked; the
        first that wants it as often ends that.
        """
        if now is not None and now <= wanted:
            return now
        if before is not None and before > wanted:
            return wanted
        shortest = math.inf
        for period in self._periods(subject):
            shortest = min(shortest, period)
            if shortest <= wanted:
                break
        return shortest

    def _periods(self, subject: Subject[Any]) -> Iterable[float]:
        return (self._as_wanted[each][0][subject] for each in self._index.each_reader(subject))
