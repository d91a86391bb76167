"""Files of a model, copied between two stores. The servers are played on the wire."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from stagingmirror.actions.copy_files import CopyFiles
from stagingmirror.actions.step import Arrived, Task
from stagingmirror.actions.tools import Tools
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.spec.environment.object_store import Location
from stagingmirror.errors import (
    CannotRefresh,
    ChangedUnderneath,
    NotAllowed,
    NotLeading,
    StepFailed,
)
from stagingmirror.settings import Settings
from stagingmirror.sources.content.hashing import tree_hash
from stagingmirror.sources.content.subjects import FileHash
from stagingmirror.sources.kubernetes.write.writer import Writer
from stagingmirror.sources.objectstore.source import ObjectStoreSource
from support.kinds.tools import tools_with
from support.kubernetes.wire import Wire
from support.mlflow.registries import serving
from support.objectstore.fake_s3 import BUCKET, FakeS3, error

FILES = {"w.bin": b"w" * 1000, "empty": b"", "deep/t.json": b"{}"}
HASH = tree_hash(
    {path: FileHash(hashlib.sha256(data).hexdigest(), len(data)) for path, data in FILES.items()}
)
COPY = CopyFiles(
    "copy",
    ("ranker",),
    "production",
    f"s3://{BUCKET}/ranker/12",
    "staging",
    f"s3://{BUCKET}/ml-staging/ranker/abc",
    HASH,
    files=3,
    size=1002,
)
TASK = Task("r1", {}, {}, {}, 0.0, mirror="ml-staging/ranker")
THERE = {f"ml-staging/ranker/abc/{path}": data for path, data in FILES.items()}


@dataclass
class Bench:
    source: FakeS3
    destination: FakeS3
    tools: Tools
    leading: bool = True

    async def copy(self, step: CopyFiles = COPY) -> Arrived:
        async with asyncio.timeout(20):
            while True:
                outcome = await step.take(TASK, self.tools)
                if isinstance(outcome, Arrived):
                    return outcome
                await asyncio.sleep(0.01)

    @property
    def uploads(self) -> list[str]:
        return [each.path for each in self.destination.requests if each.method == "PUT"]


@asynccontextmanager
async def bench(*protected: Location) -> AsyncIterator[Bench]:
    source = FakeS3({f"ranker/12/{path}": data for path, data in FILES.items()})
    destination = FakeS3()
    stores = ObjectStoreSource(
        clock=time.time,
        on_change=lambda _: None,
        settings=Settings(clock_margin=0.0, upstream_timeout=2.0),
        productions=lambda: protected,
    )
    writer = Writer(
        Wire(),
        productions=frozenset,
        unproven=frozenset,
        is_elsewhere=lambda *_: None,
        leading=lambda: made.leading,
    )
    source_of: Any = lambda kind: stores  # noqa: E731
    tools = replace(tools_with(writer, time.time), source=source_of)
    made = Bench(source, destination, tools)
    async with serving(source.answer) as one, serving(destination.answer) as other:
        stores.configure(
            {
                name: environment(name, url)
                for name, url in (("production", one), ("staging", other))
            },
            {},
        )
        yield made
        await tools.pool.close()


def environment(name: str, url: str) -> MirrorEnvironmentSpec:
    store = {"name": "models", "url": f"s3://{BUCKET}", "endpoint": url, "anonymous": True}
    return MirrorEnvironmentSpec.model_validate(
        {"role": name.capitalize(), "objectStores": [store]}
    )


async def test_a_copy_has_every_file_and_is_read_back() -> None:
    async with bench() as made:
        outcome = await made.copy()

        assert made.destination.objects == THERE
        assert "verified" in outcome.message
        assert {each.path for each in made.destination.requests if each.method == "GET"} >= {
            f"/{BUCKET}/{key}" for key in THERE
        }
        assert not any(each.method == "PUT" for each in made.source.requests)


async def test_a_half_copy_is_finished_and_a_whole_one_is_found() -> None:
    async with bench() as made:
        made.destination.objects |= {"ml-staging/ranker/abc/w.bin": FILES["w.bin"]}
        await made.copy()
        first = len(made.uploads)
        await made.copy()

    assert first == 2
    assert len(made.uploads) == first


async def test_a_file_of_the_right_size_and_other_bytes_is_sent_again() -> None:
    async with bench() as made:
        made.destination.objects |= {"ml-staging/ranker/abc/w.bin": b"x" * 1000}
        await made.copy()

        assert made.destination.objects == THERE


async def test_bytes_that_are_others_by_now_are_not_taken_for_those_that_were_judged() -> None:
    async with bench() as made:
        made.source.objects["ranker/12/w.bin"] = b"x" * 1000
        with pytest.raises(ChangedUnderneath):
            await made.copy()


async def test_what_somebody_else_put_there_is_no_copy() -> None:
    async with bench() as made:
        made.destination.objects["ml-staging/ranker/abc/more.bin"] = b"more"
        with pytest.raises(StepFailed) as raised:
            await made.copy()

    assert raised.value.reason == "CopyDiffers"


@pytest.mark.parametrize(
    "place", [Location(BUCKET, ""), Location(BUCKET, "ml-staging/ranker/abc/deeper")]
)
async def test_a_place_that_may_be_productions_is_refused_before_and_at_the_first_write(
    place: Location,
) -> None:
    async with bench(place) as made:
        with pytest.raises(StepFailed) as surveyed:
            await COPY.survey("r1", made.tools)
        with pytest.raises(StepFailed) as taken:
            await made.copy()

        assert surveyed.value.reason == taken.value.reason == "ProductionIsReadOnly"
        assert made.uploads == []


async def test_nothing_is_copied_into_an_environment_of_production() -> None:
    async with bench() as made:
        with pytest.raises(StepFailed):
            await made.copy(replace(COPY, to_environment="production"))

        assert not any(each.method == "PUT" for each in made.source.requests)


async def test_who_leads_no_more_writes_nothing() -> None:
    async with bench() as made:
        made.leading = False
        with pytest.raises(NotLeading):
            await made.copy()

        assert made.uploads == []


async def test_a_store_that_may_not_be_written_is_not_allowed() -> None:
    async with bench() as made:
        made.destination.instead = lambda request: (
            error(403, "AccessDenied") if request.method == "PUT" else None
        )
        with pytest.raises(NotAllowed):
            await made.copy()


async def test_a_store_that_an_environment_has_no_more_is_found_before_the_first_write() -> None:
    async with bench() as made:
        with pytest.raises(CannotRefresh):
            await replace(COPY, to_uri="s3://elsewhere/x").survey("r1", made.tools)
