"""Two MLflow servers, and a name that no registered model has yet."""

import secrets
from collections.abc import AsyncIterator

import pytest

from rig.mlflow_server import MlflowServer as Rig
from stagingmirror.sources.mlflow.client.client import MlflowServer
from support.mlflow.registries import connected


@pytest.fixture
def name() -> str:
    return f"model-{secrets.token_hex(4)}"


@pytest.fixture
async def production(mlflow_production: Rig) -> AsyncIterator[MlflowServer]:
    async with connected(mlflow_production.url) as server:
        yield server


@pytest.fixture
async def staging(mlflow_staging: Rig) -> AsyncIterator[MlflowServer]:
    async with connected(mlflow_staging.url) as server:
        yield server
