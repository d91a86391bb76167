"""Which source answers which subject."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from stagingmirror.drift.facts import Unseen
from stagingmirror.drift.places import Place, may_be_one
from stagingmirror.sources.source import Source
from stagingmirror.view import Observed, Subject

T = TypeVar("T")


class Sources:
    """All sources of the process, as one table by type of subject."""

    def __init__(self, *sources: Source[Any]) -> None:
        self._by_class: dict[type, Any] = {type(source): source for source in sources}
        self.all = sources
        self._by_type = {each: source for source in sources for each in source.subjects}
        self._by_place = {each: source for source in sources for each in source.places}

    def source(self, kind: type[T], /) -> T:
        """The source of this class. Raises LookupError where there is none."""
        found: T = self._by_class[kind]
        return found

    def of(self, subject: Subject[Any]) -> Source[Any]:
        """Raises LookupError where no source has such subjects: a bug, not something unseen."""
        return self._by_type[type(subject)]

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        """Raises LookupError, as ``of`` does."""
        return self._by_type[type(subject)].get(subject)

    def same_place(self, one: Place, other: Place) -> bool | None:
        """Whether two places are one; None: not known. Raises LookupError where no source has such
        places.
        """
        if one == other or not may_be_one(one, other):
            return one == other
        return self._by_place[type(one)].same_place(one, other)

    def split(
        self, subjects: Iterable[Subject[Any]]
    ) -> Mapping[Source[Any], frozenset[Subject[Any]]]:
        """The subjects of each source that has any of them."""
        found: dict[Source[Any], set[Subject[Any]]] = defaultdict(set)
        for subject in subjects:
            found[self.of(subject)].add(subject)
        return {source: frozenset(some) for source, some in found.items()}
