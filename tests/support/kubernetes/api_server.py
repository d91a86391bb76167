"""An API server on loopback that answers as a test tells it: for what a real one seldom does."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.api.login import Login

Answer = tuple[int, dict[str, Any]]
Respond = Callable[[str, str, Any], Answer]
"""From method, path and decoded body to status and body."""

NO_DRY_RUN = {
    "kind": "Status",
    "reason": "BadRequest",
    "message": 'admission webhook "pins" does not support dry run',
}


@asynccontextmanager
async def an_api_server(respond: Respond) -> AsyncIterator[KubernetesClient]:
    """A client of a server that answers so. Whoever asks for a dry run meets a webhook that has
    none.
    """

    async def handle(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        if "dryRun" in request.query:
            return web.json_response(NO_DRY_RUN, status=400)
        status, answer = respond(request.method, request.path, body)
        return web.json_response(answer, status=status)

    async def nobody() -> None:
        return None

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with TestServer(app) as server:
        access = Login(str(server.make_url("/")), None, nobody, "default")
        async with KubernetesClient(access, timeout=5) as client:
            yield client


def not_found(name: str) -> Answer:
    return 404, {"kind": "Status", "reason": "NotFound", "details": {"name": name}}


def refused(code: int, reason: str) -> Answer:
    return code, {"kind": "Status", "reason": reason}
