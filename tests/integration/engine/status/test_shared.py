"""One registry for both sides: staging's alias follows, production's never moves; and what an admin
says of registries is held against what they are.
"""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from stagingmirror.api.types.base import API_VERSION
from support.operators.operator import OperatorProcess, World, condition

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("told-shared")]

Object = dict[str, Any]

REFRESH = {"schedule": "0 6 1 1 *", "settle": "0s"}


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, mlflow_production: MlflowServer) -> Iterator[World]:
    server = {"url": mlflow_production.url}
    with World(control_plane, mlflow={"production": server, "staging": server}) as world:
        share(world, server)
        yield world


def share(world: World, server: Object, *, says: bool = True) -> None:
    shared = {"sharesRegistryWith": world.environments["production"]} if says else {}
    world.environment("staging", world.staging, mlflow=server, **shared)


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def model(
    world: World, operator: OperatorProcess, mlflow_production: MlflowServer
) -> Iterator[str]:
    """A model whose alias ``champion`` names version 2, and ``candidate`` version 1."""
    name = f"fraud-{secrets.token_hex(4)}"
    log_files(mlflow_production, name, {"w.bin": "old"}, alias="candidate")
    log_files(mlflow_production, name, {"w.bin": "new"}, alias="champion")
    yield name
    share(world, {"url": mlflow_production.url})
    for body in world.kube.list(API_VERSION, "StagingMirror", world.staging):
        world.kube.delete(API_VERSION, "StagingMirror", body["metadata"]["name"], world.staging)


def entry(model: str, *, staging: str | None = "candidate") -> list[Object]:
    sides: Object = {"production": {"model": model, "alias": "champion"}}
    if staging is not None:
        sides["staging"] = {"alias": staging}
    return [{"name": "model", "modelAlias": sides}]


def aliases(server: MlflowServer, model: str) -> dict[str, str]:
    client = client_of(server)
    return {
        alias: str(client.get_model_version_by_alias(model, alias).version)
        for alias in ("champion", "candidate")
    }


def until_stalled(world: World, reason: str) -> str:
    status = world.until(
        lambda status: condition(status, "Stalled").get("reason") == reason, within=30
    )
    assert status["sync"] == "Unknown"
    return str(condition(status, "Stalled")["message"])


def test_stagings_alias_moves_and_productions_stays(
    world: World, model: str, mlflow_production: MlflowServer
) -> None:
    world.mirror(track=entry(model), refresh=REFRESH)
    world.until_sync("Drifted", within=30)

    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "now"}}})
    status = world.until(lambda status: status.get("refreshes"), within=60)

    assert status["refreshes"][0]["result"] == "Succeeded"
    assert aliases(mlflow_production, model) == {"champion": "2", "candidate": "2"}
    versions = client_of(mlflow_production).search_model_versions(f"name='{model}'")
    assert len(versions) == 2
    world.until_sync("InSync")


def test_one_alias_for_both_sides_is_no_staging(world: World, model: str) -> None:
    world.mirror(track=entry(model, staging=None), refresh=REFRESH)

    said = until_stalled(world, "SameThing")

    assert f"the same alias ({model}@champion); name another alias for staging" in said


def test_a_shared_registry_that_no_admin_owns_up_to_is_not_written(
    world: World, model: str, mlflow_production: MlflowServer
) -> None:
    share(world, {"url": mlflow_production.url}, says=False)
    world.mirror(track=entry(model), refresh=REFRESH)

    said = until_stalled(world, "SharedRegistry")

    name = world.environments["production"]
    assert f"ask the owner of the latter to set sharesRegistryWith: {name}" in said
    assert aliases(mlflow_production, model) == {"champion": "2", "candidate": "1"}


def test_two_registries_that_an_admin_calls_one_are_told(
    world: World, model: str, mlflow_staging: MlflowServer
) -> None:
    log_files(mlflow_staging, model, {"w.bin": "old"}, alias="candidate")
    share(world, {"url": mlflow_staging.url})
    world.mirror(track=entry(model), refresh=REFRESH)

    said = until_stalled(world, "NotSharedRegistry")

    assert "but they are two registries; ask its owner to remove it" in said


def test_an_alias_that_another_mirror_names_as_productions_is_never_moved(
    world: World, model: str, mlflow_production: MlflowServer
) -> None:
    world.mirror("guard", track=entry(model, staging="guarded"))
    backwards: Object = {
        "production": {"model": model, "alias": "candidate"},
        "staging": {"alias": "champion"},
    }
    world.mirror(track=[{"name": "model", "modelAlias": backwards}], refresh=REFRESH)
    world.until_sync("Drifted", within=30)

    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "now"}}})
    status = world.until(lambda status: status.get("refreshes"), within=60)

    assert status["refreshes"][0]["result"] == "NothingToDo"
    assert "names alias champion of" in status["plan"]["left"][0]["why"]
    assert aliases(mlflow_production, model)["champion"] == "2"
