"""A refresh of an index between two stores of files that are played on the wire."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any

from stagingmirror.actions.copies.restore_index import RestoreIndex
from stagingmirror.actions.step import Arrived, ExecutableStep, Json, Outcome, Task
from stagingmirror.actions.switch_index import SwitchIndex
from stagingmirror.actions.tools import Tools
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.cli.operator.upstreams import folder_in
from stagingmirror.drift.places import Place
from stagingmirror.drift.steps import Produced
from stagingmirror.settings import Settings
from stagingmirror.sources.index.source import IndexSource
from stagingmirror.sources.index.stores import Stores
from stagingmirror.sources.kubernetes.write.writer import Writer
from stagingmirror.sources.objectstore.source import ObjectStoreSource
from support.index.files_ground import faiss_file
from support.kinds.tools import tools_with
from support.kubernetes.wire import Wire
from support.mlflow.registries import serving
from support.objectstore.fake_s3 import BUCKET, WRITES, FakeS3
from support.operators.waiting import holds

SETTINGS = Settings(clock_margin=0.0, upstream_timeout=2.0, artifact_timeout=2.0)
FIRST = Task("r1", {}, {}, {}, 0.0, mirror="ml-staging/search")
DOCUMENTS = 30


def with_build(store: FakeS3, build: str, vectors: int = DOCUMENTS, **more: Any) -> FakeS3:
    data = faiss_file(vectors)
    manifest = {
        "builtAt": "2026-11-20T04:00:00Z",
        "files": {"index.faiss": {"sha256": sha256(data).hexdigest(), "size": len(data)}},
        **more,
    }
    store.objects[f"idx/{build}/index.faiss"] = data
    store.objects[f"idx/{build}/manifest.json"] = json.dumps(manifest).encode()
    return store


def pointing(store: FakeS3, build: str) -> FakeS3:
    store.objects["idx/CURRENT"] = build.encode()
    return store


def production() -> FakeS3:
    return pointing(with_build(FakeS3(), "b2"), "b2")


def environment(role: str, url: str, **store: Any) -> MirrorEnvironmentSpec:
    objects = {"name": "models", "url": f"s3://{BUCKET}", "endpoint": url, "anonymous": True}
    index = {"name": "vectors", "type": "Files", "objectStore": "models", "prefix": "idx"}
    given = {"aliases": ["CURRENT"], **store}
    return MirrorEnvironmentSpec.model_validate(
        {"role": role, "objectStores": [objects], "indexStores": [{**index, **given}]}
    )


@dataclass
class Bench:
    """One process. ``source`` and ``destination`` outlive it."""

    source: FakeS3
    destination: FakeS3
    addresses: Mapping[str, str]
    productions: Mapping[Place, bool | None] = field(default_factory=dict)
    leading: bool = True
    wire: Wire = field(default_factory=Wire)

    def __post_init__(self) -> None:
        stores = ObjectStoreSource(
            clock=time.time, on_change=lambda _: None, settings=SETTINGS, productions=tuple
        )
        self.indexes = IndexSource(
            clock=time.time,
            on_change=lambda _: None,
            stores=Stores(
                settings=SETTINGS, on_call=lambda *_: None, folder=partial(folder_in, stores)
            ),
        )
        self._sources = (stores, self.indexes)
        writer = Writer(
            self.wire,
            productions=frozenset,
            unproven=frozenset,
            is_elsewhere=lambda *_: None,
            leading=lambda: self.leading,
        )
        source_of: Any = {IndexSource: self.indexes, ObjectStoreSource: stores}.__getitem__
        self.tools: Tools = replace(
            tools_with(
                writer, time.time, is_production=lambda place: self.productions.get(place, False)
            ),
            source=source_of,
        )
        self.configure()

    def configure_more(self, url: str) -> None:
        """Somebody has another production there."""
        self.configure(more={"other": environment("Production", url)})

    def configure(
        self,
        copies: str = "Allowed",
        more: Mapping[str, MirrorEnvironmentSpec] | None = None,
        **staging: Any,
    ) -> None:
        specs = {
            "production": environment("Production", self.addresses["production"], copies=copies),
            "staging": environment("Staging", self.addresses["staging"], **staging),
            **(more or {}),
        }
        for each in self._sources:
            each.configure(specs, {})

    async def identified(self) -> None:
        """Until both stores have shown which ones they are."""
        sides = ("production", "vectors"), ("staging", "vectors")
        await self.indexes.prove((), since=0.0, read_bytes=False)
        await holds(lambda: self.indexes.same_store(*sides) is not None)

    async def step(self, *, masked: bool = False) -> RestoreIndex:
        (snapshot,) = await self.indexes.reader("production", "vectors").snapshots("b2")
        return RestoreIndex(
            id="restore",
            components=("search",),
            from_environment="production",
            from_store="vectors",
            from_alias="CURRENT",
            index="b2",
            snapshot=snapshot.label,
            taken=snapshot.taken,
            to_environment="staging",
            to_store="vectors",
            to_alias="CURRENT",
            masked=masked,
            size=snapshot.size,
            least_free=20,
        )

    async def close(self) -> None:
        await self.tools.pool.close()


SWITCH = SwitchIndex(
    id="switch",
    components=("search",),
    environment="staging",
    store="vectors",
    alias="CURRENT",
    index=Produced("restore"),
)


@dataclass
class Record:
    """What a refresh keeps of its two steps, whatever process goes on with it."""

    steps: tuple[ExecutableStep, ...]
    before: list[Any] = field(default_factory=list)
    after: dict[int, Json] = field(default_factory=dict)
    produced: dict[str, str] = field(default_factory=dict)
    taken: int = 0
    between: Callable[[], None] = lambda: None
    """Called between two passes of one step."""

    def task(self, number: int) -> Task:
        before, after = self.before[number], self.after.get(number, {})
        return replace(FIRST, before=before, after=after, produced=dict(self.produced))

    async def survey(self, bench: Bench) -> None:
        self.before = [await each.survey(FIRST.refresh, bench.tools) for each in self.steps]

    async def take(self, bench: Bench) -> None:
        """Go on until both have arrived."""
        for number in range(self.taken, len(self.steps)):
            arrived = await self.until_arrived(number, self.steps[number].take, bench)
            if arrived.produced is not None:
                self.produced[self.steps[number].id] = arrived.produced
            self.taken = number + 1

    async def waits_after(self, happened: Callable[[], object], bench: Bench) -> None:
        """Take the steps until this has happened, and for a moment more, in which they must not
        end.
        """
        taking = asyncio.ensure_future(self.take(bench))
        await holds(lambda: bool(happened()) or taking.done())
        ended, _ = await asyncio.wait({taking}, timeout=0.3)
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        assert not ended, "it was to wait"

    async def verify(self, bench: Bench) -> None:
        for number, step in enumerate(self.steps):
            outcome = await step.verify(self.task(number), bench.tools)
            assert isinstance(outcome, Arrived), outcome

    async def roll_back(self, bench: Bench) -> None:
        for number in sorted(
            range(len(self.steps)), key=lambda each: self.steps[each].rollback_rank(frozenset())
        ):
            await self.until_arrived(number, self.steps[number].roll_back, bench)
            await self.until_arrived(number, self.steps[number].verify_rollback, bench)

    async def until_arrived(
        self, number: int, call: Callable[[Task, Tools], Awaitable[Outcome]], bench: Bench
    ) -> Arrived:
        async with asyncio.timeout(20):
            while True:
                outcome = await call(self.task(number), bench.tools)
                if outcome.after is not None:
                    self.after[number] = outcome.after
                if isinstance(outcome, Arrived):
                    return outcome
                self.between()
                await asyncio.sleep(0.01)


@asynccontextmanager
async def bench(destination: FakeS3, source: FakeS3 | None = None) -> AsyncIterator[Bench]:
    source = source or production()
    async with AsyncExitStack() as stack:
        addresses = {
            name: await stack.enter_async_context(serving(store.answer))
            for name, store in (("production", source), ("staging", destination))
        }
        made = Bench(source, destination, addresses)
        await made.identified()
        yield made
        await made.close()


async def another_process(former: Bench) -> Bench:
    """That knows nothing of the former one, which has ended."""
    await former.close()
    made = Bench(former.source, former.destination, former.addresses, wire=former.wire)
    await made.identified()
    return made


def writes_to(store: FakeS3) -> list[str]:
    return [f"{each.method} {each.path}" for each in store.requests if each.method in WRITES]


def staging() -> FakeS3:
    return pointing(with_build(FakeS3(), "b1", 10), "b1")


async def record(made: Bench) -> Record:
    found = Record((await made.step(), SWITCH))
    await found.survey(made)
    return found


def without_documents() -> FakeS3:
    return pointing(with_build(FakeS3(), "b2", 0, documents=0), "b2")


def served(store: FakeS3) -> str:
    return store.objects["idx/CURRENT"].decode().strip()


def builds(store: FakeS3) -> set[str]:
    return {key.split("/")[1] for key in store.objects if key.endswith("/manifest.json")}
