"""What is wanted of one cluster, by namespace and kind of subject."""

from collections.abc import Iterable, Iterator

from stagingmirror.sources.kubernetes.subjects import ClusterSubject
from stagingmirror.sources.kubernetes.watch.watched_kinds import NEEDED, demanded
from stagingmirror.sources.subscriptions import Subscriptions


class Wanted:
    """``default``: the period (s) of what is not wanted."""

    def __init__(self, *, default: float) -> None:
        self._default = default
        self._places: dict[tuple[str, str], Subscriptions[ClusterSubject]] = {}

    def __contains__(self, subject: ClusterSubject) -> bool:
        return subject in self._places.get((subject.namespace, subject.kind), ())

    def of(self, namespace: str, kind: str) -> Iterable[ClusterSubject]:
        return self._places.get((namespace, kind), ())

    def add(self, subject: ClusterSubject, period: float) -> tuple[bool, bool]:
        """Whether it is the first of its place, and whether the place is wanted more often now."""
        place = (subject.namespace, subject.kind)
        is_first = place not in self._places
        wanted = self._places.setdefault(place, Subscriptions())
        before = wanted.shortest(default=self._default)
        wanted.want(subject, period)
        return is_first, period < before

    def remove(self, subject: ClusterSubject) -> bool:
        """Whether it was the last of its place."""
        place = (subject.namespace, subject.kind)
        wanted = self._places.get(place)
        if wanted is None:
            return False
        wanted.unwant(subject)
        if not wanted:
            del self._places[place]
        return not wanted

    def spaces(self, kind: str) -> frozenset[str]:
        """The namespaces in which a kind of object is wanted that is watched on demand."""
        return frozenset(space for space, each in self._places if kind in demanded(each))

    def pace(self, kind: str) -> dict[str, float]:
        """By namespace, how often (s) what is wanted of it rests on this kind of object."""
        found: dict[str, float] = {}
        for (namespace, wanted_kind), wanted in self._places.items():
            if kind in NEEDED[wanted_kind]:
                shortest = wanted.shortest(default=self._default)
                found[namespace] = min(shortest, found.get(namespace, shortest))
        return found

    def resting_on(self, kind: str, namespace: str | None) -> Iterator[ClusterSubject]:
        """What rests on this kind of object in a namespace, or in all."""
        for (space, subject_kind), wanted in self._places.items():
            if kind in NEEDED[subject_kind] and namespace in (None, space):
                yield from wanted
