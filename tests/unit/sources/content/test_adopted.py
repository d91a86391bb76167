"""What an earlier process read of a version counts for these files only."""

import asyncio
import time
from functools import partial
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.sources.content.content_poller import ContentPoller
from stagingmirror.sources.content.files import StoredFile
from stagingmirror.sources.content.hashing import fingerprint
from stagingmirror.sources.content.subjects import Content, FileHash
from stagingmirror.sources.mlflow.client.artifacts import files_of
from support.mlflow.registries import connected, serving

ROOT = "1/models/m-new/artifacts"


async def store(request: web.Request) -> web.Response:
    """One file of three bytes, without an ETag, as object stores behind MLflow have it."""
    if "path" in request.query:
        return web.json_response({"files": [{"path": "model.bin", "file_size": 3}]})
    return web.Response(body=b"new")


@pytest.mark.parametrize(("root", "counts"), [(ROOT, True), ("1/models/m-former/artifacts", False)])
async def test_a_version_that_was_registered_anew_does_not_have_the_former_ones_bytes(
    root: str, counts: bool
) -> None:
    listing = fingerprint([StoredFile("model.bin", 3)], {})
    files = {"model.bin": FileHash("0" * 64, 3)}
    kept = Content("sha256:former", files, time.time(), listing, root=root)
    async with serving(store) as url, connected(url) as server:
        poller = ContentPoller(
            partial(files_of, server),
            clock=time.time,
            store_interval=60.0,
            changed=lambda root: None,
            store_of=lambda root: "",
        )
        poller.adopt(ROOT, kept)
        poller.tend({ROOT: None})
        shown = await _settled(poller)
        await poller.close()

    assert (shown.tree_hash == "sha256:former") is counts


async def _settled(poller: ContentPoller) -> Content:
    async with asyncio.timeout(10):
        while True:
            shown: Any = poller.shown(ROOT)[0]
            if isinstance(shown, Content):
                return shown
            await asyncio.sleep(0.01)
