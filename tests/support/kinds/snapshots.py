"""A setting on both sides of a small world, and what its kind says of it."""

from typing import Any

from stagingmirror.component import Sides
from stagingmirror.components.setting import SettingKind
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Observation, Observations, Seen
from stagingmirror.drift.steps import Step
from stagingmirror.drift.verdict import Verdict
from stagingmirror.sources.kubernetes.subjects import Workload
from support.kinds.builders import (
    NOW,
    STAGING,
    World,
    config_map,
    container,
    entry_of,
    environment,
    pod,
    sides,
    workload,
)

KIND = SettingKind()
OLD, NEW = "2026-11-20", "2026-11-22"
TRAINER = {"kind": "Deployment", "name": "trainer"}
VARIABLE = {
    "kind": "Deployment",
    "name": "trainer",
    "container": "app",
    "variable": "EMBEDDING_URL",
}
LOADER = {"cronJob": "load", "container": "load", "variable": "SNAPSHOT", "timeout": "90s"}
HIDDEN = sides(environment(readable={}), environment("Staging", readable={}))


def entry(staging: dict[str, Any] | None = None, **fields: Any) -> Any:
    used_by = fields.pop("used_by", [])
    place = fields.pop("place", {"configMap": {"name": "training-data", "key": "snapshot"}})
    users = {} if used_by is None else {"usedBy": used_by}
    return entry_of(setting={"production": {**place, **users}, "staging": staging or {}, **fields})


def snapshots(production: str = NEW, staging: str | None = OLD, changed: float = 0.0) -> World:
    """A ConfigMap on both sides; staging's key was last changed at ``changed``."""
    data = {} if staging is None else {"snapshot": staging}
    return World().add(
        config_map({"snapshot": production}, changed={"snapshot": NOW - 9000}),
        config_map(data, namespace=STAGING, changed={"snapshot": changed}),
    )


def trainer(namespace: str, *, started: float = NOW - 100, **variables: Any) -> Workload:
    app = container(variables=variables)
    return workload(
        "trainer", namespace, containers={"app": app}, pods=(pod(app, started=started),)
    )


def loader() -> Workload:
    return workload("load", STAGING, "CronJob", containers={"load": container()}, loads="SNAPSHOT")


def look(
    world: World, given: Any, role: Any = "production", around: Sides | None = None
) -> Observation:
    return KIND.observe(given, around or sides(), role, world, NOW)


def verdict(world: World, given: Any, around: Sides | None = None) -> Verdict:
    observations = Observations(
        look(world, given, around=around), look(world, given, "staging", around)
    )
    return judge("component", observations, now=NOW, stale_after=60)


def plan(world: World, given: Any, around: Sides | None = None) -> tuple[Step, ...]:
    production = look(world, given, around=around)
    assert isinstance(production, Seen), production
    staging = look(world, given, "staging", around)
    return KIND.plan(given, around or sides(), production, staging, world)
