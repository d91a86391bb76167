"""Models in a real object store: hashed, found when they change, not read without the right."""

import secrets
import time

import pytest

from rig.stores.account import Account
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Unseen
from stagingmirror.sources.content.subjects import Content
from stagingmirror.sources.objectstore.subjects import FolderSubject
from stagingmirror.sources.source import Access
from stagingmirror.view import Observed
from support.mlflow.registries import eventually
from support.objectstore.reading import FILES, hash_of, reading

pytestmark = pytest.mark.integration


async def test_a_folder_has_the_hash_of_what_was_written_and_one_overwritten_in_place_another(
    object_store: ObjectStore, folder: str
) -> None:
    uri = f"s3://{PRODUCTION}/{folder}"
    async with reading(object_store, object_store.reader) as read:
        read.stores.want(FolderSubject("production", uri), 1.0)
        first = await eventually(lambda: read.content(uri))
        assert first.tree_hash == hash_of(FILES)

        object_store.put(PRODUCTION, f"{folder}/MLmodel", b"flavors: []\n")

        def another() -> Content | None:
            found = read.content(uri)
            return None if found is None or found.tree_hash == first.tree_hash else found

        second = await eventually(another)

    assert second.tree_hash == hash_of(FILES | {"MLmodel": b"flavors: []\n"})
    assert second.changed is not None


async def test_bytes_are_read_once_and_again_only_on_request(
    object_store: ObjectStore, folder: str
) -> None:
    uri = f"s3://{PRODUCTION}/{folder}"
    subject = FolderSubject("production", uri)
    async with reading(object_store, object_store.reader, content={"interval": "1m"}) as read:
        read.stores.want(subject, 1.0)
        await eventually(lambda: read.content(uri))
        listed = read.calls.count("list")
        await eventually(lambda: read.calls.count("list") > listed + 1)
        once = read.calls.count("get")
        since = time.time()
        await read.stores.prove([subject], since=since, read_bytes=True)
        again = read.content(uri)

    assert once == len(FILES)
    assert read.calls.count("get") == 2 * len(FILES)
    assert again is not None
    assert again.read >= since


async def test_a_folder_that_nobody_wrote_is_proven_not_to_be_there(
    object_store: ObjectStore,
) -> None:
    uri = f"s3://{PRODUCTION}/models/none-{secrets.token_hex(4)}"
    async with reading(object_store, object_store.reader) as read:
        read.stores.want(FolderSubject("production", uri), 1.0)
        found = await eventually(
            lambda: each if isinstance(each := read.folder(uri), Observed) else None
        )

    assert found.value is None


@pytest.mark.parametrize(
    ("account", "bucket", "reason"),
    [
        ("reader", STAGING, "Forbidden"),
        ("stranger", PRODUCTION, "Unauthorized"),
        ("admin", "no-such-bucket", "BucketMissing"),
    ],
)
async def test_what_we_may_not_read_is_unknown_with_its_reason_and_the_environment_says_so(
    object_store: ObjectStore, account: str, bucket: str, reason: str
) -> None:
    uri = f"s3://{bucket}/models/1"
    who: Account = getattr(object_store, account, Account("stranger", ()))
    async with reading(object_store, who, bucket=bucket) as read:
        read.stores.want(FolderSubject("production", uri), 1.0)
        why = await eventually(lambda: read.trouble(uri))
        answers = await eventually(
            lambda: (
                found
                if isinstance(found := read.stores.answers("production"), Unseen)
                and found.why.reason != "NotPolledYet"
                else None
            )
        )

    assert why.reason == reason
    assert answers.why.reason == reason
    assert who.secret not in why.message
    assert who.key not in why.message


async def test_credentials_that_are_rotated_are_used_at_once(
    object_store: ObjectStore, folder: str
) -> None:
    uri = f"s3://{PRODUCTION}/{folder}"
    async with reading(object_store, Account("stranger", ())) as read:
        read.stores.want(FolderSubject("production", uri), 1.0)
        await eventually(lambda: read.trouble(uri))
        spec = read.stores._environments["production"].stores
        right = Access(None, variables={"s3": object_store.reader.variables})
        environment = MirrorEnvironmentSpec(role="Production", object_stores=spec)
        read.stores.configure({"production": environment}, {"production": right})
        await read.stores.prove(
            [FolderSubject("production", uri)], since=time.time(), read_bytes=True
        )
        found = read.content(uri)

    assert found is not None
    assert found.tree_hash == hash_of(FILES)


async def test_a_store_that_falls_silent_leaves_what_was_seen_with_its_age(
    object_store: ObjectStore, folder: str
) -> None:
    uri = f"s3://{PRODUCTION}/{folder}"
    async with reading(object_store, object_store.reader) as read:
        read.stores.want(FolderSubject("production", uri), 1.0)
        before = await eventually(lambda: read.content(uri))
        object_store.pause()
        try:
            why = await eventually(lambda: read.trouble(uri))
            during, found = read.content(uri), read.folder(uri)
        finally:
            object_store.resume()

    assert why.reason in ("TimedOut", "Unreachable", "HalfRead")
    assert during == before
    assert isinstance(found, Observed)
    assert found.began < time.time() - 4


async def test_a_hash_outlives_a_restart_and_is_not_believed_where_the_listing_changed(
    object_store: ObjectStore, folder: str
) -> None:
    uri = f"s3://{PRODUCTION}/{folder}"
    subject = FolderSubject("production", uri)
    async with reading(object_store, object_store.reader) as read:
        read.stores.want(subject, 1.0)
        first = await eventually(lambda: read.content(uri))
        kept = {name: each for name, each in read.stores.export().items() if each is not None}
    async with reading(object_store, object_store.reader) as read:
        read.stores.adopt(kept)
        read.stores.want(subject, 1.0)
        same = await eventually(lambda: read.content(uri))
        texts = read.calls.count("get")
    object_store.put(PRODUCTION, f"{folder}/data/empty", b"not any more")
    async with reading(object_store, object_store.reader) as read:
        read.stores.adopt(kept)
        read.stores.want(subject, 1.0)
        other = await eventually(lambda: read.content(uri))

    assert same == first
    assert texts == 2, "MLmodel and requirements.txt"
    assert other.tree_hash == hash_of(FILES | {"data/empty": b"not any more"})
