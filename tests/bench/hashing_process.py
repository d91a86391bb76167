"""`python -m bench.hashing_process file|fast|mlflow|read PLACE ROOT SIZE`: reads a model's bytes
once, as the operator does; seconds, and megabytes of memory that it took at most, as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.processes import forget_peak, usage
from stagingmirror.settings import Settings
from stagingmirror.sources.content.files import CHUNK, StoredFile
from stagingmirror.sources.content.hashing import Digest, read_bytes
from stagingmirror.sources.mlflow.client.artifacts import ServedFiles
from stagingmirror.sources.mlflow.client.client import MlflowServer

_NAME = "weights.bin"


async def hashed(url: str, root: str, size: int) -> None:
    server = _server(url)
    try:
        await read_bytes(ServedFiles(server, root), [StoredFile(_NAME, size)])
    finally:
        await server.close()


async def only_read(url: str, root: str) -> None:
    server = _server(url)
    try:
        async with ServedFiles(server, root).open(StoredFile(_NAME, 1)) as opened:
            async for _ in opened.blocks:
                pass
    finally:
        await server.close()


async def from_disk(file: Path) -> None:
    digest = Digest()
    for block in _blocks(file):
        await digest.add([block])
    await digest.result()


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while block := source.read(CHUNK):
            yield block


def _server(url: str) -> MlflowServer:
    return MlflowServer(
        url,
        credentials=None,
        ca_bundle=None,
        proxy=None,
        workspace=None,
        settings=Settings(),
        clock=time.time,
    )


async def main() -> None:
    way, place, root, size = sys.argv[1:]
    forget_peak()
    before, began = usage(), time.monotonic()
    match way:
        case "file":
            await from_disk(Path(place))
        case "read":
            await only_read(place, root)
        case _:
            await hashed(place, root, int(size))
    seconds = time.monotonic() - began
    print(json.dumps({"seconds": seconds, "memory": usage().peak - before.resident}))


if __name__ == "__main__":
    asyncio.run(main())
