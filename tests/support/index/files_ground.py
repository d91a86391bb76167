"""Builds in two buckets of a real S3 server."""

import json
import secrets
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, Literal

from rig.stores.account import Account
from rig.stores.object_store import PRODUCTION, STAGING, ObjectStore
from stagingmirror.api.spec.environment.object_store import ObjectStore as Spec
from stagingmirror.settings import Settings
from stagingmirror.sources.index.files.reader import FilesReader
from stagingmirror.sources.index.files.writer import FilesWriter
from stagingmirror.sources.objectstore.bucket import Bucket
from stagingmirror.sources.objectstore.files import ObjectFiles
from stagingmirror.sources.objectstore.prefix import Prefix
from support.index.ground import DIMENSIONS, MODEL, PLANTED, Side, Traits

_QUICK = Settings(upstream_timeout=2.0, artifact_timeout=2.0)
_BUCKETS = {"production": PRODUCTION, "staging": STAGING}


def faiss_file(documents: int, *, text: str = PLANTED) -> bytes:
    """As FAISS writes a flat index of inner products, and what its loader keeps beside it."""
    header = struct.pack("<4siqqqBi", b"IxFI", DIMENSIONS, documents, 1 << 20, 1 << 20, 1, 0)
    return header + text.encode() * documents


def place_in(url: str, bucket: str, folder: str, account: Account) -> Prefix:
    spec = Spec.model_validate({"name": "index", "url": f"s3://{bucket}", "endpoint": url})
    opened = Bucket(spec, account.variables, settings=_QUICK, on_call=lambda *_: None)
    files = ObjectFiles(lambda: opened, folder, lambda: None)
    return Prefix(lambda: files)


class FilesGround:
    """See ``Ground``."""

    traits = Traits(metric="ip")

    def __init__(self, server: ObjectStore) -> None:
        self._server = server
        self._folder = f"index/{secrets.token_hex(4)}"
        self.production = FilesReader(self._place(PRODUCTION, server.reader))
        self.staging = FilesWriter(self._place(STAGING, server.writer))

    async def begin(self) -> None:
        pass

    async def make(self, side: Side, name: str, documents: int) -> None:
        files = {"index.faiss": faiss_file(documents), "docs/texts.pkl": PLANTED.encode()}
        for path, data in files.items():
            self._put(side, f"{name}/{path}", data)
        manifest: dict[str, Any] = {
            "builtAt": "2026-11-26T04:00:00Z",
            "embeddingModel": MODEL,
            "settings": {"efSearch": 64},
            "files": {
                path: {"sha256": sha256(data).hexdigest(), "size": len(data)}
                for path, data in files.items()
            },
        }
        self._put(side, f"{name}/manifest.json", json.dumps(manifest).encode())

    async def half(self, name: str, documents: int) -> None:
        self._put("production", f"{name}/index.faiss", faiss_file(documents))

    async def point(self, side: Side, alias: str, *names: str) -> None:
        self._put(side, alias, "\n".join(names).encode())

    async def edit(self, side: Side, name: str) -> None:
        self._put(side, f"{name}/docs/texts.pkl", b"other text")

    def as_account(self, account: Literal["wrong", "no rights", "read only"]) -> FilesWriter:
        accounts = {
            "wrong": Account("nobody", ()),
            "no rights": self._server.reader,
            "read only": self._server.watcher,
        }
        return FilesWriter(self._place(STAGING, accounts[account]))

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[None]:
        self._server.pause()
        try:
            yield
        finally:
            self._server.resume()

    async def close(self) -> None:
        pass

    def _place(self, bucket: str, account: Account) -> Prefix:
        return place_in(self._server.url, bucket, self._folder, account)

    def _put(self, side: Side, path: str, data: bytes) -> None:
        self._server.put(_BUCKETS[side], f"{self._folder}/{path}", data)
