"""A real server with workspaces: a model is found in the one that is named, and in no other."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from rig.mlflow_server import MlflowServer as Rig
from stagingmirror.errors import NotSupported
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.copy.aliases import get_alias
from stagingmirror.view import Observed
from support.mlflow.registries import connected, eventually, watching

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("mlflow-workspaces")]

MODEL = "ranker"


@pytest.fixture(scope="module")
def shared() -> Iterator[Rig]:
    with Rig("workspaces", options=("--enable-workspaces",)) as server:
        yield server


@pytest.fixture
async def team(shared: Rig) -> AsyncIterator[MlflowServer]:
    async with connected(shared.url, workspace="team-a") as team:
        await asyncio.to_thread(_make_workspace, shared, "team-a")
        await _call(team, "registered-models/create", name=MODEL)
        made = await _call(team, "experiments/create", name="training")
        run = await _call(team, "runs/create", experiment_id=made["experiment_id"])
        info = run["run"]["info"]
        source = f"{info['artifact_uri']}/model"
        await _call(team, "model-versions/create", name=MODEL, source=source, run_id=info["run_id"])
        await _call(team, "registered-models/alias", name=MODEL, alias="champion", version="1")
        yield team


async def test_a_model_is_in_its_workspace_and_two_workspaces_are_two_registries(
    shared: Rig, team: MlflowServer
) -> None:
    addresses = {
        "team": RegistryAddress(shared.url, workspace="team-a"),
        "default": RegistryAddress(shared.url),
    }
    async with watching(addresses) as watched:
        missing = watched.want_alias("default", MODEL, "champion")
        watched.want_alias("team", MODEL, "champion")
        assert await watched.named("team", MODEL, "champion") == "1"
        await eventually(lambda: isinstance(watched.source.get(missing), Observed))
        answer = watched.source.get(missing)

        assert isinstance(answer, Observed)
        assert answer.value is None
        assert await eventually(lambda: watched.source.same_registry("team", "default") is False)


async def test_a_server_without_workspaces_says_so(mlflow_production: Rig) -> None:
    async with connected(mlflow_production.url, workspace="team-a") as server:
        with pytest.raises(NotSupported) as raised:
            await get_alias(server, MODEL, "champion")

    assert raised.value.reason == "NoWorkspaces"
    assert "mlflow.workspace" in raised.value.message


async def _call(server: MlflowServer, path: str, **body: str) -> dict[str, Any]:
    return (await server.call("POST", f"mlflow/{path}", body=body)).raw()


def _make_workspace(server: Rig, name: str) -> None:
    request = urllib.request.Request(
        f"{server.url}/api/3.0/mlflow/workspaces",
        json.dumps({"name": name}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 201
