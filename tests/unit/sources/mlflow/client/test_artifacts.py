"""Files behind one MLflow server: listed, read, and refused."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from stagingmirror.errors import NotAnswered, Refused
from stagingmirror.sources.mlflow.client.artifacts import StoredFile, list_files, root_of
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.content.hashing import read_bytes
from support.mlflow.answers import SETTINGS, answering, text
from support.mlflow.registries import connected, serving


async def test_a_hostile_listing_is_garbage() -> None:
    for bad in ("..", "a/b", "", "line\nend"):
        listing = json.dumps({"files": [{"path": bad, "is_dir": False, "file_size": 1}]})
        async with serving(text(200, listing)) as url, connected(url) as server:
            with pytest.raises(NotAnswered) as raised:
                await list_files(server, "1/a")
        assert raised.value.reason == "Garbage"


async def test_a_folder_in_itself_ends() -> None:
    entries = {"files": [{"path": "again", "is_dir": True}]}
    async with (
        serving(answering(lambda: web.json_response(entries))) as url,
        connected(url) as server,
    ):
        with pytest.raises(Refused) as raised:
            await list_files(server, "1/a")

    assert raised.value.reason == "TooManyFiles"


@pytest.mark.parametrize("length", [9, 11])
async def test_a_file_with_another_size_than_the_store_tells_is_half_read(length: int) -> None:
    async with (
        serving(answering(lambda: web.Response(body=b"x" * length))) as url,
        connected(url) as server,
    ):
        with pytest.raises(NotAnswered) as raised:
            await read_bytes(server, "1/a", [StoredFile("w.bin", 10)])

    assert raised.value.reason == "HalfRead"


async def test_a_file_that_stops_coming_is_given_up() -> None:
    async def stalling(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "10"})
        await response.prepare(request)
        await response.write(b"x")
        await asyncio.sleep(5)
        return response

    began = time.monotonic()
    async with serving(stalling) as url, connected(url, settings=SETTINGS) as server:
        with pytest.raises(NotAnswered) as raised:
            await read_bytes(server, "1/a", [StoredFile("w.bin", 10)])

    assert raised.value.reason == "TimedOut"
    assert time.monotonic() - began < 3


@pytest.fixture
async def somewhere() -> AsyncIterator[MlflowServer]:
    async with connected("http://mlflow:5000") as server:
        yield server


@pytest.mark.parametrize(
    ("uri", "root"),
    [
        ("mlflow-artifacts:/1/models/m-1/artifacts", "1/models/m-1/artifacts"),
        ("mlflow-artifacts://mlflow:5000/1/a/", "1/a"),
        ("http://mlflow:5000/api/2.0/mlflow-artifacts/artifacts/1/a", "1/a"),
    ],
)
async def test_files_behind_the_server_are_reached_through_it(
    somewhere: MlflowServer, uri: str, root: str
) -> None:
    assert root_of(somewhere, uri) == root


@pytest.mark.parametrize(
    "uri",
    ["s3://bucket/a", "gs://b/a", "file:///a", "/a", "mlflow-artifacts://other/1/a", "http://x/a"],
)
async def test_files_elsewhere_are_not_readable(somewhere: MlflowServer, uri: str) -> None:
    with pytest.raises(Refused) as raised:
        root_of(somewhere, uri)

    assert raised.value.reason == "ArtifactsNotReadable"
