"""A reader reads, and goes on as another identity without a gap; it has no way to write."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from stagingmirror.errors import NotAnswered
from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from support.operators.waiting import holds


async def nobody() -> str | None:
    return None


async def somebody() -> str | None:
    return "Bearer new"


class Server:
    """Everything is answered; a watch stays open. ``requests``: method, path and authorization."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, str | None]] = []
        self.page: dict[str, Any] = {"kind": "Anything", "status": {"allowed": True}}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path, request.headers.get("Authorization")))
        if request.query.get("watch"):
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"{}\n")
            await asyncio.sleep(60)
        return web.json_response(self.page)

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[tuple[KubernetesReader, Login]]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        async with TestServer(app) as server:
            login = Login(str(server.make_url("/")), None, nobody, "default")
            async with KubernetesReader(login, timeout=5) as reader:
                yield reader, login


async def test_another_identity_is_used_at_once_and_an_open_watch_ends() -> None:
    server = Server()
    async with (
        server.reader() as (reader, login),
        aclosing(reader.stream("/w", {"watch": "1"})) as w,
    ):
        assert await anext(w) == b"{}"

        await reader.log_in(replace(login, authorization=somebody))
        with pytest.raises(NotAnswered):
            async with asyncio.timeout(5):
                await anext(w)
        await reader.get("/api")

    assert [each[2] for each in server.requests] == [None, "Bearer new"]
    assert reader.logins == 1


async def test_a_request_that_is_under_way_fails_as_any_lost_one_does() -> None:
    server = Server()
    async with server.reader() as (reader, login):
        under_way = asyncio.create_task(reader.get("/w?watch=1", query={"watch": "1"}))
        await holds(lambda: bool(server.requests))

        await reader.log_in(replace(login, authorization=somebody))

        with pytest.raises(NotAnswered):
            await under_way


async def test_nothing_but_reads_and_questions_about_itself_ever_leaves_it() -> None:
    server = Server()
    async with server.reader() as (reader, _):
        await reader.get("/api/v1/namespaces/kube-system")
        await reader.review("SelfSubjectRulesReview", {"namespace": "ml"})
        await reader.review("SelfSubjectAccessReview", {"resourceAttributes": {}})
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            with pytest.raises(AssertionError):
                await reader._call(method, "/api/v1/namespaces/ml/configmaps", {}, {})

    assert not hasattr(reader, "request")
    reviews = "/apis/authorization.k8s.io/v1/selfsubject"
    assert [each[:2] for each in server.requests] == [
        ("GET", "/api/v1/namespaces/kube-system"),
        ("POST", f"{reviews}rulesreviews"),
        ("POST", f"{reviews}accessreviews"),
    ]


async def test_a_list_whose_next_page_is_the_same_again_ends() -> None:
    server = Server()
    server.page = {"kind": "List", "metadata": {"continue": "again"}, "items": [{"n": 1}]}
    async with server.reader() as (reader, _):
        with pytest.raises(NotAnswered, match="came twice"):
            _ = [page async for page in reader.pages("/api/v1/pods")]

    assert len(server.requests) == 2
