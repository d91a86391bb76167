"""Indexes of two real OpenSearch servers, read and written with the roles of the docs."""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.error import HTTPError

from rig.stores.opensearch import OpenSearch
from stagingmirror.settings import Settings
from stagingmirror.sources.index.opensearch.client import OpenSearchServer
from stagingmirror.sources.index.opensearch.reader import OpenSearchReader
from stagingmirror.sources.index.opensearch.writer import OpenSearchWriter
from stagingmirror.sources.source import Basic
from support.index.ground import DIMENSIONS, MODEL, PLANTED, Side, Traits

Pair = tuple[OpenSearch, OpenSearch]

_QUICK = Settings(upstream_timeout=5.0, artifact_timeout=5.0)
_DOCS = Path(__file__).parents[3] / "docs" / "index-stores" / "opensearch.md"


def role(name: str) -> dict[str, Any]:
    """A role as the docs have it, for the indexes ``docs*``."""
    text = re.search(rf"`{name}`.*?```json\n(.*?)```", _DOCS.read_text(), re.DOTALL)
    assert text, name
    found: dict[str, Any] = json.loads(text[1])
    found["index_permissions"][0]["index_patterns"].append("nowhere")
    return found


@cache
def password_of(server: OpenSearch, account: str, *, roleless: bool = False) -> str:
    """Of the account with the role of this name, or with none. Making it takes seconds."""
    none: dict[str, Any] = {"cluster_permissions": [], "index_permissions": []}
    return server.account(account, none if roleless else role(account))


def server_of(
    server: OpenSearch, account: str | None, password: str = "", *, settings: Settings = _QUICK
) -> OpenSearchServer:
    return OpenSearchServer(
        server.url,
        field="indexStores[vectors]",
        credentials=None if account is None else Basic(account, password),
        ca_bundle=server.ca,
        proxy=None,
        settings=settings,
        on_call=lambda *_: None,
    )


def document(number: int) -> dict[str, Any]:
    vector = [((number * 31 + at * 7) % 97 + 1) / 97 for at in range(DIMENSIONS)]
    return {"text": f"{PLANTED} {number}", "vec": vector}


def definition(**meta: str) -> dict[str, Any]:
    method = {
        "name": "hnsw",
        "engine": "lucene",
        "space_type": "cosinesimil",
        "parameters": {"m": 16, "ef_construction": 100},
    }
    vector = {"type": "knn_vector", "dimension": DIMENSIONS, "method": method}
    return {
        "settings": {"index": {"knn": True, "number_of_replicas": 0}},
        "mappings": {
            "_meta": {"embeddingModel": MODEL, **meta},
            "properties": {"vec": vector, "text": {"type": "text"}},
        },
    }


class OpenSearchGround:
    """See ``Ground``."""

    traits = Traits(metric="cosine")

    def __init__(self, pair: Pair) -> None:
        self._servers: dict[Side, OpenSearch] = {"production": pair[0], "staging": pair[1]}
        self.repository = f"repository-{secrets.token_hex(4)}"
        for side, server in self._servers.items():
            self._remove_all(server)
            location = {"location": self.repository, "readonly": side == "staging"}
            server.call(
                "PUT", f"/_snapshot/{self.repository}", {"type": "fs", "settings": location}
            )
        self.production = OpenSearchReader(
            self._as("production", "stagingmirror-read"), self.repository
        )
        self.staging = OpenSearchWriter(self._as("staging", "stagingmirror-write"), self.repository)

    async def begin(self) -> None:
        pass

    async def make(self, side: Side, name: str, documents: int) -> None:
        await self.build(side, name, documents)
        if side == "production":
            await self.snapshot(name, f"of-{name}")

    async def build(
        self, side: Side, name: str, documents: int, made: dict[str, Any] | None = None
    ) -> None:
        await self.call(side, "PUT", f"/{name}", made or definition())
        lines = (
            json.dumps({"index": {"_id": str(number)}}) + "\n" + json.dumps(document(number)) + "\n"
            for number in range(documents)
        )
        done = await self.call(side, "POST", f"/{name}/_bulk?refresh=true", "".join(lines))
        assert not done["errors"]

    async def snapshot(self, name: str, snapshot: str, **metadata: str) -> None:
        await self.call(
            "production",
            "PUT",
            f"/_snapshot/{self.repository}/{snapshot}?wait_for_completion=true",
            {"indices": name, "include_global_state": False, "metadata": metadata},
        )

    async def half(self, name: str, documents: int) -> None:
        await self.build("production", name, documents)

    async def point(self, side: Side, alias: str, *names: str) -> None:
        add = [{"add": {"index": name, "alias": alias}} for name in names]
        await self.call(side, "POST", "/_aliases", {"actions": add})

    async def edit(self, side: Side, name: str) -> None:
        lines = (
            f'{{"index": {{"_id": "{number}"}}}}\n{{"text": "edited"}}\n' for number in range(30)
        )
        await self.call(side, "POST", f"/{name}/_bulk?refresh=true", "".join(lines))

    async def call(
        self, side: Side, method: str, path: str, body: dict[str, Any] | str | None = None
    ) -> dict[str, Any]:
        """As the administrator of a side."""
        return await asyncio.to_thread(self._servers[side].call, method, path, body)

    def as_account(self, account: Literal["wrong", "no rights", "read only"]) -> OpenSearchWriter:
        staging = self._servers["staging"]
        if account == "wrong":
            return OpenSearchWriter(server_of(staging, "nobody", "wrong"), self.repository)
        roleless = account == "no rights"
        name = "nothing" if roleless else "stagingmirror-read"
        password = password_of(staging, name, roleless=roleless)
        return OpenSearchWriter(server_of(staging, name, password), self.repository)

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[None]:
        self._servers["staging"].pause()
        try:
            yield
        finally:
            self._servers["staging"].resume()

    async def close(self) -> None:
        await self.production.close()
        await self.staging.close()
        for server in self._servers.values():
            await asyncio.to_thread(self._remove_all, server)
            await asyncio.to_thread(server.call, "DELETE", f"/_snapshot/{self.repository}")

    def _as(self, side: Side, name: str) -> OpenSearchServer:
        server = self._servers[side]
        return server_of(server, name, password_of(server, name))

    @staticmethod
    def _remove_all(server: OpenSearch) -> None:
        with suppress(HTTPError):
            server.call("DELETE", "/docs*,smir-unmasked-*?expand_wildcards=all")
