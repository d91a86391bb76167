"""An OpenSearch on the wire, of which each test says what it answers: for what a real one does only
in bad times.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from stagingmirror.settings import Settings
from stagingmirror.sources.index.opensearch.client import OpenSearchServer
from stagingmirror.sources.index.opensearch.writer import OpenSearchWriter
from stagingmirror.sources.source import Basic, Credentials
from support.index.ground import PLANTED
from support.mlflow.registries import serving

Json = dict[str, Any]
FIELD = "indexStores[vectors]"
QUICK = Settings(upstream_timeout=0.5, artifact_timeout=0.5)
ROOT: Json = {
    "cluster_uuid": "uuid-1",
    "version": {"number": "2.19.1", "distribution": "opensearch"},
}
SNAPSHOT: Json = {
    "snapshot": "nightly",
    "uuid": "snapshot-1",
    "state": "SUCCESS",
    "indices": ["docs-2"],
    "version": "2.19.1",
    "start_time_in_millis": 1_764_000_000_000,
    "metadata": {"embeddingModel": "mini-lm@a1", "other": PLANTED},
}


def index(**mappings: Any) -> Json:
    """What ``GET /docs-2`` answers for it."""
    vector = {"type": "knn_vector", "dimension": 3}
    return {
        "aliases": {},
        "mappings": {"properties": {"vec": vector, "text": {"type": "text"}}, **mappings},
        "settings": {"index": {"number_of_shards": "1", "creation_date": "1764000000000"}},
    }


def failed(status: int, kind: str, reason: str = "") -> web.Response:
    """An error as it words one, with a document in it."""
    cause = {"type": kind, "reason": f"{reason} {PLANTED}"}
    return web.json_response(
        {"error": {"root_cause": [cause], **cause}, "status": status}, status=status
    )


def hits(*found: Json, failed: int = 0) -> Json:
    return {
        "timed_out": False,
        "_shards": {"total": 1, "failed": failed},
        "hits": {"hits": list(found)},
    }


class FakeOpenSearch:
    """``answers`` by ``METHOD /path``: JSON, a response, or what makes one of the request's body.
    What is not among them is missing. ``calls`` are those that came.
    """

    def __init__(self) -> None:
        self.slow: Callable[[Any], Awaitable[web.Response]] | None = None
        """Answers all in place of the rest."""
        self.calls: list[str] = []
        self.bodies: dict[str, Any] = {}
        self.queries: dict[str, dict[str, str]] = {}
        self.headers: dict[str, str] = {}
        self.answers: dict[str, Json | Callable[[Any], Any]] = {
            "GET /": ROOT,
            "GET /docs-2": {"docs-2": index()},
            "GET /_snapshot/repo": {"repo": {"type": "fs", "settings": {"readonly": "true"}}},
            "GET /_snapshot/repo/_all": {"snapshots": [SNAPSHOT]},
            "GET /_snapshot/repo/nightly": {"snapshots": [SNAPSHOT]},
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        call, text = f"{request.method} {request.rel_url.raw_path}", await request.text()
        body = json.loads(text) if text else None
        self.calls.append(call)
        self.bodies[call], self.queries[call] = body, dict(request.query)
        self.headers = dict(request.headers)
        found = self.answers.get(call)
        if found is None:
            return failed(404, "index_not_found_exception", "no such index")
        if self.slow is not None:
            return await self.slow(body)
        made = found(body) if callable(found) else found
        return made if isinstance(made, web.StreamResponse) else web.json_response(made)

    @asynccontextmanager
    async def store(
        self,
        *,
        credentials: Credentials | None = Basic("us", "our password"),
        repository: str | None = "repo",
        settings: Settings = QUICK,
    ) -> AsyncIterator[OpenSearchWriter]:
        async with serving(self.answer) as url:
            server = OpenSearchServer(
                url,
                field=FIELD,
                credentials=credentials,
                ca_bundle=None,
                proxy=None,
                settings=settings,
                on_call=lambda *_: None,
            )
            writer = OpenSearchWriter(server, repository)
            try:
                yield writer
            finally:
                await writer.close()
