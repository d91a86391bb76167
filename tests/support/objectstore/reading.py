"""Both sources that read object stores, with one environment, and what they answer."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from rig.mlflow_server import MlflowServer
from rig.stores.account import Account
from rig.stores.object_store import PRODUCTION, ObjectStore
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.settings import Settings
from stagingmirror.sources.content.hashing import tree_hash
from stagingmirror.sources.content.subjects import Content, FileHash
from stagingmirror.sources.mlflow.poll.source import MlflowSource
from stagingmirror.sources.mlflow.subjects import ModelVersion, VersionSubject
from stagingmirror.sources.objectstore.source import ObjectStoreSource
from stagingmirror.sources.objectstore.subjects import FolderSubject, StoredFolder
from stagingmirror.sources.source import Access
from stagingmirror.view import Observed

FILES = {
    "MLmodel": b"flavors: {}\n",
    "requirements.txt": b"numpy==2\n",
    "data/weights 1#%20.bin": b"w" * 3_000_000,
    "data/empty": b"",
}
SETTINGS = Settings(store_interval=0.3, upstream_timeout=5.0, clock_margin=0.0)


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
