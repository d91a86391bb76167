"""A folder of a bucket, behind which a server is played on the wire."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stagingmirror.api.spec.environment.object_store import ObjectStore
from stagingmirror.errors import StagingMirrorError
from stagingmirror.settings import Settings
from stagingmirror.sources.content.hashing import read_bytes
from stagingmirror.sources.objectstore.bucket import Bucket
from stagingmirror.sources.objectstore.files import ObjectFiles
from support.mlflow.registries import serving
from support.objectstore.fake_s3 import BUCKET, FakeS3

KEYS = {"AWS_ACCESS_KEY_ID": "ours", "AWS_SECRET_ACCESS_KEY": "hush"}
QUICK = Settings(upstream_timeout=2.0, artifact_timeout=2.0)


@asynccontextmanager
async def files_of(
    store: FakeS3, path: str = "ranker", *, bucket: str = BUCKET, **given: Any
) -> AsyncIterator[ObjectFiles]:
    async with serving(store.answer) as url:
        spec = {"name": "models", "url": f"s3://{bucket}", "endpoint": url} | given
        opened = Bucket(
            ObjectStore.model_validate(spec), KEYS, settings=QUICK, on_call=lambda *_: None
        )
        yield ObjectFiles(lambda: opened, path, lambda: None)


async def names(store: FakeS3, path: str = "ranker") -> list[str]:
    async with files_of(store, path) as files:
        return [each.path for each in await files.listing()]


async def failure(store: FakeS3, **given: Any) -> StagingMirrorError:
    async with files_of(store, **given) as files:
        with pytest.raises(StagingMirrorError) as raised:
            await read_bytes(files, await files.listing())
    return raised.value
