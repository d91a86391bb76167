"""Files behind one MLflow server: listed, read, and refused."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web

from stagingmirror.errors import NotAnswered, Refused
from stagingmirror.sources.content.files import StoredFile
from stagingmirror.sources.content.hashing import read_bytes
from stagingmirror.sources.mlflow.client.artifacts import files_of, root_of
from stagingmirror.sources.mlflow.client.client import MlflowServer
from support.mlflow.answers import SETTINGS, answering, mlflow_error, text
from support.mlflow.registries import connected, serving


async def test_a_hostile_listing_is_garbage() -> None:
    for bad in ("..", "a/b", "", "line\nend"):
        listing = json.dumps({"files": [{"path": bad, "is_dir": False, "file_size": 1}]})
        async with serving(text(200, listing)) as url, connected(url) as server:
            with pytest.raises(NotAnswered) as raised:
                await files_of(server, "1/a").listing()
        assert raised.value.reason == "Garbage"


@pytest.mark.parametrize("marker", ["", ".", "data/", "data"])
async def test_the_empty_object_that_a_store_keeps_for_a_folder_is_no_file(marker: str) -> None:
    listings: dict[str, list[dict[str, object]]] = {
        "1/a": [
            {"path": marker, "is_dir": False, "file_size": 0},
            {"path": "data", "is_dir": True},
            {"path": "_SUCCESS", "is_dir": False, "file_size": 0},
        ],
        "1/a/data": [{"path": "w.bin", "is_dir": False, "file_size": 3}],
    }

    async def listed(request: web.Request) -> web.Response:
        return web.json_response({"files": listings[request.query["path"]]})

    async with serving(listed) as url, connected(url) as server:
        found = await files_of(server, "1/a").listing()

    assert found == (StoredFile("_SUCCESS", 0), StoredFile("data/w.bin", 3))


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        (
            "mlflow-artifacts://artifacts.internal:5500/x",
            "mlflow-artifacts://artifacts.internal:5500",
        ),
        ("s3://team-bucket/models/7", "s3://team-bucket"),
        ("https://me:secret@store.example/x", "https://store.example"),
        ("dbfs:/databricks/models/7", "dbfs:"),
        ("/mnt/models/7", "a path"),
    ],
)
async def test_files_that_another_server_keeps_are_reported_with_its_place(
    uri: str, place: str
) -> None:
    async with connected("http://mlflow:5000") as server:
        with pytest.raises(Refused) as raised:
            root_of(server, uri)

    assert f"kept at {place}" in raised.value.message
    assert "secret" not in raised.value.message


async def test_an_impossible_name_is_shown_with_its_folder() -> None:
    listing = json.dumps({"files": [{"path": "line\nend", "is_dir": False, "file_size": 1}]})
    async with serving(text(200, listing)) as url, connected(url) as server:
        with pytest.raises(NotAnswered) as raised:
            await files_of(server, "1/a").listing()

    assert "'line\\nend'" in raised.value.message
    assert "in folder 1/a" in raised.value.message


@pytest.mark.parametrize("status", [400, 404])
async def test_a_file_that_is_listed_and_not_served_is_named(status: int) -> None:
    code = {400: "INVALID_PARAMETER_VALUE", 404: "RESOURCE_DOES_NOT_EXIST"}[status]
    async with serving(mlflow_error(status, code)) as url, connected(url) as server:
        with pytest.raises(NotAnswered) as raised:
            await read_bytes(files_of(server, "1/a"), [StoredFile("class#cat.png", 10)])

    assert raised.value.reason == "FileNotServed"
    assert "class#cat.png" in raised.value.message


async def test_a_folder_in_itself_ends() -> None:
    entries = {"files": [{"path": "again", "is_dir": True}]}
    async with (
        serving(answering(lambda: web.json_response(entries))) as url,
        connected(url) as server,
    ):
        with pytest.raises(Refused) as raised:
            await files_of(server, "1/a").listing()

    assert raised.value.reason == "TooManyFiles"


@pytest.mark.parametrize("length", [9, 11])
async def test_a_file_with_another_size_than_the_store_tells_is_half_read(length: int) -> None:
    async with (
        serving(answering(lambda: web.Response(body=b"x" * length))) as url,
        connected(url) as server,
    ):
        with pytest.raises(NotAnswered) as raised:
            await read_bytes(files_of(server, "1/a"), [StoredFile("w.bin", 10)])

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
            await read_bytes(files_of(server, "1/a"), [StoredFile("w.bin", 10)])

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


async def test_a_file_that_trickles_is_given_up() -> None:
    """Each byte comes before the connection counts as idle."""

    async def store(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(0.1)
        return response

    quick = replace(SETTINGS, artifact_timeout=0.5)
    async with serving(store) as url, connected(url, settings=quick) as server:
        with pytest.raises(NotAnswered) as raised:
            await read_bytes(files_of(server, "1/artifacts"), [StoredFile("w", 100)])

    assert raised.value.reason == "TimedOut"
