"""Which registry answers at an address: proven by the registered models in it, not by how it is
spelled, and not by what else a server has: two tracking servers may share one registry.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# None: not known.
Same = bool | None
# Seconds by which a thing must be older than both observations to distinguish two registries: one
# that was deleted and created again in between has two times in one registry.
_SETTLED = 60.0


class Span(NamedTuple):
    """When an answer was requested and when it was there (POSIX s of this process)."""

    began: float
    ended: float

    def is_before(self, other: "Span") -> bool:
        return self.ended <= other.began


class Noted(NamedTuple):
    """A name that was requested, as it was from the first of these answers to the last."""

    created: int | None
    """Of the registered model, ms; None: the server confirmed that no model has the name."""
    first: Span
    second: Span
    last: Span


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    created: int
    """Milliseconds since 1970."""
    versions: Mapping[str, int]
    """Of the versions that a search shows, when each was created (ms)."""


@dataclass(frozen=True, slots=True)
class RegistryIdentity:
    models: Mapping[str, ModelIdentity]
    noted: Mapping[str, Noted] = field(default_factory=dict)
    began: float = field(default=math.inf, compare=False)
    """When the newest of these answers was requested (POSIX s)."""


def same(one: RegistryIdentity, other: RegistryIdentity) -> Same:
    """Whether both are the same registry; None where there is no evidence.

    A name that is one model here and another one, or none, there is in two registries, whatever
    else they share, if it was observed here before and after it was observed there. So is a model
    that has one version that was made at two times: one may have been restored from the other's
    backup. Where nothing differs, models made at the same millisecond are taken for the same ones,
    which is the safe side; where one seems to differ, and was not observed in that order yet, it is
    open.
    """
    settled = (min(one.began, other.began) - _SETTLED) * 1000
    pairs = [(one.models[name], other.models[name]) for name in one.models.keys() & other.models]
    shared = [(a, b) for a, b in pairs if a.created == b.created]
    made = [times for a, b in shared for times in _versions(a, b)]
    if any(a != b and max(a, b) <= settled for a, b in made):
        return False
    noted = one.noted.keys() & other.noted.keys()
    if any(_differs(one.noted[name], other.noted[name]) for name in noted):
        return False
    is_open = any(a.created != b.created and max(a.created, b.created) <= settled for a, b in pairs)
    return True if shared and not is_open else None


def evidence(holder: RegistryIdentity, other: RegistryIdentity) -> Iterator[str]:
    """Names that are to be requested of the other: models that the holder has and of which the
    other does not know, and those that seem to be two.
    """
    has = {name for name, noted in holder.noted.items() if noted.created is not None}
    both = holder.models.keys() & other.models.keys()
    two = {name for name in both if holder.models[name].created != other.models[name].created}
    return iter(sorted((has - other.models.keys() | two) - other.noted.keys()))


class Evidence:
    """What is kept of the names that were requested."""

    def __init__(self) -> None:
        self.noted: dict[str, Noted] = {}

    def note(self, found: Mapping[str, int | None], span: Span, *, kept: Collection[str]) -> None:
        """When each model was created (ms), None where it is confirmed not to be there. All names
        but ``kept`` are forgotten.
        """
        now = {name: self.noted[name] for name in kept if name in self.noted}
        for name, created in found.items():
            known = now.get(name)
            if known is None or known.created != created:
                now[name] = Noted(created, span, span, span)
            else:
                second = span if known.second == known.first else known.second
                now[name] = Noted(created, known.first, second, span)
        self.noted = now


class Compared:
    """``same`` for pairs of environments, worked out once per answer of theirs: every pass of every
    mirror needs it.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[RegistryIdentity, RegistryIdentity, Same]] = {}
        self._doubts: dict[tuple[str, str], int] = {}

    def same(
        self,
        pair: tuple[str, str],
        one: RegistryIdentity,
        other: RegistryIdentity,
        doubt: Callable[[int], None],
    ) -> Same:
        """``doubt`` is called once per answer that leaves it open, with how many did so before."""
        known = self._known.get(pair)
        if known is None or known[0] is not one or known[1] is not other:
            known = self._known[pair] = one, other, same(one, other)
            if known[2] is None:
                doubts = self._doubts.get(pair, 0)
                self._doubts[pair] = doubts + 1
                doubt(doubts)
        return known[2]

    def forget(self, environment: str) -> None:
        for kept in (self._known, self._doubts):
            for pair in [pair for pair in kept if environment in pair]:
                del kept[pair]


def _differs(here: Noted, there: Noted) -> bool:
    """Whether the name is a model here and none, or another one, there, without a clock of theirs:
    here it was observed before and after it was observed there, so it was not deleted, created or
    renamed in between.
    """
    return here.created != there.created and (_encloses(here, there) or _encloses(there, here))


def _encloses(outer: Noted, inner: Noted) -> bool:
    """Whether a model was there the whole time."""
    return outer.created is not None and any(
        outer.first.is_before(span) and span.is_before(outer.last)
        for span in (inner.first, inner.second, inner.last)
    )


def _versions(one: ModelIdentity, other: ModelIdentity) -> Iterable[tuple[int, int]]:
    """When the same versions of one model were made, here and there."""
    versions = one.versions.keys() & other.versions.keys()
    return [(one.versions[v], other.versions[v]) for v in versions]
