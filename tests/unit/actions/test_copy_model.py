"""A copy into a release of MLflow that cannot hold it is refused before anything is written."""

import json

import pytest
from aiohttp import web

from stagingmirror.actions.copy_model import CopyModel
from stagingmirror.errors import NotSupported
from stagingmirror.sources.kubernetes.write.writer import Writer
from stagingmirror.sources.mlflow.client import queries
from stagingmirror.sources.mlflow.client.client import MlflowServer
from support.kinds.tools import tools_with
from support.kubernetes.wire import Wire
from support.mlflow.registries import connected, serving

COPY = CopyModel(
    "c",
    ("fraud",),
    "production",
    "fraud",
    "12",
    "staging",
    "fraud",
    "sha256:x",
    files=1,
    size=9,
    tags=(),
    parameters=(),
)


class OldMlflow:
    """As MLflow 2.x answers: what it does not have is a page without an error of MLflow.
    ``asked``: methods and paths.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        if "logged-models" in request.path:
            return web.Response(status=404, text="<title>404 Not Found</title>")
        return web.Response(text=json.dumps({"registered_models": []}))


async def survey(server: MlflowServer) -> None:
    writer = Writer(
        Wire(),
        productions=frozenset,
        unproven=frozenset,
        is_elsewhere=lambda *_: None,
        leading=lambda: True,
    )
    await COPY.survey("r1", tools_with(writer, lambda: 0.0, server=lambda environment: server))


async def test_what_an_old_release_lacks_is_not_supported_before_anything_is_written() -> None:
    old = OldMlflow()
    async with serving(old.answer) as url, connected(url) as server:
        await queries.search_registered_models(server, set())
        with pytest.raises(NotSupported, match=r"older than 3\.0") as raised:
            await survey(server)

    assert raised.value.next.take == "roll back"
    assert old.asked[1:] == ["POST /api/2.0/mlflow/logged-models/search"]


async def test_a_release_with_logged_models_may_be_copied_into() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="{}")

    async with serving(answer) as url, connected(url) as server:
        await survey(server)
