"""By what our own resources are found without going through all of them."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)
Body = Mapping[str, Any]


class Lookup(NamedTuple):
    """``keys`` never raises, whatever a spec holds."""

    plural: str
    keys: Callable[[Body], Iterable[Hashable]]


def environments_of(body: Body) -> frozenset[str]:
    """The environments that a mirror names, also where its spec cannot be read."""
    spec = body.get("spec") or {}
    sides = (spec.get("production"), spec.get("staging"))
    return frozenset(
        str(side["environment"])
        for side in sides
        if isinstance(side, Mapping) and side.get("environment")
    )


def held_by(body: Body) -> frozenset[tuple[str, str]]:
    """The mirrors that a hold stops, by namespace and name; no name: all of its namespace."""
    mirrors = (body.get("spec") or {}).get("mirrors")
    names = mirrors if isinstance(mirrors, list) and mirrors else [""]
    return frozenset((body["metadata"]["namespace"], str(name)) for name in names)


BY_UID = Lookup("stagingmirrors", lambda body: [body["metadata"].get("uid") or ""])
BY_ENVIRONMENT = Lookup("stagingmirrors", environments_of)
BY_HELD = Lookup("mirrorholds", held_by)
ALL = (BY_UID, BY_ENVIRONMENT, BY_HELD)


class Lookups(Generic[K]):
    """The names of resources (``K``) by every ``Lookup``; follows each body that comes or goes."""

    def __init__(self) -> None:
        self._found: dict[tuple[Lookup, Hashable], set[K]] = {}

    def find(self, lookup: Lookup, key: Hashable) -> frozenset[K]:
        return frozenset(self._found.get((lookup, key), ()))

    def change(self, plural: str, name: K, before: Body | None, after: Body | None) -> None:
        for lookup in ALL:
            if lookup.plural == plural:
                self._change(lookup, name, _keys(lookup, before), _keys(lookup, after))

    def _change(
        self, lookup: Lookup, name: K, before: frozenset[Hashable], after: frozenset[Hashable]
    ) -> None:
        for key in before - after:
            names = self._found[lookup, key]
            names.discard(name)
            if not names:
                del self._found[lookup, key]
        for key in after - before:
            self._found.setdefault((lookup, key), set()).add(name)


def _keys(lookup: Lookup, body: Body | None) -> frozenset[Hashable]:
    return frozenset() if body is None else frozenset(lookup.keys(body))
