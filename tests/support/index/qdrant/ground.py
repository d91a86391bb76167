"""Collections of two stubs of Qdrant, read with tokens as the docs have them."""

import base64
import json
import math
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

from stagingmirror.settings import Settings
from stagingmirror.sources.index.qdrant.claims import rights_of
from stagingmirror.sources.index.qdrant.client import QdrantServer
from stagingmirror.sources.index.qdrant.reader import QdrantReader
from stagingmirror.sources.source import Token
from support.index.ground import DIMENSIONS, MODEL, PLANTED, Side, Traits
from support.index.qdrant.stub import QdrantStub, StubCollection

_QUICK = Settings(upstream_timeout=1.0, artifact_timeout=1.0)
# What the tests read, by the names of aliases and collections.
READ = frozenset({"docs", "docs-1", "docs-2", "docs-3", "nowhere"})


def token_of(access: list[str] | str, **more: Any) -> str:
    """A JWT as Qdrant has them; its signature is nothing that we read. ``more``: of each entry."""
    rights = (
        access
        if isinstance(access, str)
        else [{"collection": each, "access": "r", **more} for each in access]
    )
    parts = {"alg": "HS256", "typ": "JWT"}, {"access": rights}
    head, claims = (
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in parts
    )
    return f"{head}.{claims}.c2lnbmF0dXJl"


TOKENS = {
    token_of(sorted(READ)): READ,
    token_of(["others"]): frozenset({"others"}),
    token_of("r"): None,
}


def reader_of(url: str, token: str) -> QdrantReader:
    credentials = Token(token)
    server = QdrantServer(
        url,
        field="indexStores[vectors]",
        credentials=credentials,
        ca_bundle=None,
        proxy=None,
        settings=_QUICK,
        on_call=lambda *_: None,
    )
    return QdrantReader(server, rights_of(credentials))


def definition(**params: Any) -> dict[str, Any]:
    """As a collection answers that was made with the defaults."""
    return {
        "status": "green",
        "optimizer_status": "ok",
        "points_count": 0,
        "segments_count": 2,
        "config": {
            "params": {
                "vectors": {"size": DIMENSIONS, "distance": "Cosine"},
                "shard_number": 1,
                "replication_factor": 1,
                "on_disk_payload": True,
                **params,
            },
            "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
            "optimizer_config": {
                "deleted_threshold": 0.2,
                "vacuum_min_vector_number": 1000,
                "default_segment_number": 0,
                "flush_interval_sec": 5,
            },
            "quantization_config": None,
            "metadata": {"embeddingModel": MODEL},
        },
        "payload_schema": {"text": {"data_type": "text", "points": 30}},
    }


def point(number: int) -> dict[str, Any]:
    vector = [math.sin(number * at) for at in range(1, DIMENSIONS + 1)]
    return {"id": number, "payload": {"text": f"{PLANTED} {number}"}, "vector": vector}


class QdrantGround:
    """See ``ReadingGround``."""

    traits = Traits(metric="cosine", two_targets=False, snapshots=False)

    def __init__(self) -> None:
        self._stubs: dict[Side, QdrantStub] = {
            "production": QdrantStub(TOKENS),
            "staging": QdrantStub(TOKENS),
        }
        self._stack = AsyncExitStack()

    async def begin(self) -> None:
        for stub in self._stubs.values():
            await self._stack.enter_async_context(stub)
        self.production = self._reader("production", token_of(sorted(READ)))
        self.staging = self._reader("staging", token_of(sorted(READ)))

    async def make(self, side: Side, name: str, documents: int) -> None:
        points = {number: point(number) for number in range(1, documents + 1)}
        self._stubs[side].collections[name] = StubCollection(definition(), points)  # type: ignore[arg-type] # of numbers alone

    async def point(self, side: Side, alias: str, *names: str) -> None:
        (self._stubs[side].aliases[alias],) = names

    async def edit(self, side: Side, name: str) -> None:
        for each in self._stubs[side].collections[name].points.values():
            each["payload"] = {"text": "other text"}

    def as_account(self, account: Literal["wrong", "no rights", "read only"]) -> QdrantReader:
        tokens = {
            "wrong": "no-such-key",
            "no rights": token_of(["others"]),
            "read only": token_of("r"),
        }
        return self._reader("staging", tokens[account])

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[None]:
        stub = self._stubs["staging"]
        stub.answers.clear()
        try:
            yield
        finally:
            stub.answers.set()

    async def close(self) -> None:
        """What was requested or answered otherwise than described is a failure."""
        await self._stack.aclose()
        assert [each for stub in self._stubs.values() for each in stub.violations] == []

    def _reader(self, side: Side, token: str) -> QdrantReader:
        made = reader_of(self._stubs[side].url, token)
        self._stack.push_async_callback(made.close)
        return made
