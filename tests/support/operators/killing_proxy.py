"""A proxy before a real server that ends the operator right after a write of its was let through.

On the wire and on loopback: the write is forwarded, the server has done it, and the process that
asked for it is killed (SIGKILL) before it can hear so.
"""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

_HOP = frozenset({"host", "connection", "transfer-encoding", "content-length", "keep-alive"})


class KillingProxy:
    """``counts`` tells which writes (method, path, body) are counted, ``kill`` ends the operator.

    ``allow(n)`` lets n counted writes through; the operator is killed after the n-th.
    """

    def __init__(
        self, *, counts: Callable[[str, str, bytes], bool], kill: Callable[[], None]
    ) -> None:
        self._counts = counts
        self._kill = kill
        self._left: int | None = None
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._sites: list[web.AppRunner] = []
        self.writes: list[str] = []
        self.killed = threading.Event()

    def allow(self, writes: int) -> None:
        self.killed.clear()
        self._left = writes

    def before(self, server: str, ca: Path | None = None) -> str:
        """Stand before this server; returns the address to ask instead."""
        started = asyncio.run_coroutine_threadsafe(self._serve(server, ca), self._loop)
        return started.result(timeout=10)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(timeout=10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._ready.set)
        self._loop.run_forever()

    async def _serve(self, server: str, ca: Path | None) -> str:
        tls = ssl.create_default_context(cafile=str(ca)) if ca else None
        connector = aiohttp.TCPConnector(ssl=tls or True, limit=0)
        session = aiohttp.ClientSession(
            connector=connector, auto_decompress=False, skip_auto_headers=["Content-Type"]
        )

        async def forward(request: web.Request) -> web.StreamResponse:
            return await self._forward(session, server, request)

        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{rest:.*}", forward)
        app.on_cleanup.append(lambda _: session.close())
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        self._sites.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def _close(self) -> None:
        for runner in self._sites:
            await runner.cleanup()
        # What the dead asked for last is still being forwarded.
        unfinished = asyncio.all_tasks() - {asyncio.current_task()}
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    async def _forward(
        self, session: aiohttp.ClientSession, server: str, request: web.Request
    ) -> web.StreamResponse:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP}
        body = await request.read()
        is_write = "dryRun" not in request.query
        is_counted = is_write and self._counts(request.method, request.path, body)
        if is_counted and self.killed.is_set():
            raise web.HTTPBadGateway  # the dead write nothing
        async with session.request(
            request.method,
            f"{server}{request.raw_path}",
            headers=headers,
            data=body or None,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as upstream:
            if is_counted and upstream.status < 300:
                self._count(f"{request.method} {request.path}")
            kept = {k: v for k, v in upstream.headers.items() if k.lower() not in _HOP}
            answer = web.StreamResponse(status=upstream.status, headers=kept)
            with contextlib.suppress(ConnectionError):
                await answer.prepare(request)
                async for part in upstream.content.iter_any():
                    await answer.write(part)
                await answer.write_eof()
            return answer

    def _count(self, what: str) -> None:
        self.writes.append(what)
        if self._left is None:
            return
        self._left -= 1
        if self._left <= 0:
            self._kill()
            self.killed.set()
