"""A copy of files between two stores that are played on the wire."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

from stagingmirror.actions.copies.copy_files import CopyFiles
from stagingmirror.actions.step import Arrived, Task
from stagingmirror.actions.tools import Tools
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.location import Location
from stagingmirror.settings import Settings
from stagingmirror.sources.content.hashing import tree_hash
from stagingmirror.sources.content.subjects import FileHash
from stagingmirror.sources.kubernetes.write.writer import Writer
from stagingmirror.sources.objectstore.source import ObjectStoreSource
from support.kinds.tools import tools_with
from support.kubernetes.wire import Wire
from support.mlflow.registries import serving
from support.objectstore.fake_s3 import BUCKET, WRITES, FakeS3

FILES = {"w.bin": b"w" * 1000, "empty": b"", "deep/t.json": b"{}"}
TASK = Task("r1", {}, {}, {}, 0.0, mirror="ml-staging/ranker")
TARGET = "ml-staging/ranker/abc"


def copy_of(files: Mapping[str, bytes] = FILES) -> CopyFiles:
    hashes = {
        path: FileHash(hashlib.sha256(data).hexdigest(), len(data)) for path, data in files.items()
    }
    return CopyFiles(
        "copy",
        ("ranker",),
        "production",
        f"s3://{BUCKET}/ranker/12",
        "staging",
        f"s3://{BUCKET}/{TARGET}",
        tree_hash(hashes),
        files=len(files),
        size=sum(map(len, files.values())),
    )


COPY = copy_of()
THERE = {f"{TARGET}/{path}": data for path, data in FILES.items()}


@dataclass
class Bench:
    source: FakeS3
    destination: FakeS3
    addresses: Mapping[str, str]
    protected: tuple[Location, ...]

    def __post_init__(self) -> None:
        self.leading = True
        self.stores = ObjectStoreSource(
            clock=time.time,
            on_change=lambda _: None,
            settings=Settings(clock_margin=0.0, upstream_timeout=2.0),
            productions=lambda: self.protected,
        )
        writer = Writer(
            Wire(),
            productions=frozenset,
            unproven=frozenset,
            is_elsewhere=lambda *_: None,
            leading=lambda: self.leading,
        )
        source_of: Any = lambda kind: self.stores  # noqa: E731
        self.tools: Tools = replace(tools_with(writer, time.time), source=source_of)
        self.list_readable("production", "staging")

    def list_readable(self, *environments: Literal["production", "staging"]) -> None:
        """Only these list the folders."""
        self.stores.configure(
            {
                name: environment(name, url, *(("*",) if name in environments else ()))
                for name, url in self.addresses.items()
            },
            {},
        )

    async def copy(self, step: CopyFiles = COPY) -> Arrived:
        async with asyncio.timeout(20):
            while True:
                outcome = await step.take(TASK, self.tools)
                if isinstance(outcome, Arrived):
                    return outcome
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def another_process(self) -> AsyncIterator["Bench"]:
        """That knows nothing of this one."""
        made = Bench(self.source, self.destination, self.addresses, self.protected)
        yield made
        await made.tools.pool.close()

    @property
    def uploads(self) -> list[str]:
        return [each.path for each in self.destination.requests if each.method in WRITES]


@asynccontextmanager
async def bench(
    *protected: Location,
    files: Mapping[str, bytes] = FILES,
    destination: FakeS3 | None = None,
) -> AsyncIterator[Bench]:
    source = FakeS3({f"ranker/12/{path}": data for path, data in files.items()})
    destination = destination or FakeS3()
    async with AsyncExitStack() as stack:
        addresses = {
            name: await stack.enter_async_context(serving(store.answer))
            for name, store in (("production", source), ("staging", destination))
        }
        made = Bench(source, destination, addresses, protected)
        yield made
        await made.tools.pool.close()


def environment(name: str, url: str, *readable: str) -> MirrorEnvironmentSpec:
    store = {"name": "models", "url": f"s3://{BUCKET}", "endpoint": url, "anonymous": True}
    store["readable"] = list(readable)
    return MirrorEnvironmentSpec.model_validate(
        {"role": name.capitalize(), "objectStores": [store]}
    )
