"""What all mirrors together read: of its source each subject is wanted once, at the shortest
period.
"""

import math
from collections.abc import Callable, Iterable
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
        # The interval of each mirror, and whether we led, when it was last subscribed.
        self._as_wanted: dict[MirrorKey, tuple[float, bool]] = {}
        self._wanted: dict[Subject[Any], float] = {}

    def readers(self, subject: Subject[Any]) -> frozenset[MirrorKey]:
        return self._index.readers(subject)

    def reads(self, mirror: MirrorKey) -> frozenset[Subject[Any]]:
        return self._index.reads(mirror)

    def put(self, mirror: MirrorKey, subjects: Iterable[Subject[Any]], interval: float) -> None:
        """What the mirror reads now, and how old an answer may be that cannot be watched (s)."""
        before, leading = self._index.reads(mirror), self._leading()
        changed = self._index.put(mirror, subjects)
        if not changed and self._as_wanted.get(mirror) == (interval, leading):
            return  # nearly every pass
        self._as_wanted[mirror] = interval, leading
        self._subscribe(before | self._index.reads(mirror))

    def drop(self, mirror: MirrorKey) -> None:
        before = self._index.reads(mirror)
        self._index.put(mirror, ())
        self._as_wanted.pop(mirror, None)
        self._subscribe(before)

    def _subscribe(self, subjects: Iterable[Subject[Any]]) -> None:
        for subject in subjects:
            source = self._sources.of(subject)
            if not (self._leading() or not source.polled):
                continue
            readers = self._index.readers(subject)
            interval = min((self._as_wanted[each][0] for each in readers), default=math.inf)
            if interval == self._wanted.get(subject, math.inf):
                continue
            if readers:
                self._wanted[subject] = interval
                source.want(subject, interval)
            else:
                self._wanted.pop(subject, None)
                source.unwant(subject)
