"""All bytes of a folder are read on request, and not as often as somebody likes."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import pytest
from aiohttp import web

from stagingmirror.sources.content.content_poller import ContentPoller
from stagingmirror.sources.content.subjects import Content
from stagingmirror.sources.mlflow.client.artifacts import files_of
from support.mlflow.registries import connected, eventually, serving

ROOT = "1/models/m-1/artifacts"


@dataclass
class Read:
    """A poller, and how often all bytes of the one folder were read."""

    poller: ContentPoller
    times: int = 0

    async def prove(self) -> None:
        await self.poller.prove([ROOT], since=time.time(), bytes_too=True)

    async def shown(self) -> Content:
        def content() -> Content | None:
            found = self.poller.shown(ROOT)[0]
            return found if isinstance(found, Content) else None

        return await eventually(content)


@asynccontextmanager
async def read_once(least_interval: float) -> AsyncIterator[Read]:
    async def store(request: web.Request) -> web.Response:
        if "path" in request.query:
            return web.json_response({"files": [{"path": "model.bin", "file_size": 3}]})
        read.times += request.method == "GET"
        return web.Response(body=b"new")

    async with serving(store) as url, connected(url) as server:
        poller = ContentPoller(
            partial(files_of, server),
            clock=time.time,
            store_interval=60.0,
            changed=lambda root: None,
            store_of=lambda root: "",
        )
        poller.bound(content_interval=3600.0, max_bytes=100, least_interval=least_interval)
        read = Read(poller)
        poller.tend({ROOT: None})
        await read.shown()
        yield read
        await poller.close()


async def test_whoever_requests_them_again_and_again_waits_for_the_floor() -> None:
    async with read_once(least_interval=600.0) as read:
        await read.prove()
        await read.prove()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read.prove(), 0.5)

        assert read.times == 3, "once at first, and twice on request"


async def test_one_reading_serves_all_who_wait_for_it_and_began_after_each_request() -> None:
    async with read_once(least_interval=0.5) as read:
        await read.prove()
        await read.prove()

        requests = [asyncio.create_task(read.prove()) for _ in range(20)]
        last = time.time()
        await asyncio.gather(*requests)

        assert read.times == 4
        assert (await read.shown()).read > last - 0.1


async def test_a_folder_that_is_wanted_again_soon_is_not_read_anew() -> None:
    async with read_once(least_interval=600.0) as read:
        first = await read.shown()
        for _ in range(5):
            read.poller.tend({})
            read.poller.tend({ROOT: None})
            again = await read.shown()

        assert (read.times, again) == (1, first)


async def test_a_folder_that_is_doubted_while_nobody_wants_it_is_read_anew() -> None:
    async with read_once(least_interval=600.0) as read:
        read.poller.tend({})
        read.poller.doubt(ROOT)
        read.poller.tend({ROOT: None})
        await read.shown()

        assert read.times == 2


async def test_leaving_a_folder_does_not_lift_its_floor() -> None:
    async with read_once(least_interval=600.0) as read:
        for _ in range(2):
            await read.prove()
        read.poller.tend({})
        read.poller.tend({ROOT: None})
        await read.shown()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read.prove(), 0.5)

        assert read.times == 3
