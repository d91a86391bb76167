"""One MLflow server, with everything that can go wrong on the wire."""

import asyncio
import time

import pytest
from aiohttp import web

from stagingmirror.errors import (
    Conflicted,
    NeedsHuman,
    NotAllowed,
    NotAnswered,
    NotSupported,
    NotThere,
    Refused,
    StagingMirrorError,
)
from stagingmirror.sources.content.files import StoredFile
from stagingmirror.sources.content.hashing import read_bytes
from stagingmirror.sources.mlflow.client import queries
from stagingmirror.sources.mlflow.client.address import RegistryAddress, server_key
from stagingmirror.sources.mlflow.client.artifacts import ServedFiles
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.source import Basic, Credentials, Token
from support.mlflow.answers import (
    SECRET,
    SETTINGS,
    Handler,
    answering,
    failure_of,
    mlflow_error,
    text,
)
from support.mlflow.registries import connected, serving


async def hanging(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


async def half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"registered_model":')
    assert request.transport is not None
    request.transport.close()
    return response


async def dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(100):
        await response.write(b" ")
        await asyncio.sleep(0.05)
    return response


@pytest.mark.parametrize(
    ("handler", "error", "reason"),
    [
        (mlflow_error(401, "UNAUTHENTICATED"), NotAllowed, "Unauthorized"),
        (mlflow_error(403, "PERMISSION_DENIED"), NotAllowed, "Forbidden"),
        (mlflow_error(404, "RESOURCE_DOES_NOT_EXIST"), NotThere, "NotThere"),
        (mlflow_error(404, "ENDPOINT_NOT_FOUND"), NotSupported, "NotSupported"),
        (mlflow_error(501, "NOT_IMPLEMENTED"), NotSupported, "NotSupported"),
        (mlflow_error(500, "FEATURE_DISABLED"), NotSupported, "NoWorkspaces"),
        (text(503, "runs with `--no-serve-artifacts`"), NotSupported, "NotSupported"),
        (text(403, "Invalid Host header - possible"), NotAnswered, "HostNotAllowed"),
        (mlflow_error(400, "INVALID_PARAMETER_VALUE"), Refused, "BadRequest"),
        (mlflow_error(400, "RESOURCE_ALREADY_EXISTS"), Conflicted, "AlreadyThere"),
        (mlflow_error(429, "RESOURCE_EXHAUSTED"), NotAnswered, "Throttled"),
        (mlflow_error(500, "INTERNAL_ERROR"), NotAnswered, "ServerError"),
        (mlflow_error(507, "INTERNAL_ERROR"), Refused, "StorageFull"),
        (text(401, f"<html>{SECRET}"), NotAllowed, "Unauthorized"),
        (text(404, f"<html>{SECRET}"), NotAnswered, "NotMlflow"),
        (text(502, f"<html>{SECRET}"), NotAnswered, "Unavailable"),
        (text(503, "busy"), NotAnswered, "Unavailable"),
        (text(200, f"<html>{SECRET}"), NotAnswered, "Garbage"),
        (text(200, "[1, 2]"), NotAnswered, "Garbage"),
        (text(200, "[" * 9_000), NotAnswered, "Garbage"),
        (text(200, "{}"), NotAnswered, "Garbage"),
        (text(200, '{"registered_model": {"name": 7}}'), NotAnswered, "Garbage"),
        (text(200, '{"registered_model": {"name": "a", "aliases": "b"}}'), NotAnswered, "Garbage"),
        (text(200, f'{{"a": "{"x" * 20_000}"}}'), NotAnswered, "OversizedAnswer"),
        (hanging, NotAnswered, "TimedOut"),
        (dripping, NotAnswered, "TimedOut"),
        (half, NotAnswered, "HalfRead"),
    ],
)
async def test_whatever_is_no_answer_is_told_apart_and_leaks_nothing(
    handler: Handler, error: type[StagingMirrorError], reason: str
) -> None:
    raised = await failure_of(handler)

    assert type(raised) is error
    assert raised.reason == reason
    assert SECRET not in str(raised)


async def test_nobody_listening_is_unreachable() -> None:
    async with serving(hanging) as url:
        gone = url
    async with connected(gone, settings=SETTINGS) as server:
        with pytest.raises(NotAnswered) as raised:
            await queries.get_registered_model(server, "fraud")

    assert raised.value.reason == "Unreachable"


async def test_a_redirect_is_not_followed_so_that_credentials_stay_here() -> None:
    strangers: list[str | None] = []

    async def stranger(request: web.Request) -> web.Response:
        strangers.append(request.headers.get("Authorization"))
        return web.json_response({})

    async with serving(stranger) as other:
        raised = await failure_of(
            answering(lambda: web.Response(status=302, headers={"Location": other}))
        )

    assert raised.reason == "Redirected"
    assert strangers == []


@pytest.mark.parametrize(
    ("credentials", "header"),
    [(Basic("us", "pa:ss"), "Basic dXM6cGE6c3M="), (Token("abc"), "Bearer abc"), (None, None)],
)
async def test_each_server_is_sent_its_own_credentials(
    credentials: Credentials | None, header: str | None
) -> None:
    async def echo(request: web.Request) -> web.Response:
        return web.json_response({"header": request.headers.get("Authorization")})

    async with (
        serving(echo) as url,
        connected(url, credentials=credentials, settings=SETTINGS) as server,
    ):
        answer = await server.call("GET", "mlflow/anything")

    assert answer.raw() == {"header": header}
    assert SECRET not in repr(Token(SECRET))
    assert SECRET not in repr(RegistryAddress("https://a", Basic("us", SECRET)))


@pytest.mark.parametrize(
    "url",
    ["", "mlflow:5000", "ftp://mlflow", "http://", "http://a:b", "http://a:99999", "http://a?x=1"],
)
def test_what_is_no_address_needs_a_human(url: str) -> None:
    with pytest.raises(NeedsHuman):
        server_key(RegistryAddress(url))


def test_credentials_in_an_address_are_refused_without_repeating_them() -> None:
    with pytest.raises(NeedsHuman) as raised:
        server_key(RegistryAddress(f"http://us:{SECRET}@mlflow:5000"))

    assert SECRET not in str(raised.value)
    assert "Secret" in raised.value.message


@pytest.mark.parametrize("token", ["", "two\nlines", "ümlaut"])
def test_a_token_that_cannot_be_sent_needs_a_human(token: str) -> None:
    with pytest.raises(NeedsHuman) as raised:
        MlflowServer(
            "http://a",
            credentials=Token(token),
            ca_bundle=None,
            proxy=None,
            workspace=None,
            settings=SETTINGS,
            clock=time.time,
        )

    assert raised.value.reason == "InvalidCredentials"


def test_a_ca_bundle_that_is_none_needs_a_human() -> None:
    with pytest.raises(NeedsHuman) as raised:
        MlflowServer(
            "https://a",
            credentials=None,
            ca_bundle="no PEM",
            proxy=None,
            workspace=None,
            settings=SETTINGS,
            clock=time.time,
        )

    assert raised.value.reason == "InvalidCABundle"


@pytest.mark.parametrize("tokens", [["same"] * 200, [f"t{n}" for n in range(200)]])
async def test_paging_without_end_is_no_answer(tokens: list[str]) -> None:
    pages = iter(tokens)

    async def page(request: web.Request) -> web.Response:
        return web.json_response({"next_page_token": next(pages)})

    async with (
        serving(page) as url,
        connected(url, settings=SETTINGS) as server,
    ):
        with pytest.raises(NotAnswered) as raised:
            await queries.search_registered_models(server, {"fraud"})

    assert raised.value.reason == "EndlessPaging"


async def test_every_page_counts_until_all_that_is_wanted_was_seen() -> None:
    asked: list[str] = []

    async def page(request: web.Request) -> web.Response:
        token = request.query.get("page_token", "0")
        asked.append(token)
        model = {"name": f"m{token}", "aliases": [{"alias": "a", "version": "3"}]}
        return web.json_response(
            {"registered_models": [model], "next_page_token": str(int(token) + 1)}
        )

    async with (
        serving(page) as url,
        connected(url, settings=SETTINGS) as server,
    ):
        found = await queries.search_registered_models(server, {"m2"})

    assert asked == ["0", "1", "2"]
    assert found["m2"].aliases == {"a": "3"}


async def test_metrics_are_told_the_operation_and_the_result_and_no_names() -> None:
    told: list[tuple[str, str]] = []
    async with (
        serving(mlflow_error(500, "INTERNAL_ERROR")) as url,
        connected(
            url, on_call=lambda operation, result, seconds: told.append((operation, result))
        ) as server,
    ):
        with pytest.raises(NotAnswered):
            await queries.get_logged_model(server, "whatever-an-answer-named")
        with pytest.raises(NotAnswered):
            await read_bytes(ServedFiles(server, "1/a"), [StoredFile("w", 1)])

    assert told == [("logged-models", "ServerError"), ("artifacts/get", "ServerError")]
