"""Staging's registry with a gate before it, that closes while an operator runs."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from support.mlflow.registries import in_front_of


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
    started: Future[tuple[str, Callable[[], object]]] = Future()

    async def serve() -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        async with server as url:
            started.set_result((url, partial(loop.call_soon_threadsafe, ended.set)))
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    url, end = started.result(timeout=10)
    try:
        yield url
    finally:
        end()
        thread.join(timeout=10)
