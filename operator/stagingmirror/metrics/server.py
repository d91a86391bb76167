"""livez, readyz and metrics over HTTP, on a port of their own."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Self

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

# What is wrong, in words; None: nothing.
Trouble = Callable[[], str | None]

# Seconds that an answer may still take when the server closes.
CLOSING = 1.0


class Server:
    """``async with Server(...) as server:`` listens; ``server.port`` is where (0: any).

    Series are written in a thread, one scrape at a time: of a large fleet they take longer than
    others should wait for the event loop.
    """

    def __init__(
        self, registry: CollectorRegistry, *, port: int, live: Trouble, ready: Trouble
    ) -> None:
        self.port = port
        self._registry = registry
        self._one = asyncio.Lock()
        app = web.Application(client_max_size=1024)
        app.router.add_get("/livez", _health(live))
        app.router.add_get("/readyz", _health(ready))
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            listening = _listen(self.port)
        except OSError:
            await self._runner.cleanup()
            raise
        await web.SockSite(self._runner, listening).start()
        self.port = listening.getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _metrics(self, _: web.Request) -> web.Response:
        async with self._one:
            body = await asyncio.to_thread(generate_latest, self._registry)
        answer = web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
        answer.enable_compression()
        return answer


def _listen(port: int) -> socket.socket:
    """One socket for IPv4 and IPv6: two sockets would get two different free ports."""
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


def _health(trouble: Trouble) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        found = trouble()
        return web.Response(text=found or "ok", status=200 if found is None else 503)

    return answer
