"""Staging's registry with a gate before it, that closes while an operator runs."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass

from aiohttp import web

from support.registries import in_front_of


@dataclass(slots=True)
class Gate:
    """Staging's registry by way of it. ``refuses``: the status that whoever uploads a file gets,
    with a body that says ``says``.
    """

    says: str
    url: str = ""
    refuses: int | None = None

    def __call__(self, request: web.Request) -> web.Response | None:
        if self.refuses is None or request.method != "PUT":
            return None
        return web.Response(status=self.refuses, text=f"<html>{self.says}</html>")


@contextmanager
def gate_before(registry: str, *, says: str) -> Iterator[Gate]:
    """A gate before the registry at this address."""
    gate = Gate(says)
    with _in_a_thread(in_front_of(registry, gate)) as gate.url:
        yield gate


@contextmanager
def _in_a_thread(server: AbstractAsyncContextManager[str]) -> Iterator[str]:
    """A server that goes on while the test waits for something else; its address."""
    loop = asyncio.new_event_loop()
    address: Future[str] = Future()
    ended = asyncio.Event()

    async def serve() -> None:
        async with server as url:
            address.set_result(url)
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    try:
        yield address.result(timeout=10)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(timeout=10)
        loop.close()
