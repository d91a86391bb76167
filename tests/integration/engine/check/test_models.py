"""The operator as a process, with real MLflow servers on both sides."""

import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from stagingmirror.api.types.base import API_VERSION
from support.operators.operator import OperatorProcess, World, condition

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-models")]

FILES = {"MLmodel": "flavors: {}\n", "weights.bin": "the same bytes on both sides"}
PARAMS = {"C": 1.0}


@pytest.fixture(scope="module")
def world(
    control_plane: ControlPlane, mlflow_production: MlflowServer, mlflow_staging: MlflowServer
) -> Iterator[World]:
    servers = {"production": {"url": mlflow_production.url}, "staging": {"url": mlflow_staging.url}}
    with World(control_plane, mlflow=servers) as world:
        yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def model(
    world: World, operator: OperatorProcess, mlflow_production: MlflowServer
) -> Iterator[str]:
    """A model that is the same on both sides, tracked by the mirror ``fraud``."""
    name = f"fraud-{secrets.token_hex(3)}"
    origin = log_files(mlflow_production, name, FILES, params=PARAMS, alias="champion")
    staging_url = world.kube.get(API_VERSION, "MirrorEnvironment", world.environments["staging"])[
        "spec"
    ]["mlflow"]["url"]
    tags = {
        "stagingmirror.dev/origin-run-id": origin.run_id,
    }
    log_files(staging_url, name, FILES, params=PARAMS, alias="champion", tags=tags)
    yield name
    for body in world.kube.list(API_VERSION, "StagingMirror", world.staging):
        world.kube.delete(API_VERSION, "StagingMirror", body["metadata"]["name"], world.staging)


def tracking(model: str) -> list[dict[str, Any]]:
    return [
        {"name": "fraud-model", "modelAlias": {"production": {"model": model, "alias": "champion"}}}
    ]


def until_compared(world: World) -> dict[str, Any]:
    """Until both sides' bytes were read."""
    return world.until(lambda status: status.get("seen") == "1/1", within=30)


def content_hash(status: dict[str, Any], side: str) -> str:
    return str(status["components"][0][side]["contentHash"])


def test_equal_bytes_in_two_registries_have_equal_hashes(world: World, model: str) -> None:
    world.mirror(track=tracking(model))

    status = until_compared(world)

    assert content_hash(status, "production") == content_hash(status, "staging")


def test_an_alias_that_moves_in_production_is_told_by_the_next_polls(
    world: World, model: str, mlflow_production: MlflowServer
) -> None:
    world.mirror(track=tracking(model), checkInterval="5s")
    before = until_compared(world)
    other = log_files(mlflow_production, model, {"weights.bin": "other bytes"}, params=PARAMS)

    client_of(mlflow_production).set_registered_model_alias(model, "champion", other.version)

    status = world.until(
        lambda status: (
            status.get("sync") == "Drifted"
            and content_hash(status, "production") != content_hash(before, "production")
        ),
        within=30,  # half of what would make it Unknown
    )
    facts = {each["fact"] for each in status["components"][0]["differences"]}
    assert "contentHash" in facts


def test_a_registry_that_is_down_becomes_unknown_only_after_stale_after(
    world: World, model: str, mlflow_production: MlflowServer
) -> None:
    world.mirror(track=tracking(model), checkInterval="5s", staleAfter="10s")
    sync = until_compared(world)["sync"]
    mlflow_production.pause()
    try:
        time.sleep(3)
        assert world.status()["sync"] == sync
        status = world.until(lambda status: status["sync"] == "Unknown", within=20)
        assert condition(status, "Ready")["status"] == "False"
    finally:
        mlflow_production.resume()
    world.until(lambda status: status["sync"] == sync, within=20)


def test_one_registry_behind_two_addresses_is_the_same_thing(
    world: World, model: str, mlflow_production: MlflowServer
) -> None:
    other_spelling = mlflow_production.url.replace("127.0.0.1", "localhost")
    original = world.kube.get(API_VERSION, "MirrorEnvironment", world.environments["staging"])
    url = original["spec"]["mlflow"]["url"]
    world.environment("staging", world.staging, mlflow={"url": other_spelling})
    try:
        world.mirror(track=tracking(model))
        status = world.until(lambda status: condition(status, "Stalled"), within=20)
        assert condition(status, "Stalled")["reason"] in ("SameThing", "SharedRegistry")
        assert status["sync"] == "Unknown"
        time.sleep(3)
        assert condition(world.status(), "Stalled")
    finally:
        world.environment("staging", world.staging, mlflow={"url": url})
    world.until(lambda status: not condition(status, "Stalled"), within=20)
    until_compared(world)


def test_a_check_token_for_bytes_reads_them_again(world: World, model: str) -> None:
    world.mirror(track=tracking(model), checkInterval="50s", staleAfter="150s")
    until_compared(world)

    marks = {"stagingmirror.dev/check-at": "bytes:one"}
    world.change({"metadata": {"annotations": marks}})

    world.until(lambda status: status.get("handledCheckAt") == "bytes:one", within=40)


def config_maps(world: World) -> list[dict[str, Any]]:
    return world.kube.list("v1", "ConfigMap", world.namespace)


def test_hashes_survive_a_restart_without_reading_bytes_again(
    world: World, operator: OperatorProcess, model: str, mlflow_production: MlflowServer
) -> None:
    world.mirror(track=tracking(model), checkInterval="50s", staleAfter="150s")
    before = until_compared(world)
    kept = content_hash(before, "production")
    world.until(lambda _: any(kept in str(each["data"]) for each in config_maps(world)))

    with world.operator() as second:
        second.until('"started"')
        operator.stop()
        second.until_leading(within=40)
        time.sleep(3)

        after = world.status()
        assert content_hash(after, "production") == content_hash(before, "production")
        told = [line for line in second.lines() if line.get("mirror") == "fraud"]
        assert told == []
