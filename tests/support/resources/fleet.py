"""A fleet with two environments, and the claims on it."""

from typing import Any

from stagingmirror.drift.places import Place
from stagingmirror.engine.check.blockers import find
from stagingmirror.engine.environments.resolve import sides_of
from stagingmirror.engine.ownership.claims import Claims
from stagingmirror.engine.ownership.track_entries import all_written
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import MirrorKey, spec_of
from support.kinds.builders import proving
from support.resources import resources

SPACE = "ml-staging"
REFRESH = {"schedule": "0 6 * * 1-5"}
MODEL = "fraud-detector"


def environment(name: str, role: str, namespace: str, version: int = 1, **spec: Any) -> Any:
    offers = {"readable": resources.READABLE, "comparable": {}}
    body = resources.environment(name, role, **{"namespaces": [namespace], **offers, **spec})
    body["metadata"] |= {"uid": f"uid-{name}", "resourceVersion": str(version), "generation": 1}
    return body


def mirror(name: str, created: int, version: int = 1, **spec: Any) -> Any:
    body = resources.mirror(name, SPACE, **{"refresh": REFRESH, **spec})
    body["metadata"] |= {
        "uid": f"uid-{name}",
        "resourceVersion": str(version),
        "generation": version,
        "creationTimestamp": f"2026-11-23T00:00:{created:02}Z",
    }
    return body


def key(name: str) -> MirrorKey:
    return MirrorKey(SPACE, name)


class World:
    """A fleet with two environments, and the claims on it. ``same`` is what registries prove."""

    def __init__(self) -> None:
        self.cache = ResourceCache()
        self.same: bool | None = False
        self.claims = Claims(self.cache, self._same_place, lambda *_: None)
        for each in (
            environment("production", "Production", "ml-prod"),
            environment("staging", "Staging", SPACE),
        ):
            self.cache.put("mirrorenvironments", each)

    def _same_place(self, one: Place, other: Place) -> bool | None:
        here = getattr(one, "environment", "") == getattr(other, "environment", "")
        return here or self.same

    def put(self, body: Any) -> frozenset[MirrorKey]:
        self.cache.put("stagingmirrors", body)
        return self.claims.update(body)

    def overlapping(self, body: Any) -> MirrorKey | None:
        spec = spec_of(self.cache, body)
        sides = sides_of(self.cache, key(body["metadata"]["name"]), spec)
        name = key(body["metadata"]["name"])
        found = self.claims.overlap(name, all_written(spec, sides))
        return found[1] if found else None

    def stall(self, body: Any) -> str | None:
        name, spec = key(body["metadata"]["name"]), spec_of(self.cache, body)
        sides = sides_of(self.cache, name, spec)
        view = proving(self.same)
        found = find(name, spec, sides, claims=self.claims, view=view)
        return None if found.first is None else found.first.reason
