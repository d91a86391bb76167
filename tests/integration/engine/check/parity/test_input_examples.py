"""The operator as a process: the input example that MLflow logged, through two scoring servers."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.endpoints.scoring_server import ScoringServer
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from support.operators.operator import World
from support.parity.changes import Change
from support.parity.model_grounds import ScoringGround

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("parity")]

EXAMPLE = "serving_input_example.json"


@pytest.fixture(scope="module")
def world(
    control_plane: ControlPlane, mlflow_production: MlflowServer, mlflow_staging: MlflowServer
) -> Iterator[World]:
    servers = {"production": {"url": mlflow_production.url}, "staging": {"url": mlflow_staging.url}}
    with World(control_plane, mlflow=servers) as world, world.operator() as operator:
        operator.until_leading()
        yield world


@pytest.fixture
def ground(scoring_pair: tuple[ScoringServer, ScoringServer]) -> Iterator[ScoringGround]:
    ground = ScoringGround(scoring_pair)
    ground.reset()
    yield ground
    ground.reset()


@pytest.fixture
def model(world: World, mlflow_production: MlflowServer) -> Iterator[str]:
    """A model with an example of 60 rows, which production's alias names."""
    name = f"score-{secrets.token_hex(3)}"
    log_files(mlflow_production, name, _files(range(1, 61)), alias="champion")
    yield name
    for body in world.kube.list("stagingmirror.dev/v1alpha1", "StagingMirror", world.staging):
        world.kube.delete(
            "stagingmirror.dev/v1alpha1", "StagingMirror", body["metadata"]["name"], world.staging
        )


def _files(users: range) -> dict[str, bytes | str]:
    rows = {"dataframe_split": {"columns": ["user"], "data": [[each] for each in users]}}
    return {"MLmodel": "flavors: {}\n", EXAMPLE: json.dumps(rows)}


def _offer(world: World, ground: ScoringGround, *readable: str, mlflow: dict[str, str]) -> None:
    for side in ("production", "staging"):
        endpoint: dict[str, Any] = {
            "name": "scores",
            "url": ground.url(side),
            "protocol": "MLflowScoring",
            "maxRequestsPerSecond": 500,
            "minInterval": "1m",
        }
        if side == "production":
            endpoint["sideEffectFree"] = True
        world.environment(
            side,
            getattr(world, side),
            endpoints=[endpoint],
            mlflow={"url": mlflow[side]},
            readable={"models": ["*"], "inputExamples": [*readable]},
        )


def _track(world: World, model: str) -> None:
    alias = {"production": {"model": model, "alias": "champion"}}
    compared = {"production": {"endpoint": "scores"}, "samples": {"inputExampleOf": "model"}}
    world.mirror(
        track=[
            {"name": "model", "mode": "Report", "modelAlias": alias},
            {"name": "parity", "featureParity": compared},
        ]
    )


def _parity(status: dict[str, Any]) -> dict[str, Any]:
    found = status.get("components") or ()
    return next((each for each in found if each["name"] == "parity"), {})


@pytest.fixture
def mlflow(mlflow_production: MlflowServer, mlflow_staging: MlflowServer) -> dict[str, str]:
    return {"production": mlflow_production.url, "staging": mlflow_staging.url}


def test_the_rows_of_the_example_are_sent_and_those_of_a_new_version_too(
    world: World,
    ground: ScoringGround,
    model: str,
    mlflow: dict[str, str],
    mlflow_production: MlflowServer,
) -> None:
    _offer(world, ground, model, mlflow=mlflow)
    _track(world, model)
    status = world.until(lambda status: _parity(status).get("verdict") == "InSync")
    assert _parity(status)["staging"]["samples"] == "60"
    ground.plant("staging", Change.PATCHED_CONSTANT)
    other = log_files(mlflow_production, model, _files(range(1, 56)))

    client_of(mlflow_production).set_registered_model_alias(model, "champion", other.version)

    status = world.until(lambda status: _parity(status).get("verdict") == "Drifted")
    assert _parity(status)["staging"]["samples"] == "55"
    assert "amount" in json.dumps(_parity(status)["differences"])


def test_an_example_that_is_not_readable_is_not_sent(
    world: World, ground: ScoringGround, model: str, mlflow: dict[str, str]
) -> None:
    _offer(world, ground, "others", mlflow=mlflow)

    _track(world, model)

    status = world.until(lambda status: _parity(status).get("verdict") == "Unknown")
    assert _parity(status)["reason"] == "NotOffered"
    assert f"{model} is not listed in readable.inputExamples" in _parity(status)["message"]


def test_a_version_without_an_example_is_unknown_for_that_reason(
    world: World,
    ground: ScoringGround,
    model: str,
    mlflow: dict[str, str],
    mlflow_production: MlflowServer,
) -> None:
    _offer(world, ground, model, mlflow=mlflow)
    bare = log_files(mlflow_production, model, {"MLmodel": "flavors: {}\n"})
    client_of(mlflow_production).set_registered_model_alias(model, "champion", bare.version)

    _track(world, model)

    status = world.until(lambda status: _parity(status).get("reason") == "SamplesInvalid")
    assert "was logged without an input example" in _parity(status)["message"]
