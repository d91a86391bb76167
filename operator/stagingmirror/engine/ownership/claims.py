"""Which mirror writes which place of staging, and which names which place as production's.

Kept beside the cache, not by passes: so it is whole whatever the order of passes, and a mirror that
stops writing a field wakes the one that waited for it.
"""

from collections.abc import Iterable

import structlog

from stagingmirror.drift.places import Place, SamePlace
from stagingmirror.engine.environments.resolve import sides_of
from stagingmirror.engine.ownership.track_entries import (
    all_production,
    all_written,
    production_in,
)
from stagingmirror.engine.resources.cache import Body, ResourceCache
from stagingmirror.engine.resources.index import Index
from stagingmirror.engine.resources.mirror import MirrorKey, key_of, spec_of
from stagingmirror.errors import NeedsHuman

log = structlog.get_logger(__name__)


class _Places:
    """Which mirrors name which places."""

    def __init__(self) -> None:
        self._index: Index[Place, MirrorKey] = Index()
        self._alike: Index[Place, Place] = Index()

    def put(self, key: MirrorKey, places: frozenset[Place]) -> None:
        """The places that a mirror names now."""
        before = self.of(key)
        self._index.put(key, places)
        for place in before ^ places:
            self._alike.put(place, [place.anywhere()] if self._index.readers(place) else [])

    def of(self, key: MirrorKey) -> frozenset[Place]:
        return self._index.reads(key)

    def mirrors(self, place: Place) -> frozenset[MirrorKey]:
        return self._index.readers(place)

    def alike(self, place: Place) -> frozenset[Place]:
        """What any mirror names that is this place, or equal to it but for the environment."""
        return self._alike.readers(place.anywhere())


class Claims:
    """What all mirrors write, and what they name as production's. One that cannot be read, or may
    not use its environments, writes nothing; what it names or named is protected all the same.
    """

    def __init__(self, cache: ResourceCache, same_place: SamePlace) -> None:
        self._cache = cache
        self._same_place = same_place
        self._writes = _Places()
        self._production = _Places()

    def update(self, body: Body) -> frozenset[MirrorKey]:
        """A mirror has changed, or what it names; returns the others that this concerns."""
        key = key_of(body)
        try:
            spec = spec_of(self._cache, body)
            sides = sides_of(self._cache, key, spec)
            written, production = all_written(spec, sides), all_production(spec, sides)
        except NeedsHuman:
            return self._only_protects(key, body)
        except Exception:
            log.exception("what a mirror writes is not known", mirror="/".join(key))
            return self._only_protects(key, body)
        return self._put(key, written, production)

    def _only_protects(self, key: MirrorKey, body: Body) -> frozenset[MirrorKey]:
        """It is Stalled itself and writes nothing, but what is production's stays production's."""
        named = production_in(body.get("spec"))
        return self._put(key, frozenset(), self._production.of(key) | named)

    def drop(self, key: MirrorKey) -> frozenset[MirrorKey]:
        """The mirror is gone; returns the others that this concerns."""
        return self._put(key, frozenset(), frozenset())

    def overlap(self, key: MirrorKey, claimed: Iterable[Place]) -> tuple[Place, MirrorKey] | None:
        """One of these writes of a mirror that an older one does too, and which mirror that is."""
        mine = self._age(key)
        for place in sorted(claimed, key=str):
            for other in sorted(self._claiming(place) - {key}):
                if self._age(other) < mine:
                    return place, other
        return None

    def is_production(self, place: Place) -> bool:
        """Whether any mirror names this place, or one that is not known to be another, as
        production's.
        """
        alike = self._production.alike(place)
        return any(self._same_place(each, place) is not False for each in alike)

    def _claiming(self, place: Place) -> frozenset[MirrorKey]:
        same = (each for each in self._writes.alike(place) if self._same_place(each, place))
        return frozenset().union(*(self._writes.mirrors(each) for each in same))

    def _put(
        self, key: MirrorKey, claimed: frozenset[Place], production: frozenset[Place]
    ) -> frozenset[MirrorKey]:
        self._production.put(key, production)
        before = self._writes.of(key)
        if claimed == before:
            return frozenset()
        concerned = self._others(key, before)
        self._writes.put(key, claimed)
        return concerned | self._others(key, claimed)

    def _others(self, key: MirrorKey, claimed: Iterable[Place]) -> frozenset[MirrorKey]:
        return frozenset().union(*(self._claiming(place) for place in claimed)) - {key}

    def _age(self, key: MirrorKey) -> tuple[str, str]:
        body = self._cache.get("stagingmirrors", key.name, key.namespace)
        metadata = body["metadata"] if body is not None else {}
        return (metadata.get("creationTimestamp") or "~", metadata.get("uid") or "~")
