"""`python -m bench.store_process tree|read|write|hash|send|copy URL`: one large file of an object
store, read, written, hashed, sent into another bucket, or copied as a refresh does it; seconds, and
megabytes of memory that it took at most, as JSON. Keys are in the variables that a Secret has.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator

from bench.processes import forget_peak, usage
from rig.stores.object_store import PRODUCTION, STAGING
from stagingmirror.api.spec.environment.object_store import ObjectStore
from stagingmirror.settings import Settings
from stagingmirror.sources.content.files import CHUNK
from stagingmirror.sources.content.hashing import read_bytes
from stagingmirror.sources.content.transfer import Transfer, hash_of
from stagingmirror.sources.objectstore.bucket import Bucket
from stagingmirror.sources.objectstore.copy import copy_folder
from stagingmirror.sources.objectstore.files import ObjectFiles

FOLDER = "large"
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def _files(url: str, bucket: str, folder: str = FOLDER) -> ObjectFiles:
    store = ObjectStore(name="models", url=f"s3://{bucket}", endpoint=url)
    variables = {key: os.environ[key] for key in _KEYS}
    opened = Bucket(store, variables, settings=Settings(), on_call=lambda *_: None)
    return ObjectFiles(lambda: opened, folder, lambda: None)


async def _read(files: ObjectFiles) -> None:
    for each in await files.listing():
        async with files.open(each) as opened:
            async for _ in opened.blocks:
                pass


async def _zeros(size: int) -> AsyncGenerator[bytes, None]:
    for _ in range(0, size, CHUNK):
        yield bytes(CHUNK)


async def _timed(way: str, url: str) -> None:
    source = _files(url, PRODUCTION)
    destination = _files(url, STAGING, f"{way}-{os.getpid()}")
    listing = await source.listing()
    match way:
        case "read":
            await _read(source)
        case "hash":
            await read_bytes(source, listing)
        case "write":
            for each in listing:
                await destination.put(each, _zeros(each.size))
        case "send":
            transfer = Transfer(source, destination, lambda: None)
            await transfer.send(listing, lambda size: None, again=True)
        case _:
            await copy_folder(
                source,
                destination,
                os.environ["TREE_HASH"],
                clock=time.time,
                clock_margin=-1.0,  # no pod is started from it
                may_write=lambda: None,
                progress=lambda done, total: None,
            )


async def main() -> None:
    way, url = sys.argv[1:]
    if way == "tree":
        print(await hash_of(_files(url, PRODUCTION)))
        return
    forget_peak()
    before, began = usage(), time.monotonic()
    await _timed(way, url)
    seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "memory": usage().peak - before.resident}))


if __name__ == "__main__":
    asyncio.run(main())
