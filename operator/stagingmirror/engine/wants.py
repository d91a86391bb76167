"""What all mirrors together read, told to the sources: each once, at its shortest interval."""

import math
from collections.abc import Callable, Iterable
from typing import Protocol

from stagingmirror.engine.case import MirrorKey
from stagingmirror.engine.index import Index
from stagingmirror.view import Subject

MODELS = frozenset({"ModelAlias", "ModelVersion"})
"""Kinds of subjects that registries answer; the cluster answers all others."""


class Watching(Protocol):
    """A source that is told what somebody reads, and then hears of its changes."""

    def want(self, subject: Subject) -> None: ...

    def unwant(self, subject: Subject) -> None: ...


class Polling(Protocol):
    """A source that is told how old an answer may be."""

    def want(self, subject: Subject, interval: float) -> None: ...

    def unwant(self, subject: Subject) -> None: ...


class Wants:
    """The reverse index, and the sources that follow it.

    A standby tells the cluster's source, so that its watches are warm, and not the registries': two
    operators would ask each MLflow twice.
    """

    def __init__(
        self, *, cluster: Watching, registry: Polling, leading: Callable[[], bool]
    ) -> None:
        self._cluster = cluster
        self._registry = registry
        self._leading = leading
        self._index: Index[Subject, MirrorKey] = Index()
        self._intervals: dict[MirrorKey, float] = {}
        self._told: dict[Subject, float] = {}

    def readers(self, subject: Subject) -> frozenset[MirrorKey]:
        return self._index.readers(subject)

    def reads(self, mirror: MirrorKey) -> frozenset[Subject]:
        return self._index.reads(mirror)

    def subjects(self) -> frozenset[Subject]:
        return self._index.subjects()

    def put(self, mirror: MirrorKey, subjects: Iterable[Subject], interval: float) -> None:
        """What the mirror reads now, and how old an answer may be that cannot be watched (s)."""
        before = self._index.reads(mirror)
        self._index.put(mirror, subjects)
        self._intervals[mirror] = interval
        self._tell(before | self._index.reads(mirror))

    def drop(self, mirror: MirrorKey) -> None:
        before = self._index.reads(mirror)
        self._index.drop(mirror)
        self._intervals.pop(mirror, None)
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
            if not readers:
                self._told.pop(subject, None)
                (self._registry if is_model else self._cluster).unwant(subject)
                continue
            self._told[subject] = interval
            if is_model:
                self._registry.want(subject, interval)
            else:
                self._cluster.want(subject)
