"""MirrorHolds as the commands read them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.read.mirror import Mirror


@dataclass(frozen=True, slots=True)
class Hold:
    """``mirrors`` and ``components`` are empty where all are meant. ``until`` is in POSIX s.
    ``pending`` is why it is not in effect; None: it is.
    """

    namespace: str
    name: str
    mirrors: frozenset[str]
    components: tuple[str, ...]
    reason: str
    until: float
    pending: str | None

    def holds(self, mirror: Mirror, now: float) -> bool:
        """Whether it is about this mirror, or a component of it, and has not ended."""
        return (
            self.namespace == mirror.namespace
            and now < self.until
            and (not self.mirrors or mirror.name in self.mirrors)
            and (not self.components or bool(set(self.components) & set(mirror.tracked)))
        )


def read_holds(bodies: Iterable[Mapping[str, Any]]) -> list[Hold]:
    """Those that can be read, by name; one without an end holds nothing."""
    found = [_read(body) for body in bodies]
    return sorted((each for each in found if each is not None), key=lambda each: each.name)


def holding(mirror: Mirror, holds: Iterable[Hold], now: float) -> list[Hold]:
    """Those of this mirror."""
    return [each for each in holds if each.holds(mirror, now)]


def _read(body: Mapping[str, Any]) -> Hold | None:
    metadata, spec, status = body["metadata"], body.get("spec") or {}, body.get("status") or {}
    until = parse_time(spec.get("until"))
    if until is None:
        return None
    is_current = status.get("observedGeneration") == metadata.get("generation")
    current = status if is_current else {}
    in_effect = parse_time(current.get("effectiveSince")) is not None
    return Hold(
        namespace=metadata["namespace"],
        name=metadata["name"],
        mirrors=frozenset(spec.get("mirrors") or ()),
        components=tuple(spec.get("components") or ()),
        reason=str(spec.get("reason", "")),
        until=until,
        pending=None if in_effect else str(current.get("message") or "it was not checked yet"),
    )
