"""A running `RegistrySource` that remembers what it announced, and a proxy in front of a server."""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, TypeVar

import aiohttp
from aiohttp import web

from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.client.client import MlflowServer, OnCall, OpenFolder
from stagingmirror.sources.mlflow.poll.source import MlflowSource
from stagingmirror.sources.mlflow.subjects import (
    AliasSubject,
    Content,
    ModelVersion,
    RegistrySubject,
    VersionSubject,
)
from stagingmirror.sources.outward import Proxy
from stagingmirror.sources.source import Credentials
from stagingmirror.view import Observed

T = TypeVar("T")

QUICK = Settings(store_interval=0.5, upstream_timeout=10.0, clock_margin=0.0)
"""Files are listed twice a second instead of every five minutes."""
INTERVAL = 0.5


class Watched:
    """Wants things of a source, waits for what it says of them."""

    def __init__(self, settings: Settings) -> None:
        self.changes: list[RegistrySubject] = []
        self.calls: Counter[str] = Counter()
        self.source = MlflowSource(
            clock=time.time,
            on_change=self.changes.append,
            settings=settings,
            on_call=lambda server, operation, result, seconds: self.calls.update([operation]),
        )

    def want_alias(
        self, environment: str, model: str, alias: str, *, interval: float = INTERVAL
    ) -> AliasSubject:
        subject = AliasSubject(environment, model, alias)
        self.source.want(subject, interval)
        return subject

    def want_version(self, environment: str, model: str, version: str) -> VersionSubject:
        subject = VersionSubject(environment, model, version)
        self.source.want(subject, INTERVAL)
        return subject

    async def named(self, environment: str, model: str, alias: str) -> str:
        """The version that the alias names, once that is known."""

        def version() -> str | None:
            look = self.source.get(AliasSubject(environment, model, alias))
            return look.value.version if isinstance(look, Observed) and look.value else None

        return await eventually(version)

    async def names(self, environment: str, model: str, alias: str, version: str) -> None:
        """Waits until the alias names this version."""

        def named() -> bool | None:
            look = self.source.get(AliasSubject(environment, model, alias))
            return (
                isinstance(look, Observed) and look.value and look.value.version == version
            ) or None

        await eventually(named)

    async def read(self, environment: str, model: str, version: str) -> ModelVersion:
        """The version, once its bytes were read."""

        def whole() -> ModelVersion | None:
            found = self.found(environment, model, version)
            return found if found is not None and isinstance(found.content, Content) else None

        return await eventually(whole)

    def found(self, environment: str, model: str, version: str) -> ModelVersion | None:
        look = self.source.get(VersionSubject(environment, model, version))
        return look.value if isinstance(look, Observed) else None

    async def tree_hash(self, environment: str, model: str, version: str) -> str:
        content = (await self.read(environment, model, version)).content
        assert isinstance(content, Content)
        return content.tree_hash


@asynccontextmanager
async def watching(
    addresses: "dict[str, RegistryAddress]", settings: Settings = QUICK
) -> AsyncIterator[Watched]:
    """A source that runs, with these environments."""
    watched = Watched(settings)
    for environment, address in addresses.items():
        watched.source.registries.set(environment, address)
    running = asyncio.create_task(watched.source.run())
    try:
        yield watched
    finally:
        running.cancel()
        await asyncio.wait([running])


@asynccontextmanager
async def connected(
    url: str,
    *,
    credentials: Credentials | None = None,
    ca_bundle: str | None = None,
    proxy: Proxy | None = None,
    workspace: str | None = None,
    settings: Settings = QUICK,
    on_call: OnCall = lambda operation, result, seconds: None,
    direct: OpenFolder = lambda uri: None,
) -> AsyncIterator[MlflowServer]:
    server = MlflowServer(
        url,
        credentials=credentials,
        ca_bundle=ca_bundle,
        proxy=proxy,
        workspace=workspace,
        settings=settings,
        clock=time.time,
        on_call=on_call,
        direct=direct,
    )
    try:
        yield server
    finally:
        await server.close()


def exported(source: MlflowSource) -> dict[str, Mapping[str, Any]]:
    """What outlives a restart of what is known."""
    return {name: entry for name, entry in source.export().items() if entry is not None}


async def eventually(condition: Callable[[], T | None], within: float = 60.0) -> T:
    """What the condition returns once that is neither None nor False."""
    async with asyncio.timeout(within):
        while True:
            found = condition()
            if found is not None and found is not False:
                return found
            await asyncio.sleep(0.02)


Answering = Callable[[web.Request], web.StreamResponse | None]


@asynccontextmanager
async def serving(
    answer: Callable[[web.Request], "object"], *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A server on loopback; its address. ``answer`` is an aiohttp handler."""
    application = web.Application(client_max_size=1024**3)
    application.router.add_route("*", "/{path:.*}", answer)  # type: ignore[arg-type]
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def in_front_of(
    url: str, instead: Answering = lambda request: None, *, lose: str | None = None
) -> AsyncIterator[str]:
    """Another address of a server. ``instead`` may answer in its place; an answer to a path that
    ends with ``lose`` is lost: the server acts, and the caller never hears of it.
    """
    async with aiohttp.ClientSession(auto_decompress=False) as session:

        async def forward(request: web.Request) -> web.StreamResponse:
            answered = instead(request)
            if answered is not None:
                return answered
            async with session.request(
                request.method,
                f"{url}{request.raw_path}",
                headers={k: v for k, v in request.headers.items() if k.lower() != "host"},
                data=BytesIO(await request.read()),
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
                if lose is not None and request.path.endswith(lose):
                    assert request.transport is not None
                    request.transport.abort()
                kept = {k: v for k, v in answer.headers.items() if k.lower() in _KEPT}
                return web.Response(status=answer.status, body=body, headers=kept)

        async with serving(forward) as address:
            yield address


_KEPT = {"content-type", "etag", "last-modified"}
