"""Delta tables in a real object store, of which only the log is listed."""

import json
import secrets

import pytest

from rig.stores.account import Account
from rig.stores.object_store import PRODUCTION, ObjectStore
from stagingmirror.drift.facts import Unseen
from stagingmirror.errors import Refused
from stagingmirror.sources.objectstore.subjects import TableSubject, TableVersion
from stagingmirror.sources.objectstore.tables.delta import name_of
from stagingmirror.sources.objectstore.tables.poller import version_of
from stagingmirror.view import Observed
from support.index.files_ground import place_in
from support.mlflow.registries import eventually
from support.objectstore.reading import reading

pytestmark = pytest.mark.integration


def put(store: ObjectStore, table: str, *names: str, data: bytes = b"{}") -> None:
    for each in names:
        store.put(PRODUCTION, f"{table}/_delta_log/{each}", data)


def commits(first: int, last: int) -> list[str]:
    return [f"{name_of(each)}.json" for each in range(first, last + 1)]


@pytest.fixture
def table(object_store: ObjectStore) -> str:
    name = f"models/lake-{secrets.token_hex(4)}"
    put(object_store, name, *commits(0, 12))
    object_store.put(PRODUCTION, f"{name}/part-0.parquet", b"rows")
    return name


async def version(store: ObjectStore, table: str, account: Account | None = None) -> int | None:
    folder = place_in(store.url, PRODUCTION, table, account or store.reader).root
    found = await version_of(folder)
    return None if found is None else found.version


async def test_the_newest_commit_is_the_version_and_the_next_one_the_next(
    object_store: ObjectStore, table: str
) -> None:
    assert await version(object_store, table) == 12
    put(object_store, table, *commits(13, 13))
    assert await version(object_store, table) == 13


async def test_a_checkpoint_stands_for_the_commits_before_it(
    object_store: ObjectStore, table: str
) -> None:
    put(object_store, table, f"{name_of(10)}.checkpoint.parquet", *commits(13, 13))
    hint = json.dumps({"version": 10, "size": 3}).encode()
    put(object_store, table, "_last_checkpoint", data=hint)
    object_store.remove(PRODUCTION, f"{table}/_delta_log/{name_of(3)}.json")

    assert await version(object_store, table) == 13


@pytest.mark.parametrize("hint", [b'{"version": 99}', b"garbage", b"x" * 100_000])
async def test_a_hint_at_no_checkpoint_is_left(
    object_store: ObjectStore, table: str, hint: bytes
) -> None:
    put(object_store, table, "_last_checkpoint", data=hint)

    assert await version(object_store, table) == 12


async def test_a_missing_commit_is_no_version(object_store: ObjectStore, table: str) -> None:
    object_store.remove(PRODUCTION, f"{table}/_delta_log/{name_of(7)}.json")

    with pytest.raises(Refused) as refused:
        await version(object_store, table)
    assert "no commit 7" in refused.value.message


async def test_a_folder_without_a_log_is_no_table(object_store: ObjectStore) -> None:
    assert await version(object_store, "models/nowhere") is None


async def test_a_table_is_followed_and_unknown_without_the_right(
    object_store: ObjectStore, table: str
) -> None:
    subject = TableSubject("production", f"s3://{PRODUCTION}/{table}")
    async with reading(object_store, object_store.reader) as read:
        read.stores.want(subject, 1.0)

        def at(version: int) -> TableVersion | None:
            found = read.stores.get(subject)
            known = found.value if isinstance(found, Observed) else None
            return known if known is not None and known.version == version else None

        assert (await eventually(lambda: at(12))).written > 1_700_000_000
        put(object_store, table, *commits(13, 13))
        await eventually(lambda: at(13))

    async with reading(object_store, Account("nobody", ())) as read:
        read.stores.want(subject, 1.0)

        def refused() -> str | None:
            found = read.stores.get(subject)
            is_known = isinstance(found, Unseen) and found.why.reason != "NotPolledYet"
            return found.why.reason if isinstance(found, Unseen) and is_known else None

        assert await eventually(refused) in ("Forbidden", "Unauthorized")
