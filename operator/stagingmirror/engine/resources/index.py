"""Who reads what: from a subject to the mirrors that must be checked when it changes."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)
M = TypeVar("M", bound=Hashable)


class Index(Generic[S, M]):
    """A many-to-many relation that is replaced per mirror after each of its passes."""

    def __init__(self) -> None:
        self._readers: dict[S, set[M]] = {}
        self._reads: dict[M, frozenset[S]] = {}

    def put(self, mirror: M, subjects: Iterable[S]) -> bool:
        """What the mirror reads now; True where that is not what it read before."""
        now = frozenset(subjects)
        before = self._reads.get(mirror, frozenset())
        if now == before:
            return False
        for subject in before - now:
            self._forget(subject, mirror)
        for subject in now - before:
            self._readers.setdefault(subject, set()).add(mirror)
        if now:
            self._reads[mirror] = now
        else:
            del self._reads[mirror]
        return True

    def readers(self, subject: S) -> frozenset[M]:
        return frozenset(self._readers.get(subject, ()))

    def each_reader(self, subject: S) -> Iterable[M]:
        """The same without a copy, for whoever stops at the first."""
        return self._readers.get(subject, ())

    def reads(self, mirror: M) -> frozenset[S]:
        return self._reads.get(mirror, frozenset())

    def _forget(self, subject: S, mirror: M) -> None:
        readers = self._readers[subject]
        readers.discard(mirror)
        if not readers:
            del self._readers[subject]
