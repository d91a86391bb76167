"""How an OpenSearch lets us in, and what is no answer of one."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.errors import (
    NotAllowed,
    NotAnswered,
)
from stagingmirror.settings import Settings
from stagingmirror.sources.source import Token
from support.index.conformance import error_of
from support.index.fake_opensearch import ROOT, FakeOpenSearch, failed
from support.index.ground import PLANTED


def page(status: int) -> web.Response:
    return web.Response(status=status, text=f"<html>{PLANTED}</html>", content_type="text/html")


@pytest.mark.parametrize("name", ["docs-*", "_all", "a,b", "../_cluster", "-docs", "<docs>", ""])
async def test_a_name_that_could_be_several_is_never_sent(name: str) -> None:
    fake = FakeOpenSearch()

    async with fake.store() as store:
        assert (await error_of(store.resolve(name))).reason == "BadName"
        assert (await error_of(store.drop(name))).reason == "BadName"

    assert fake.calls == []


async def test_a_cluster_that_is_not_formed_has_no_identity() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /"] = {**ROOT, "cluster_uuid": "_na_"}

    async with fake.store() as store:
        assert isinstance(await error_of(store.identity()), NotAnswered)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page(200), "Garbage"),
        (page(404), "NotOpenSearch"),
        (page(500), "ServerError"),
        (page(502), "Unavailable"),
        (web.Response(status=429, text="slow down"), "Throttled"),
        (web.Response(text="[" * 100_000), "Garbage"),
        (web.Response(text='{"docs-2": '), "Garbage"),
        (web.json_response([]), "Garbage"),
        (web.Response(text="x" * 10 * 1024 * 1024), "OversizedAnswer"),
        (web.Response(status=307, headers={"Location": "/elsewhere"}), "Redirected"),
    ],
)
async def test_what_is_no_answer_is_no_absence(answer: web.Response, reason: str) -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs/_alias/docs"] = lambda _: answer

    async with fake.store(settings=Settings()) as store:
        error = await error_of(store.resolve("docs"))

    assert (type(error), error.reason) == (NotAnswered, reason)


async def test_half_an_answer_is_none() -> None:
    fake = FakeOpenSearch()

    async def cut(_: object) -> web.Response:
        response = web.Response(body=b'{"docs-2": {"aliases": {"docs": {}}}}')
        response.headers["Content-Length"] = "400"
        return response

    fake.answers["GET /docs/_alias/docs"] = {}
    fake.slow = cut
    async with fake.store() as store:
        error = await error_of(store.resolve("docs"))

    assert isinstance(error, NotAnswered)


async def test_a_store_that_is_down_is_not_there_and_says_nothing() -> None:
    fake = FakeOpenSearch()
    async with fake.store() as store:
        pass
    error = await error_of(store.resolve("docs"))
    await store.close()

    assert (type(error), error.reason) == (NotAnswered, "Unreachable")


async def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    fake = FakeOpenSearch()

    async def late(_: object) -> web.Response:
        await asyncio.sleep(30)
        return web.json_response({})

    fake.slow = late
    async with fake.store() as store:
        assert (await error_of(store.identity())).reason == "TimedOut"


async def test_plain_text_of_a_401_is_understood() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs-2"] = lambda _: web.Response(status=401, text="Unauthorized")

    async with fake.store() as store:
        error = await error_of(store.facts("docs-2"))

    assert isinstance(error, NotAllowed)
    assert "indexStores[vectors].credentialsSecretRef" in error.message
    assert "our password" not in str(error)


async def test_a_token_is_sent_as_one() -> None:
    fake = FakeOpenSearch()

    async with fake.store(credentials=Token("abc")) as store:
        await store.identity()

    assert fake.headers["Authorization"] == "Bearer abc"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"roles": ["own_index", "all_access"]}, True),
        ({"roles": ["stagingmirror-read"]}, None),
        (
            lambda _: web.Response(
                status=400, text=json.dumps({"error": "no handler found for uri [/_plugins]"})
            ),
            True,
        ),
        (lambda _: failed(403, "security_exception"), None),
    ],
)
async def test_what_our_account_may_write_is_known_only_where_it_is_everything(
    answer: Any, expected: bool | None
) -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /_plugins/_security/authinfo"] = answer

    async with fake.store() as store:
        assert await store.may_write() is expected


async def test_an_elasticsearch_is_known_by_its_answer() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /"] = {"cluster_uuid": "u", "version": {"number": "8.17.0"}}
    fake.answers["GET /docs-2/_stats"] = {}
    fake.answers["GET /_security/_authenticate"] = {"roles": ["superuser"]}

    async with fake.store() as store:
        assert (await store.facts("docs-2")).server == "Elasticsearch 8.17.0"
        assert await store.may_write() is True
