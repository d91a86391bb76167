"""Which holds stop a mirror now, and when each became effective."""

from collections.abc import Iterable
from dataclasses import dataclass

from stagingmirror.api.spec.parse import parse_hold
from stagingmirror.api.types.times import posix
from stagingmirror.drift.facts import Hold
from stagingmirror.engine.resources.cache import Body, ResourceCache
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


def read(body: Body) -> Request | None:
    """The hold that a body defines; None where it cannot be read (the API server refuses those)
    or is being deleted.
    """
    metadata = body["metadata"]
    if is_leaving(body):
        return None
    try:
        spec = parse_hold(body)
        until = posix(spec.until)
    except NeedsHuman:
        return None
    return Request(
        uid=metadata["uid"],
        generation=_generation(body),
        namespace=metadata["namespace"],
        hold=Hold(metadata["name"], spec.reason, until, frozenset(spec.components)),
        mirrors=frozenset(spec.mirrors),
    )


def is_effective(body: Body) -> bool:
    """Whether its status shows it as effective for its spec as it is now, not as before an edit."""
    status = body.get("status") or {}
    is_current = status.get("observedGeneration") == _generation(body)
    return is_current and bool(status.get("effectiveSince"))


def requests(cache: ResourceCache, namespace: str | None = None) -> tuple[Request, ...]:
    """Every readable hold of one namespace, or of all."""
    bodies = cache.all("mirrorholds", namespace)
    found = (cache.made_of("mirrorholds", body, read) for body in bodies)
    return tuple(request for request in found if request is not None)


def in_force(all_requests: Iterable[Request], key: MirrorKey, now: float) -> tuple[Request, ...]:
    """The holds of one mirror that have not expired at ``now``."""
    return tuple(r for r in all_requests if r.stops(key) and r.hold.until > now)


class AcknowledgedHolds:
    """Which mirrors have passed with a hold in force and no refresh running.

    A hold is effective once every mirror that it names has: a refresh that was running when the
    hold came has ended by then, and no new one starts.
    """

    def __init__(self) -> None:
        self._by: dict[str, tuple[int, set[MirrorKey]]] = {}

    def passed(self, request: Request, key: MirrorKey) -> None:
        self._passed(request).add(key)

    def effective(self, request: Request, mirrors: Iterable[MirrorKey]) -> bool:
        """Whether all of these mirrors that the hold stops have passed with it as it is now."""
        passed = self._passed(request)
        return all(key in passed for key in mirrors if request.stops(key))

    def drop(self, uid: str) -> None:
        self._by.pop(uid, None)

    def _passed(self, request: Request) -> set[MirrorKey]:
        known = self._by.get(request.uid)
        if known is None or known[0] != request.generation:
            known = self._by[request.uid] = (request.generation, set())
        return known[1]


def holds_nothing(request: Request, mirrors: Iterable[Body]) -> str | None:
    """Which mirror or component it names is not there, and what to do; None: all are."""
    tracked = {
        body["metadata"]["name"]: {each.get("name") for each in body["spec"].get("track") or ()}
        for body in mirrors
        if body["metadata"]["namespace"] == request.namespace
    }
    missing = sorted(request.mirrors - tracked.keys())
    if missing:
        return (
            f"spec.mirrors: there is no StagingMirror {missing[0]} in namespace "
            f"{request.namespace}; correct the name."
        )
    meant = [tracked[name] for name in request.mirrors or tracked]
    unknown = sorted(request.hold.components - {each for names in meant for each in names})
    if unknown:
        return (
            f"spec.components: no StagingMirror that this hold names tracks {unknown[0]}; "
            "correct the name."
        )
    return None


def _generation(body: Body) -> int:
    return int(body["metadata"].get("generation") or 0)
