"""A model on both sides of a small world, and what its kind says of it."""

from typing import Any

from stagingmirror.component import Sides
from stagingmirror.components.model_alias import ModelAliasKind
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Observation, Observations, Seen
from stagingmirror.drift.steps import Step
from stagingmirror.drift.verdict import Drifted, Verdict
from stagingmirror.sources.kubernetes.subjects import Workload
from support.kinds.builders import (
    NOW,
    PRODUCTION,
    STAGING,
    World,
    container,
    entry_of,
    environment,
    pod,
    sides,
    version,
    workload,
)

KIND = ModelAliasKind()
BY_VARIABLE = {
    "kind": "Deployment",
    "name": "server",
    "container": "app",
    "variable": "MODEL_VERSION",
}
BY_RESTART = {"kind": "Deployment", "name": "batch", "restart": True}
SHARED = sides(staging=environment("Staging", sharesRegistryWith="production"))
ELEVEN = {"model.skops": "eleven", "tokenizer.json": "same"}
TWELVE = {"model.skops": "twelve", "tokenizer.json": "same"}


def entry(*loaded_by: dict[str, Any], staging: dict[str, Any] | None = None, **fields: Any) -> Any:
    production = {"model": "fraud-detector", "alias": "champion", "loadedBy": list(loaded_by)}
    return entry_of(modelAlias={"production": production, "staging": staging or {}, **fields})


def server(namespace: str, *values: str, name: str = "server", **fields: Any) -> Workload:
    """A Deployment with one ready pod per value of its MODEL_VERSION."""
    templates = [container(variables={"MODEL_VERSION": value}) for value in values]
    pods = tuple(pod(each) for each in templates)
    template = templates[-1] if templates else container(variables={"MODEL_VERSION": "12"})
    given = {"containers": {"app": template}, "pods": pods, **fields}
    return workload(name, namespace, **given)


def batch(namespace: str, *, started: float = NOW - 100) -> Workload:
    """A Deployment that reads the alias when it starts."""
    app = container()
    return workload("batch", namespace, containers={"app": app}, pods=(pod(app, started=started),))


def registries(staging: str = "7") -> World:
    """Production's alias names version 12. Staging has version 7 (as production's 11) and 8 (as
    production's 12); its alias names ``staging``.
    """
    former: dict[str, Any] = {
        "files": ELEVEN,
        "origin_run_id": "run-11",
        "parameters": {"max_depth": "8"},
    }
    return (
        World()
        .register("production", version("11", **former), version("12", files=TWELVE))
        .register("staging", version("7", **former), version("8", files=TWELVE))
        .alias("production", "12")
        .alias("staging", staging)
    )


def look(
    world: World, given: Any, role: Any = "production", around: Sides | None = None
) -> Observation:
    return KIND.observe(given, around or sides(), role, world, NOW)


def verdict(world: World, given: Any, around: Sides | None = None) -> Verdict:
    observations = Observations(
        look(world, given, around=around), look(world, given, "staging", around)
    )
    return judge("component", observations, now=NOW, stale_after=60)


def differing(world: World, given: Any, around: Sides | None = None) -> set[str]:
    """The facts that differ, without details."""
    judged = verdict(world, given, around)
    assert isinstance(judged, Drifted), judged
    return {each.fact for each in judged.differences if not each.fact.startswith("contentHash/")}


def plan(world: World, given: Any, around: Sides | None = None) -> tuple[Step, ...]:
    production = look(world, given, around=around)
    assert isinstance(production, Seen), production
    staging = look(world, given, "staging", around)
    return KIND.plan(given, around or sides(), production, staging, world)


def both(production: Workload, staging: Workload, alias: str = "7") -> World:
    return registries(alias).add(production, staging)


__all__ = [
    "BY_RESTART",
    "BY_VARIABLE",
    "ELEVEN",
    "KIND",
    "PRODUCTION",
    "SHARED",
    "STAGING",
    "TWELVE",
    "batch",
    "both",
    "differing",
    "entry",
    "look",
    "plan",
    "registries",
    "server",
    "verdict",
]
