"""Which mirror writes which place of staging, and which names which place as production's.

Kept beside the cache, not by passes: so it is whole whatever the order of passes, and a mirror that
stops writing a field wakes the one that waited for it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog

from stagingmirror.api.spec.parse import as_mapping
from stagingmirror.drift.places import Place, SamePlace, place_from_json, place_to_json
from stagingmirror.engine.environments.resolve import (
    IsElsewhere,
    offered_to,
    protected_by,
    sides_of,
    unproven_by,
)
from stagingmirror.engine.ownership.track_entries import (
    all_production,
    all_written,
    production_in,
)
from stagingmirror.engine.resources.buckets import Buckets
from stagingmirror.engine.resources.cache import Body, ResourceCache
from stagingmirror.engine.resources.index import Index
from stagingmirror.engine.resources.lookups import BY_UID
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
            self._alike.put(place, [place.spelled()] if self._index.readers(place) else [])

    def of(self, key: MirrorKey) -> frozenset[Place]:
        return self._index.reads(key)

    def mirrors(self, place: Place) -> frozenset[MirrorKey]:
        return self._index.readers(place)

    def alike(self, place: Place) -> frozenset[Place]:
        """What any mirror names that is this place, or may be it by another environment or another
        spelling.
        """
        return self._alike.readers(place.spelled())


class Claims:
    """What all mirrors write, and what they name as production's. One that cannot be read, or may
    not use its environments, writes nothing. What it named while it might is protected as long as
    it exists, over a restart too; what it may not name is not: else anybody could have any alias
    of staging left alone.
    """

    name = "protected"

    def __init__(
        self, cache: ResourceCache, same_place: SamePlace, is_elsewhere: IsElsewhere
    ) -> None:
        self._cache = cache
        self._is_elsewhere = is_elsewhere
        self._same_place = same_place
        self._writes = _Places()
        self._production = _Places()
        # By uid of the mirror what it named as production's when it might.
        self._named = Buckets()
        self._uids: dict[MirrorKey, str] = {}

    def update(self, body: Body) -> frozenset[MirrorKey]:
        """A mirror has changed, or what it names; returns the others that this concerns."""
        key, uid = key_of(body), body["metadata"]["uid"]
        if self._uids.setdefault(key, uid) != uid:
            self._named.put(self._uids[key], None)
            self._uids[key] = uid
        kept = self._kept(uid)
        try:
            spec = spec_of(self._cache, body)
            sides = sides_of(self._cache, key, spec)
            written, production = all_written(spec, sides), all_production(spec, sides)
        except NeedsHuman:
            return self._only_protects(body, kept)
        except Exception:  # a defect met with one mirror must not end its protection
            log.exception("what a mirror writes is not known", mirror="/".join(key))
            return self._only_protects(body, kept)
        # What is not offered any more stays production's as long as it is named.
        production |= kept & production_in(body.get("spec"), lambda which, name: True)
        return self._remember(body, written, production)

    def _only_protects(self, body: Body, kept: frozenset[Place]) -> frozenset[MirrorKey]:
        """It is Stalled itself and writes nothing, but what is production's stays production's."""
        return self._remember(body, frozenset(), kept | _may_name(self._cache, body))

    def _remember(
        self, body: Body, claimed: frozenset[Place], production: frozenset[Place]
    ) -> frozenset[MirrorKey]:
        named = [place_to_json(each) for each in sorted(production, key=repr)]
        self._named.put(body["metadata"]["uid"], named)
        return self._put(key_of(body), claimed, production)

    def production_namespaces(self) -> Mapping[str, str]:
        """Namespaces of this cluster that are production's, with the environment that lists each.
        Nothing is ever written there.
        """
        return protected_by(self._cache.all("mirrorenvironments"), self._is_elsewhere)

    def unproven_namespaces(self) -> Mapping[str, str]:
        """Namespaces that may be production's: the same of clusters that may be this one."""
        return unproven_by(self._cache.all("mirrorenvironments"), self._is_elsewhere)

    def drop(self, key: MirrorKey) -> frozenset[MirrorKey]:
        """The mirror is gone; returns the others that this concerns."""
        if (uid := self._uids.pop(key, None)) is not None:
            self._named.put(uid, None)
        return self._put(key, frozenset(), frozenset())

    def export(self) -> Mapping[str, Mapping[str, Any]]:
        """What must be kept over a restart: what mirrors name as production's, by their uids."""
        return self._named.export()

    def adopt(self, kept: Mapping[str, Mapping[str, Any]]) -> None:
        """What an earlier process exported. Called when every mirror is in the cache."""
        for entry in kept.values():
            for uid, places in entry.items():
                for body in self._cache.where(BY_UID, uid):
                    self._adopt(body, uid, places)

    def _adopt(self, body: Body, uid: str, former: object) -> None:
        now = self._named.get(uid) or []
        lost = [each for each in former if each not in now] if isinstance(former, list) else []
        if lost:  # of few: what a mirror may name now is known already
            self._named.put(uid, [*now, *lost])
            self.update(body)

    def overlap(self, key: MirrorKey, claimed: Iterable[Place]) -> tuple[Place, MirrorKey] | None:
        """One of these writes of a mirror that an older one does too, and which mirror that is."""
        mine = self._age(key)
        for place in sorted(claimed, key=str):
            for other in sorted(self._claiming(place) - {key}):
                if self._age(other) < mine:
                    return place, other
        return None

    def is_production(self, place: Place) -> bool | None:
        """Whether any mirror names this place as production's; None: one names a place that is not
        known to be another.
        """
        same = {self._same_place(each, place) for each in self._production.alike(place)}
        return True if True in same else None if None in same else False

    def _kept(self, uid: str) -> frozenset[Place]:
        written = (place_from_json(as_mapping(each)) for each in self._named.get(uid) or ())
        return frozenset(place for place in written if place is not None)

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


def _may_name(cache: ResourceCache, body: Body) -> frozenset[Place]:
    """What a mirror that cannot be used names as production's, of what it may name."""
    spec = as_mapping(body.get("spec"))
    environment = as_mapping(spec.get("production")).get("environment")
    return production_in(spec, offered_to(cache, key_of(body).namespace, environment))
