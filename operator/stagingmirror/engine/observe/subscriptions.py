"""What all mirrors together read, told to the sources: each once, at its shortest interval."""

import math
from collections.abc import Callable, Iterable
from typing import Protocol

from stagingmirror.engine.resources.index import Index
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.view import Subject

MODELS = frozenset({"ModelAlias", "ModelVersion"})
"""Kinds of subjects that registries answer; the cluster answers all others."""


class Source(Protocol):
    """It is told what somebody reads, and how old an answer may be (s)."""

    def want(self, subject: Subject, interval: float) -> None: ...

    def unwant(self, subject: Subject) -> None: ...


class Subscriptions:
    """The reverse index, and the sources that follow it.

    A standby tells the cluster's source, so that its watches are warm, and not the registries': two
    operators would ask each MLflow twice.
    """

    def __init__(self, *, cluster: Source, registry: Source, leading: Callable[[], bool]) -> None:
        self._cluster = cluster
        self._registry = registry
        self._leading = leading
        self._index: Index[Subject, MirrorKey] = Index()
        self._intervals: dict[MirrorKey, float] = {}
        self._as_told: dict[MirrorKey, tuple[float, bool]] = {}
        """The interval of each mirror, and whether we led, when the sources were told."""
        self._told: dict[Subject, float] = {}

    def readers(self, subject: Subject) -> frozenset[MirrorKey]:
        return self._index.readers(subject)

    def reads(self, mirror: MirrorKey) -> frozenset[Subject]:
        return self._index.reads(mirror)

    def subjects(self) -> frozenset[Subject]:
        return self._index.subjects()

    def put(self, mirror: MirrorKey, subjects: Iterable[Subject], interval: float) -> None:
        """What the mirror reads now, and how old an answer may be that cannot be watched (s)."""
        before, leading = self._index.reads(mirror), self._leading()
        changed = self._index.put(mirror, subjects)
        if not changed and self._as_told.get(mirror) == (interval, leading):
            return  # nearly every pass
        self._intervals[mirror] = interval
        self._as_told[mirror] = interval, leading
        self._tell(before | self._index.reads(mirror))

    def drop(self, mirror: MirrorKey) -> None:
        before = self._index.reads(mirror)
        self._index.drop(mirror)
        self._intervals.pop(mirror, None)
        self._as_told.pop(mirror, None)
        self._tell(before)

    def _tell(self, subjects: Iterable[Subject]) -> None:
        for subject in subjects:
            is_model = subject.kind in MODELS
            if is_model and not self._leading():
                continue
            readers = self._index.readers(subject)
            interval = min((self._intervals[each] for each in readers), default=math.inf)
            if interval == self._told.get(subject, math.inf):
                continue
            source = self._registry if is_model else self._cluster
            if readers:
                self._told[subject] = interval
                source.want(subject, interval)
            else:
                self._told.pop(subject, None)
                source.unwant(subject)
