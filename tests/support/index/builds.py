"""Builds of an index behind a store that is played on the wire: production's and staging's folder
in one bucket.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

from stagingmirror.sources.index.files.reader import FilesReader
from stagingmirror.sources.index.files.writer import FilesWriter
from stagingmirror.sources.objectstore.prefix import Prefix
from support.index.files_ground import faiss_file
from support.objectstore.buckets import files_of
from support.objectstore.fake_s3 import FakeS3

INDEX = faiss_file(30)


@asynccontextmanager
async def production(store: FakeS3) -> AsyncIterator[FilesReader]:
    async with files_of(store, "prod") as files:
        yield FilesReader(Prefix(lambda: files))


@asynccontextmanager
async def staging(store: FakeS3) -> AsyncIterator[FilesWriter]:
    async with files_of(store, "stg") as files:
        yield FilesWriter(Prefix(lambda: files))


def built(build: str = "b2", side: str = "prod", **manifest: Any) -> FakeS3:
    store = FakeS3({f"{side}/{build}/index.faiss": INDEX, f"{side}/{build}/docs.pkl": b"texts"})
    said = {
        "files": {
            "index.faiss": {"sha256": sha256(INDEX).hexdigest(), "size": len(INDEX)},
            "docs.pkl": {"size": 5},
        },
        **manifest,
    }
    store.objects[f"{side}/{build}/manifest.json"] = json.dumps(said).encode()
    return store
