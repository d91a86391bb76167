"""Which registry answers at an address: proven by what it holds, not by how it is spelled."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

# None: not known.
Same = bool | None
# Seconds by which a thing must be older than both observations to distinguish two registries: one
# that was deleted and created again in between has two times in one registry.
_SETTLED = 60.0


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    created: int
    """Milliseconds since 1970."""
    versions: Mapping[str, int]
    """Of the versions that a search shows, when each was created (ms)."""


@dataclass(frozen=True, slots=True)
class RegistryIdentity:
    founded: int | None
    """When the default experiment, which every MLflow makes with its database, was created (ms);
    None: we may not see it.
    """
    models: Mapping[str, ModelIdentity]
    began: float = field(default=math.inf, compare=False)
    """When the request for it began (POSIX s)."""


def same(one: RegistryIdentity, other: RegistryIdentity) -> Same:
    """Whether both are the same registry; None where there is no evidence.

    When a thing was made never changes, so one that was made at different times is in two
    registries, whatever else they share: one may have been restored from the other's backup. Where
    nothing differs, things made at the same millisecond are taken for the same ones, which is the
    safe side.
    """
    early = min(one.began, other.began) - _SETTLED
    shared = one.models.keys() & other.models.keys()
    facts = [fact for name in shared for fact in _facts(one.models[name], other.models[name])]
    if any(a != b and max(a, b) <= early * 1000 for a, b in facts):
        return False
    if any(one.models[name].created == other.models[name].created for name in shared):
        return True
    if one.founded is not None and other.founded is not None:
        return one.founded == other.founded
    return None


class Compared:
    """``same`` for pairs of environments, worked out once per answer of theirs: every pass of every
    mirror needs it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[RegistryIdentity, RegistryIdentity, Same]] = {}

    def same(self, pair: tuple[str, str], one: RegistryIdentity, other: RegistryIdentity) -> Same:
        known = self._known.get(pair)
        if known is None or known[0] is not one or known[1] is not other:
            known = self._known[pair] = one, other, same(one, other)
        return known[2]

    def forget(self, environment: str) -> None:
        self._known = {pair: it for pair, it in self._known.items() if environment not in pair}


def _facts(one: ModelIdentity, other: ModelIdentity) -> list[tuple[int, int]]:
    """Times of the same things here and there."""
    versions = one.versions.keys() & other.versions.keys()
    return [(one.created, other.created), *((one.versions[v], other.versions[v]) for v in versions)]
