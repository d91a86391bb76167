"""Handlers that answer as an MLflow server may, and one that fails as one may."""

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from stagingmirror.errors import StagingMirrorError
from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.client import queries
from stagingmirror.sources.source import Basic
from support.mlflow.registries import connected, serving

SETTINGS = Settings(upstream_timeout=0.4, upstream_body=10_000, artifact_timeout=0.4)
SECRET = "s3cr3t-T0ken"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answering(response: Callable[[], web.StreamResponse]) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return response()

    return handler


async def failure_of(handler: Handler) -> StagingMirrorError:
    """What asking for a registered model raises with this server."""
    async with (
        serving(handler) as url,
        connected(url, credentials=Basic("us", SECRET), settings=SETTINGS) as server,
    ):
        with pytest.raises(StagingMirrorError) as raised:
            await queries.get_registered_model(server, "fraud")
    return raised.value


def mlflow_error(status: int, code: str) -> Handler:
    body = {"error_code": code, "message": f"upstream says {SECRET}"}
    return answering(lambda: web.json_response(body, status=status))


def text(status: int, body: str) -> Handler:
    return answering(lambda: web.Response(status=status, text=body, content_type="text/html"))
