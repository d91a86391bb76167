"""Which mirror writes which field of staging, and which names which alias as production's.

Kept beside the fleet, not by passes: so it is whole whatever the order of passes, and a mirror that
stops writing a field wakes the one that waited for it.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from stagingmirror.drift.places import Place, RegistryAlias, SameRegistry
from stagingmirror.engine.environments.resolve import sides_of
from stagingmirror.engine.ownership.track_entries import all_named, all_written
from stagingmirror.engine.resources.cache import Body, ResourceCache
from stagingmirror.engine.resources.index import Index
from stagingmirror.engine.resources.mirror import MirrorKey, key_of, spec_of
from stagingmirror.errors import NeedsHuman


class Alias(NamedTuple):
    model: str
    alias: str


class Claims:
    """What all mirrors write, and what they name as production's. One that cannot be read, or may
    not use its environments, writes nothing; what it names or named is protected all the same.
    """

    def __init__(self, cache: ResourceCache, same_registry: SameRegistry) -> None:
        self._cache = cache
        self._same_registry = same_registry
        self._writes: Index[Place, MirrorKey] = Index()
        self._names: Index[RegistryAlias, MirrorKey] = Index()
        self._spelled: Index[Alias, RegistryAlias] = Index()
        self._written_as: Index[Alias, RegistryAlias] = Index()

    def update(self, body: Body) -> frozenset[MirrorKey]:
        """A mirror has changed, or what it names; returns the others that this concerns."""
        key = key_of(body)
        try:
            spec = spec_of(self._cache, body)
            sides = sides_of(self._cache, key, spec)
        except NeedsHuman:
            # It is Stalled itself and writes nothing, but what is production's stays production's.
            return self._put(key, frozenset(), self._names.reads(key) | _named_in(body))
        return self._put(key, all_written(spec, sides), all_named(spec, sides))

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

    def is_productions(self, environment: str, model: str, alias: str) -> bool:
        """Whether any mirror names this alias as production's. Two environments that are not
        proven to be two registries count as one.
        """
        return any(
            self._same(name.environment, environment) is not False
            for name in self._spelled.readers(Alias(model, alias))
        )

    def _claiming(self, place: Place) -> frozenset[MirrorKey]:
        if not isinstance(place, RegistryAlias):
            return self._writes.readers(place)
        claims = self._written_as.readers(Alias(place.model, place.alias))
        same = (claim for claim in claims if self._same(claim.environment, place.environment))
        return frozenset().union(*(self._writes.readers(claim) for claim in same))

    def _put(
        self, key: MirrorKey, claimed: frozenset[Place], named: frozenset[RegistryAlias]
    ) -> frozenset[MirrorKey]:
        before = self._writes.reads(key)
        if named != self._names.reads(key):
            self._put_names(key, named)
        if claimed == before:
            return frozenset()
        concerned = self._others(key, before)
        self._writes.put(key, claimed)
        for place in before | claimed:
            if isinstance(place, RegistryAlias):
                alias = [Alias(place.model, place.alias)] if self._writes.readers(place) else []
                self._written_as.put(place, alias)
        return concerned | self._others(key, claimed)

    def _put_names(self, key: MirrorKey, named: frozenset[RegistryAlias]) -> None:
        before = self._names.reads(key)
        self._names.put(key, named)
        for name in before | named:
            spelled = [Alias(name.model, name.alias)] if self._names.readers(name) else []
            self._spelled.put(name, spelled)

    def _others(self, key: MirrorKey, claimed: Iterable[Place]) -> frozenset[MirrorKey]:
        return frozenset().union(*(self._claiming(place) for place in claimed)) - {key}

    def _same(self, one: str, other: str) -> bool | None:
        return True if one == other else self._same_registry(one, other)

    def _age(self, key: MirrorKey) -> tuple[str, str]:
        body = self._cache.get("stagingmirrors", key.name, key.namespace)
        metadata = body["metadata"] if body is not None else {}
        return (metadata.get("creationTimestamp") or "~", metadata.get("uid") or "~")


def _named_in(body: Body) -> frozenset[RegistryAlias]:
    """The aliases of production in a spec that may be wrong in any way, also in these fields."""
    spec = _object(body.get("spec"))
    environment = _object(spec.get("production")).get("environment")
    track = spec.get("track")
    entries = track if isinstance(track, list) else []
    named = (_object(_object(_object(e).get("modelAlias")).get("production")) for e in entries)
    found = ((environment, each.get("model"), each.get("alias")) for each in named)
    return frozenset(RegistryAlias(*map(str, each)) for each in found if all(each))


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
