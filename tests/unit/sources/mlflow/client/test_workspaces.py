"""A workspace is heeded, or nothing that the server answers counts."""

from collections.abc import Mapping

import pytest
from aiohttp import web

from stagingmirror.errors import NotAnswered, NotSupported
from stagingmirror.sources.mlflow.client import queries
from support.mlflow.registries import connected, serving

HAS = {"workspaces_enabled": True}
Pages = Mapping[str, object]


async def models_of(pages: Pages, *, is_mlflow: bool = True) -> list[str]:
    """The paths that are requested for the models of a workspace."""
    requested: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        requested.append(request.path)
        name = request.path.rpartition("/")[2]
        if name in pages:
            return web.json_response(pages[name])
        if name == "search" and is_mlflow:
            return web.json_response({"registered_models": []})
        return web.Response(status=404, text="<title>404 Not Found</title>")

    async with serving(answer) as url, connected(url, workspace="team-a") as server:
        await queries.search_registered_models(server, set())
        await queries.search_registered_models(server, set())
    return [path.rpartition("/")[2] for path in requested]


@pytest.mark.parametrize(
    ("pages", "requested"),
    [
        ({"server-info": HAS}, ["server-info"]),
        ({"server-features": HAS}, ["server-info", "server-features"]),
    ],
)
async def test_a_server_that_has_workspaces_is_asked_for_it_once(
    pages: Pages, requested: list[str]
) -> None:
    assert await models_of(pages) == [*requested, "search", "search"]


@pytest.mark.parametrize(
    ("pages", "remedy"),
    [
        ({"server-info": {"workspaces_enabled": False}}, "--enable-workspaces"),
        ({"server-info": {}}, "--enable-workspaces"),
        ({}, "3.10 or newer"),
    ],
)
async def test_what_a_server_without_workspaces_answers_for_one_does_not_count(
    pages: Pages, remedy: str
) -> None:
    with pytest.raises(NotSupported, match=remedy) as raised:
        await models_of(pages)

    assert raised.value.reason == "NoWorkspaces"
    assert "mlflow.workspace" in raised.value.message


async def test_what_is_no_mlflow_is_not_said_to_be_one_without_workspaces() -> None:
    with pytest.raises(NotAnswered) as raised:
        await models_of({}, is_mlflow=False)

    assert raised.value.reason == "NotMlflow"
