"""A StagingMirror as one pass takes it up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.spec.parse import parse_mirror
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.engine.resources.cache import Body, Changed, ResourceCache
from stagingmirror.engine.resources.compact import CompactBody
from stagingmirror.engine.resources.lookups import BY_ENVIRONMENT, held_by
from stagingmirror.errors import NeedsHuman


class MirrorKey(NamedTuple):
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Mirror:
    key: MirrorKey
    uid: str
    generation: int
    created: str
    annotations: Mapping[str, str]
    status: MirrorStatus
    """As the API has it, or empty."""
    body: Body

    @property
    def seen_before(self) -> bool:
        """Whether any operator has written its status. The API server gives a new object
        ``observedGeneration: -1`` and nothing else.
        """
        return bool(self.status.conditions)


def spread(uid: str) -> float:
    """From 0 to 1, another one for each mirror and always the same: what is due for many at one
    moment does not come at once.
    """
    return crc32(uid.encode()) / 2**32


def key_of(body: Body) -> MirrorKey:
    return MirrorKey(body["metadata"]["namespace"], body["metadata"]["name"])


def mirror_of(body: Body) -> Mirror:
    metadata = body["metadata"]
    return Mirror(
        key=key_of(body),
        uid=metadata["uid"],
        generation=int(metadata.get("generation") or 0),
        created=metadata.get("creationTimestamp") or "",
        annotations=metadata.get("annotations") or {},
        status=_status(body),
        body=body,
    )


def _status(body: Body) -> MirrorStatus:
    if isinstance(body, CompactBody):
        return MirrorStatus.read_json(body.status_json())
    return MirrorStatus.read(body.get("status") or {})


def is_leaving(body: Body) -> bool:
    """Whether a mirror, environment or hold was deleted and a finalizer still keeps it."""
    return bool(body["metadata"].get("deletionTimestamp"))


def find(cache: ResourceCache, key: MirrorKey) -> Mirror | None:
    """The mirror as last seen; None where it is gone or on its way out."""
    body = cache.get("stagingmirrors", key.name, key.namespace)
    if body is None or is_leaving(body):
        return None
    return mirror_of(body)


def concerned(cache: ResourceCache, change: Changed) -> frozenset[MirrorKey]:
    """The mirrors that must be checked because this resource of ours has changed."""
    key = change.key
    if key.plural == "stagingmirrors":
        return frozenset({MirrorKey(key.namespace, key.name)})
    if key.plural == "mirrorenvironments":
        # A Production environment protects its namespaces from every mirror, not only from its own.
        if _protected(change.before) != _protected(change.after):
            return frozenset(key_of(body) for body in cache.all("stagingmirrors"))
        return frozenset(key_of(body) for body in cache.where(BY_ENVIRONMENT, key.name))
    return frozenset(_held(cache, change.before) | _held(cache, change.after))


def _held(cache: ResourceCache, hold: Body | None) -> set[MirrorKey]:
    """The mirrors that a hold stops, there or not."""
    named = {MirrorKey(*each) for each in (() if hold is None else held_by(hold))}
    every = (cache.all("stagingmirrors", each.namespace) for each in named if not each.name)
    return {each for each in named if each.name} | {key_of(body) for some in every for body in some}


def _protected(body: Body | None) -> object:
    """What decides which namespaces are production's, and of which cluster."""
    spec = (body or {}).get("spec") or {}
    return (spec.get("role"), spec.get("namespaces"), spec.get("cluster"))


def spec_of(cache: ResourceCache, body: Body) -> StagingMirrorSpec:
    """The spec. Raises NeedsHuman (InvalidSpec), naming the field and the remedy."""
    spec = cache.made_of("stagingmirrors", body, _read)
    if isinstance(spec, NeedsHuman):
        raise NeedsHuman(spec.reason, spec.message)
    return spec


def readable_spec(cache: ResourceCache, body: Body) -> StagingMirrorSpec | None:
    """The spec; None where it cannot be read."""
    spec = cache.made_of("stagingmirrors", body, _read)
    return None if isinstance(spec, NeedsHuman) else spec


def _read(body: Body) -> StagingMirrorSpec | NeedsHuman:
    try:
        return parse_mirror(body)
    except NeedsHuman as error:
        return error
