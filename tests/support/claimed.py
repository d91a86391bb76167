"""A fleet of mirrors and environments, and who claims what in it."""

from typing import Any

from stagingmirror.engine.case import MirrorKey
from stagingmirror.engine.claims import Claims
from stagingmirror.engine.entries import all_written
from stagingmirror.engine.environments import sides_of
from stagingmirror.engine.fleet import Fleet
from stagingmirror.engine.specs import Specs
from stagingmirror.engine.stalls import Stalls, find
from support import resources

SPACE = "ml-staging"
REFRESH = {"schedule": "0 6 * * 1-5"}
MODEL = "fraud-detector"
READABLE = {"configMaps": ["training-data"]}


def environment(name: str, role: str, namespace: str, version: int = 1, **spec: Any) -> Any:
    body = resources.environment(name, role, **{"namespaces": [namespace], **spec})
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
        self.fleet, self.specs = Fleet(), Specs()
        self.same: bool | None = False
        self.claims = Claims(self.fleet, self.specs, lambda one, other: self.same)
        for each in (
            environment("production", "Production", "ml-prod", readable=READABLE),
            environment("staging", "Staging", SPACE, readable=READABLE),
        ):
            self.fleet.put("mirrorenvironments", each)

    def put(self, body: Any) -> frozenset[MirrorKey]:
        self.fleet.put("stagingmirrors", body)
        return self.claims.update(body)

    def overlapping(self, body: Any) -> MirrorKey | None:
        spec = self.specs.of(body)
        sides = sides_of(self.fleet, key(body["metadata"]["name"]), spec)
        name = key(body["metadata"]["name"])
        found = self.claims.overlap(name, all_written(spec, sides))
        return found[1] if found else None

    def stall(self, body: Any) -> str | None:
        why = self.stalled(body).first
        return None if why is None else why.reason

    def stalled(self, body: Any) -> Stalls:
        name, spec = key(body["metadata"]["name"]), self.specs.of(body)
        sides = sides_of(self.fleet, name, spec)
        return find(
            name, spec, sides, fleet=self.fleet, claims=self.claims, same_registry=self.same
        )
