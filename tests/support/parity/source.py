"""The source of endpoints, with a small server behind it that can fall silent."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import web

from stagingmirror.settings import Settings
from stagingmirror.sources.endpoint.samples import Kept
from stagingmirror.sources.endpoint.source import EndpointSource
from stagingmirror.sources.endpoint.subjects import AnswerSubject, EndpointSamples, ParitySubject
from stagingmirror.sources.source import SecretsUse, Source
from support.mlflow.registries import serving
from support.parity.answers import RULES
from support.parity.specs import endpoint

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def no_example(environment: str, name: str, version: str) -> bytes:
    raise AssertionError("nobody sends an input example")


async def _endpoint(
    stack: AsyncExitStack, gate: Handler, changes: list[Any]
) -> tuple[Source[Any], str]:
    url = await stack.enter_async_context(serving(gate))
    source = EndpointSource(
        clock=time.time,
        on_change=changes.append,
        settings=Settings(),
        on_call=lambda *_: None,
        examples=no_example,
        keep=lambda *_: Kept("1", '{"id": 1}\n{"id": 2}'),
    )
    return source, url


def _a_feature() -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response({"amount": 1.5})

    return answer


def _an_endpoint(url: str, more: dict[str, Any]) -> list[dict[str, Any]]:
    more = {"protocol": "JSON", "maxRequestsPerSecond": 1000, "pointers": ["/amount"], **more}
    return [
        endpoint(url=url, **more),
        endpoint(url=f"{url}/staged", name="staged-features", **more),
    ]


# An example of ``support.sources.sources``.
ENDPOINTS: dict[str, Any] = {
    "source": EndpointSource,
    "there": (
        ParitySubject(
            EndpointSamples("production", "features", "parity-samples"),
            EndpointSamples("production", "staged-features", ""),
            RULES,
            900.0,
        ),
        AnswerSubject("production", "features"),
    ),
    "missing": (),
    "server": "endpoints",
    "_make": _endpoint,
    "_answer": _a_feature,
    "offered": _an_endpoint,
    "secret": SecretsUse(("login",)),
}
