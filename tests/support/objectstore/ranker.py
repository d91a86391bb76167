"""A model in an object store on both sides of a small world, and what its kind says of it."""

from collections.abc import Mapping
from typing import Any

from stagingmirror.component import Sides
from stagingmirror.components.model_files import ModelFilesKind
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Observation, Observations
from stagingmirror.drift.verdict import Verdict
from stagingmirror.sources.kubernetes.subjects import Variable, Workload
from stagingmirror.sources.objectstore.subjects import FolderSubject, StoredFolder
from support.kinds.builders import (
    NOW,
    PRODUCTION,
    STAGING,
    World,
    container,
    content,
    entry_of,
    environment,
    pod,
    sides,
    workload,
)

KIND = ModelFilesKind()
TWELVE = {"model.safetensors": "twelve", "tokenizer.json": "{}"}
ELEVEN = {"model.safetensors": "eleven", "tokenizer.json": "{}"}
LOADED_BY = {
    "kind": "Deployment",
    "name": "ranker",
    "container": "server",
    "variable": "MODEL_URI",
}
BATCH = {**LOADED_BY, "name": "batch"}


OURS = f"{STAGING}/mirror/component/*"
"""Where copies of the component go."""


def store(side: str, *readable: str) -> dict[str, Any]:
    return {"name": "models", "url": f"s3://{side}/models", "readable": readable or ("ranker/*",)}


SIDES: Sides = sides(
    environment(objectStores=[store("production")]),
    environment("Staging", objectStores=[store("staging", "ranker/*", OURS)]),
)


def entry(*more: dict[str, Any], **staging: Any) -> Any:
    """Copies go to the store ``models``, unless ``store`` is None."""
    staging = {"store": "models"} | staging
    staging = {key: value for key, value in staging.items() if value is not None}
    return entry_of(modelFiles={"production": {"loadedBy": [LOADED_BY, *more]}, "staging": staging})


def uri(side: str, number: str) -> str:
    return f"s3://{side}/models/ranker/{number}"


def ranker(
    namespace: str, value: str | Variable, *, name: str = "ranker", started: float = NOW - 100
) -> Workload:
    server = container(variables={"MODEL_URI": value})
    return workload(
        name,
        namespace,
        containers={"server": server},
        pods=(pod(server, name="server", started=started),),
    )


def keep(
    world: World, side: str, number: str, files: Mapping[str, str], *, written: float = NOW - 9000
) -> World:
    """The folder has these files."""
    where = uri(side, number)
    return world.put(FolderSubject(side, where), StoredFolder(where, content(files), written))


def rankers(staging: Mapping[str, str] = TWELVE, **fields: Any) -> World:
    """Production loads folder 12, staging its own 3."""
    world = World().add(
        ranker(PRODUCTION, uri("production", "12")), ranker(STAGING, uri("staging", "3"))
    )
    keep(world, "production", "12", TWELVE)
    return keep(world, "staging", "3", staging, **fields)


def two_rankers() -> World:
    """A second workload on both sides loads the same."""
    return rankers().add(
        ranker(PRODUCTION, uri("production", "12"), name="batch"),
        ranker(STAGING, uri("staging", "3"), name="batch"),
    )


def look(
    world: World, role: Any = "production", given: Any = None, around: Sides = SIDES
) -> Observation:
    return KIND.observe(given or entry(), around, role, world, NOW)


def verdict(world: World, given: Any = None) -> Verdict:
    observations = Observations(look(world, given=given), look(world, "staging", given))
    return judge("component", observations, now=NOW, stale_after=60)
