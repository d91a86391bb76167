"""What is requested of a store for the version of a table, and how often."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from rig.stores.account import Account
from stagingmirror.errors import Refused, StagingMirrorError
from stagingmirror.sources.content.files import MOST_FILES
from stagingmirror.sources.objectstore.files import ObjectFiles
from stagingmirror.sources.objectstore.subjects import TableSubject, TableVersion
from stagingmirror.sources.objectstore.tables.delta import name_of
from stagingmirror.sources.objectstore.tables.poller import Tables, version_of
from stagingmirror.view import Observed
from support.index.files_ground import place_in
from support.mlflow.registries import serving
from support.objectstore.fake_s3 import BUCKET, FakeS3, error
from support.operators.waiting import holds

LOG = "lake/t/_delta_log"


def with_commits(*versions: int) -> FakeS3:
    return FakeS3({f"{LOG}/{name_of(each)}.json": b"{}" for each in versions})


@asynccontextmanager
async def table(store: FakeS3) -> AsyncIterator[ObjectFiles]:
    async with serving(store.answer) as url:
        yield place_in(url, BUCKET, "lake/t", Account("us", ())).root


async def test_a_log_of_very_many_commits_is_read_from_its_checkpoint_on() -> None:
    newest = MOST_FILES + 10
    store = with_commits(*range(newest + 1))
    async with table(store) as folder:
        with pytest.raises(Refused) as refused:
            await version_of(folder)
        assert refused.value.reason == "TooManyFiles"

        hint = json.dumps({"version": newest - 5}).encode()
        store.objects[f"{LOG}/_last_checkpoint"] = hint
        store.objects[f"{LOG}/{name_of(newest - 5)}.checkpoint.parquet"] = b""
        store.requests.clear()
        found = await version_of(folder)

    assert found == TableVersion(newest, store.written.timestamp())
    assert [each.query.get("start-after", "") for each in store.requests] == [
        "",
        f"{LOG}/{name_of(newest - 5)}",
    ]


async def test_a_hint_at_half_a_checkpoint_is_none() -> None:
    store = with_commits(*range(31))
    store.objects[f"{LOG}/_last_checkpoint"] = b'{"version": 20}'
    half = f"{name_of(20)}.checkpoint.{1:010d}.{2:010d}.parquet"
    store.objects |= {f"{LOG}/{half}": b"", f"{LOG}/{name_of(10)}.checkpoint.parquet": b""}
    async with table(store) as folder:
        found = await version_of(folder)

    assert found is not None
    assert found.version == 30


async def test_no_data_and_no_commit_is_read() -> None:
    store = with_commits(0, 1)
    store.objects["lake/t/part-0.parquet"] = b"rows"
    async with table(store) as folder:
        await version_of(folder)

    read = [each.path for each in store.requests if not each.query.get("list-type")]
    assert read == [f"/{BUCKET}/{LOG}/_last_checkpoint"]


@pytest.mark.parametrize(("status", "code"), [(403, "AccessDenied"), (503, "SlowDown")])
async def test_a_hint_that_may_not_be_read_is_not_a_missing_one(status: int, code: str) -> None:
    store = with_commits(0, 1)
    store.instead = lambda request: (
        error(status, code) if request.path.endswith("_last_checkpoint") else None
    )
    async with table(store) as folder:
        with pytest.raises(StagingMirrorError):
            await version_of(folder)


async def test_a_table_that_is_not_answered_keeps_its_version_and_has_a_trouble() -> None:
    store, now, changes = with_commits(0, 1), [time.time()], list[TableSubject]()
    subject = TableSubject("production", "s3://models/lake/t")
    async with table(store) as folder:
        tables = Tables(clock=lambda: now[0], opened=lambda *_: folder, changed=changes.append)
        tables.tend({subject: 30.0})
        await holds(lambda: isinstance(tables.get(subject), Observed))
        tables.tend({subject: 30.0})
        requests = len(store.requests)

        store.instead = lambda _: error(403, "AccessDenied")
        now[0] += 31
        tables.tend({subject: 30.0})
        await holds(lambda: len(changes) == 2)

        found = tables.get(subject)
        assert isinstance(found, Observed)
        assert found.value == TableVersion(1, store.written.timestamp())
        assert found.trouble is not None
        assert found.trouble.reason == "Forbidden"
        assert requests == 2
        tables.forget([subject])
