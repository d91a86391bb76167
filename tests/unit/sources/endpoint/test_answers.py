"""How the answer of an endpoint is requested, and how often."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.settings import Settings
from stagingmirror.sources.endpoint.samples import Kept
from stagingmirror.sources.endpoint.source import EndpointSource
from stagingmirror.sources.endpoint.subjects import AnswerSubject
from stagingmirror.sources.source import Access
from support.kinds.builders import environment
from support.mlflow.registries import serving
from support.operators.waiting import holds
from support.parity.source import no_example
from support.settings.specs import ENDPOINT

SUBJECT = AnswerSubject("production", "models")
POINTERS = ("/data/0/id", "/version", "/ready")
BODY = b'{"data": [{"id": "fraud@12"}], "version": 1.10, "ready": true}'
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Served:
    """A server that answers with ``answer``, and the source that reads it."""

    source: EndpointSource
    answer: web.Response | None = None
    requests: list[web.Request] = field(default_factory=list)
    changes: list[Any] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        given = self.answer
        if given is None:
            return web.Response(body=BODY, content_type="application/json")
        return web.Response(body=given.body, status=given.status, headers=given.headers)

    def configure(self, access: Access | None = None, **more: Any) -> None:
        given = {"url": f"{self.url}/v1/models", "pointers": POINTERS, **more}
        spec = environment(endpoints=[ENDPOINT | {"maxRequestsPerSecond": 1000} | given])
        specs: dict[str, MirrorEnvironmentSpec] = {"production": spec}
        self.source.configure(specs, {} if access is None else {"production": access})

    def found(self) -> Any:
        return self.source.get(SUBJECT)

    def why(self) -> Why | None:
        found = self.found()
        return found.why if isinstance(found, Unseen) else found.trouble


@asynccontextmanager
async def _serving() -> AsyncIterator[Served]:
    changes: list[Any] = []
    source = EndpointSource(
        clock=time.time,
        on_change=changes.append,
        settings=Settings(),
        on_call=lambda *_: None,
        examples=no_example,
        keep=lambda *_: Kept("1", "{}"),
    )
    served = Served(source, changes=changes)
    async with serving(served.handle) as url:
        served.url = url
        task = asyncio.create_task(source.run())
        try:
            yield served
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_one_request_answers_all_pointers_and_all_who_want_them() -> None:
    async with _serving() as served:
        served.configure()
        for _ in range(100):
            served.source.want(SUBJECT, 60.0)

        await holds(lambda: not isinstance(served.found(), Unseen))
        await asyncio.sleep(1.2)  # another look at what is due

        assert served.found().value.values == {
            "/data/0/id": "fraud@12",
            "/version": "1.10",
            "/ready": "true",
        }
        (request,) = served.requests
        assert (request.method, request.path) == ("GET", "/v1/models")
        assert request.headers["X-StagingMirror-Probe"] == "1"
        assert served.changes == [SUBJECT]


async def test_nothing_is_requested_that_nobody_wants() -> None:
    async with _serving() as served:
        served.configure()
        await asyncio.sleep(1.2)

        assert served.requests == []
        assert isinstance(served.found(), Unseen)


async def test_a_login_is_sent() -> None:
    async with _serving() as served:
        served.configure(
            Access(None, variables={"login": {"token": "t0ken"}}),
            credentialsSecretRef={"name": "login"},
        )
        served.source.want(SUBJECT, 60.0)

        await holds(lambda: bool(served.requests))

        assert served.requests[0].headers["Authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (web.Response(status=401), "Unauthorized"),
        (web.Response(status=403), "Forbidden"),
        (web.Response(status=404), "NotThere"),
        (web.Response(status=405), "BadRequest"),
        (web.Response(status=422), "BadRequest"),
        (web.Response(status=429), "Throttled"),
        (web.Response(status=500), "ServerError"),
        (web.Response(status=503), "Unavailable"),
        (web.Response(status=302, headers={"Location": "/x"}), "Redirected"),
        (web.Response(body=b"<html>s3cret"), "Garbage"),
        (web.Response(body=b"x" * 2000), "OversizedAnswer"),
    ],
)
async def test_each_failure_has_its_own_reason_and_nothing_of_the_answer(
    answer: web.Response, reason: str
) -> None:
    async with _serving() as served:
        served.answer = answer
        served.configure(maxResponseBytes="1000")
        served.source.want(SUBJECT, 60.0)

        await holds(lambda: bool(served.changes))

        found = served.found()
        assert isinstance(found, Unseen)
        assert found.why.reason == reason
        assert "s3cret" not in found.why.message


async def test_an_answer_stays_with_its_age_while_none_comes() -> None:
    async with _serving() as served:
        served.configure()
        served.source.want(SUBJECT, 0.1)
        await holds(lambda: not isinstance(served.found(), Unseen))
        served.answer = web.Response(status=503)
        await holds(lambda: served.why() is not None)
        began = served.found().began

        await asyncio.sleep(1.2)

        assert served.found().began == began
        assert served.found().trouble.reason == "Unavailable"


async def test_a_url_that_is_gone_proves_nothing_of_its_former_answer() -> None:
    async with _serving() as served:
        served.configure()
        served.source.want(SUBJECT, 0.1)
        await holds(lambda: not isinstance(served.found(), Unseen))

        served.answer = web.Response(status=404)

        await holds(lambda: isinstance(served.found(), Unseen))
        assert served.found().why.reason == "NotThere"


async def test_another_list_of_pointers_is_not_answered_by_the_former_one() -> None:
    async with _serving() as served:
        served.configure()
        served.source.want(SUBJECT, 60.0)
        await holds(lambda: not isinstance(served.found(), Unseen))

        served.configure(pointers=["/version"])

        assert isinstance(served.found(), Unseen)
        await holds(lambda: not isinstance(served.found(), Unseen))
        assert set(served.found().value.values) == {"/version"}


async def test_many_who_prove_it_at_once_wait_for_one_request() -> None:
    async with _serving() as served:
        served.configure()
        served.source.want(SUBJECT, 60.0)
        await holds(lambda: not isinstance(served.found(), Unseen))
        since = time.time()

        await asyncio.gather(
            *(
                served.source.prove(frozenset({SUBJECT}), since=since, read_bytes=False)
                for _ in range(50)
            )
        )

        assert len(served.requests) == 2
        assert served.found().began >= since


async def test_an_endpoint_is_requested_no_faster_than_it_bears() -> None:
    async with _serving() as served:
        served.configure(maxRequestsPerSecond=2)
        served.source.want(SUBJECT, 0.0)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await holds(lambda: not isinstance(served.found(), Unseen))
        for _ in range(3):
            await served.source.prove(
                frozenset({SUBJECT}), since=time.time() + 0.001, read_bytes=False
            )

        assert loop.time() - began >= (len(served.requests) - 1) / 2
