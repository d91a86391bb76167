"""Models in a real object store: hashed, found when they change, not read without the right."""

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from rig.mlflow_server import MlflowServer
from rig.models import client_of
from rig.object_store import PRODUCTION, STAGING, Account, ObjectStore
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.settings import Settings
from stagingmirror.sources.content.hashing import tree_hash
from stagingmirror.sources.content.subjects import Content, FileHash
from stagingmirror.sources.mlflow.poll.source import MlflowSource
from stagingmirror.sources.mlflow.subjects import AliasSubject, ModelVersion, VersionSubject
from stagingmirror.sources.objectstore.source import ObjectStoreSource
from stagingmirror.sources.objectstore.subjects import FolderSubject, StoredFolder
from stagingmirror.sources.source import Access
from stagingmirror.view import Observed
from support.mlflow.registries import eventually

pytestmark = pytest.mark.integration

FILES = {
    "MLmodel": b"flavors: {}\n",
    "requirements.txt": b"numpy==2\n",
    "data/weights 1#%20.bin": b"w" * 3_000_000,
    "data/empty": b"",
}
SETTINGS = Settings(store_interval=0.3, upstream_timeout=5.0, clock_margin=0.0)


@pytest.fixture
def folder(object_store: ObjectStore) -> str:
    """A folder of production's bucket that has the files."""
    name = f"models/{secrets.token_hex(4)}"
    for path, data in FILES.items():
        object_store.put(PRODUCTION, f"{name}/{path}", data)
    return name


def hash_of(files: dict[str, bytes]) -> str:
    """From what was written, not from what a server says."""
    return tree_hash(
        {
            path: FileHash(hashlib.sha256(data).hexdigest(), len(data))
            for path, data in files.items()
        }
    )


@dataclass
class Read:
    stores: ObjectStoreSource
    registry: MlflowSource
    calls: list[str] = field(default_factory=list)

    def folder(self, uri: str) -> Observed[StoredFolder] | Unseen:
        return self.stores.get(FolderSubject("production", uri))

    def content(self, uri: str) -> Content | None:
        found = self.folder(uri)
        value = found.value if isinstance(found, Observed) else None
        return value.content if value and isinstance(value.content, Content) else None

    def trouble(self, uri: str) -> Why | None:
        """Why it is not seen, beyond that it was not tried yet."""
        found = self.folder(uri)
        if isinstance(found, Unseen):
            return None if found.why.reason == "NotPolledYet" else found.why
        return found.trouble

    def version(self, model: str) -> ModelVersion | None:
        found = self.registry.get(VersionSubject("production", model, "1"))
        return found.value if isinstance(found, Observed) else None

    def why(self, model: str) -> Why | None:
        found = self.version(model)
        content = None if found is None else found.content
        known = content.why if isinstance(content, Unseen) else None
        return known if known and known.reason != "ReadingBytes" else None

    def version_hash(self, model: str) -> str | None:
        found = self.version(model)
        content = None if found is None else found.content
        return content.tree_hash if isinstance(content, Content) else None


@asynccontextmanager
async def reading(
    server: ObjectStore,
    account: Account,
    *,
    mlflow: MlflowServer | None = None,
    bucket: str = PRODUCTION,
    **environment: Any,
) -> AsyncIterator[Read]:
    """Both sources, with one environment."""
    store = {
        "name": "models",
        "url": f"s3://{bucket}/models",
        "endpoint": server.url,
        "credentialsSecretRef": {"name": "s3"},
    }
    spec = MirrorEnvironmentSpec.model_validate(
        {
            "role": "Production",
            "minCheckInterval": "1s",
            "objectStores": [store],
            **({"mlflow": {"url": mlflow.url}} if mlflow else {}),
            **environment,
        }
    )
    calls: list[str] = []
    stores = ObjectStoreSource(
        clock=time.time,
        on_change=lambda _: None,
        settings=SETTINGS,
        on_call=lambda server, operation, result, seconds: calls.append(operation),
        productions=tuple,
    )
    registry = MlflowSource(
        clock=time.time, on_change=lambda _: None, settings=SETTINGS, open_in=stores.files
    )
    stores.configure(
        {"production": spec}, {"production": Access(None, variables={"s3": account.variables})}
    )
    registry.configure({"production": spec}, {})
    tasks = [asyncio.create_task(each.run()) for each in (stores, registry)]
    try:
        yield Read(stores, registry, calls)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_a_folder_has_the_hash_of_what_was_written_and_one_overwritten_in_place_another(
    object_store: ObjectStore, folder: str
) -> None:
    uri = f"s3://{PRODUCTION}/{folder}"
    async with reading(object_store, object_store.reader) as read:
        read.stores.want(FolderSubject("production", uri), 1.0)
        first = await eventually(lambda: read.content(uri))
        assert first.tree_hash == hash_of(FILES)

        object_store.put(PRODUCTION, f"{folder}/MLmodel", b"flavors: []\n")

        second = await eventually(
            lambda: (found := read.content(uri)) and found.tree_hash != first.tree_hash and found
        )

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


# MLflow that names roots in the store


def registered(server: MlflowServer, source: str) -> str:
    """A model with one version whose files are there."""
    name = f"model-{secrets.token_hex(4)}"
    client = client_of(server)
    client.create_registered_model(name)
    client.create_model_version(name, source)
    client.set_registered_model_alias(name, "champion", "1")
    return name


async def test_a_version_whose_root_is_in_a_listed_store_is_hashed(
    object_store: ObjectStore, folder: str, mlflow_production: MlflowServer
) -> None:
    model = registered(mlflow_production, f"s3://{PRODUCTION}/{folder}")
    async with reading(object_store, object_store.reader, mlflow=mlflow_production) as read:
        read.registry.want(AliasSubject("production", model, "champion"), 1.0)
        found = await eventually(lambda: read.version_hash(model))
        version = read.version(model)
        object_store.put(PRODUCTION, f"{folder}/MLmodel", b"flavors: []\n")
        changed = await eventually(
            lambda: (now := read.version_hash(model)) and now != found and now
        )

    assert found == hash_of(FILES)
    assert version is not None
    assert version.requirements == "numpy==2"
    assert changed == hash_of(FILES | {"MLmodel": b"flavors: []\n"})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (f"s3://{STAGING}/models/x", "objectStores"),
        (f"s3://{PRODUCTION}/other/x", "objectStores"),
        ("gs://bucket/x", "--serve-artifacts"),
    ],
)
async def test_a_root_that_no_listed_store_has_is_not_read(
    object_store: ObjectStore, mlflow_production: MlflowServer, source: str, said: str
) -> None:
    model = registered(mlflow_production, source)
    async with reading(object_store, object_store.admin, mlflow=mlflow_production) as read:
        read.registry.want(AliasSubject("production", model, "champion"), 1.0)
        why = await eventually(lambda: read.why(model))

    assert why.reason == "ArtifactsNotReadable"
    assert said in why.message


async def test_a_root_in_a_store_that_refuses_us_is_unknown_and_says_why(
    object_store: ObjectStore, folder: str, mlflow_production: MlflowServer
) -> None:
    model = registered(mlflow_production, f"s3://{PRODUCTION}/{folder}")
    async with reading(object_store, Account("stranger", ()), mlflow=mlflow_production) as read:
        read.registry.want(AliasSubject("production", model, "champion"), 1.0)
        why = await eventually(lambda: read.why(model))

    assert why.reason == "Unauthorized"
    assert f"s3://{PRODUCTION}/models" in why.message
