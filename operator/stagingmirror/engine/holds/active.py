"""Which holds stop a mirror now, and when each became effective."""

from collections.abc import Iterable
from dataclasses import dataclass

from stagingmirror.api.spec.parse import parse_hold
from stagingmirror.api.types.times import parse_time, posix
from stagingmirror.drift.facts import Hold
from stagingmirror.engine.resources.cache import Body, ResourceCache
from stagingmirror.engine.resources.lookups import BY_HELD
from stagingmirror.engine.resources.mirror import MirrorKey, is_leaving
from stagingmirror.errors import NeedsHuman


@dataclass(frozen=True, slots=True)
class Request:
    """A MirrorHold as read, expired or not."""

    uid: str
    generation: int
    namespace: str
    hold: Hold
    mirrors: frozenset[str]
    """Empty: every mirror of the namespace."""

    def stops(self, key: MirrorKey) -> bool:
        return self.namespace == key.namespace and (not self.mirrors or key.name in self.mirrors)


def parsed(body: Body) -> Request:
    """The hold that a body defines. Raises NeedsHuman, naming the field and the remedy."""
    spec, metadata = parse_hold(body), body["metadata"]
    return Request(
        uid=metadata["uid"],
        generation=generation_of(body),
        namespace=metadata["namespace"],
        hold=Hold(metadata["name"], spec.reason, posix(spec.until), frozenset(spec.components)),
        mirrors=frozenset(spec.mirrors),
    )


def read(body: Body) -> Request | None:
    """The same; None where it cannot be read or is being deleted: it holds nothing."""
    if is_leaving(body):
        return None
    try:
        return parsed(body)
    except NeedsHuman:
        return None


def is_effective(body: Body) -> bool:
    """Whether its status shows it as effective for its spec as it is now, not as before an edit."""
    status = body.get("status") or {}
    is_current = status.get("observedGeneration") == generation_of(body)
    return is_current and bool(status.get("effectiveSince"))


def requests(cache: ResourceCache, key: MirrorKey) -> tuple[Request, ...]:
    """Every readable hold that stops this mirror, expired or not."""
    named = cache.where(BY_HELD, tuple(key))
    of_all = cache.where(BY_HELD, (key.namespace, ""))
    found = (cache.made_of("mirrorholds", body, read) for body in (*named, *of_all))
    return tuple(request for request in found if request is not None)


def may_hold(body: Body, key: MirrorKey, components: frozenset[str], now: float) -> bool:
    """Whether a hold may stop one of these components of the mirror at ``now``: a glance at each of
    thousands, before what is left is parsed.
    """
    spec = body.get("spec") or {}
    until = parse_time(spec.get("until"))
    mirrors, held = spec.get("mirrors") or (), spec.get("components") or ()
    return (
        until is not None
        and until > now
        and (not mirrors or key.name in mirrors)
        and (not held or any(each in components for each in held))
    )


def in_force(all_requests: Iterable[Request], key: MirrorKey, now: float) -> tuple[Request, ...]:
    """The holds of one mirror that have not expired at ``now``."""
    return tuple(r for r in all_requests if r.stops(key) and r.hold.until > now)


def generation_of(body: Body) -> int:
    return int(body["metadata"].get("generation") or 0)
