"""As much of an OpenSearch as is polled of many aliases, on the wire."""

import asyncio
from collections import Counter

from aiohttp import web

from support.index.fake_opensearch import ROOT, SNAPSHOT, index

REPOSITORY = "snapshots"


class IndexServer:
    """Every alias leads to an index of its name and ``-1``, of which there is a snapshot.
    ``silent``: requests are taken, and nothing is ever answered.
    """

    def __init__(self, uuid: str) -> None:
        self._root = {**ROOT, "cluster_uuid": uuid}
        self._snapshot = {**SNAPSHOT, "indices": [f"alias-{each}-1" for each in range(1000)]}
        self.silent = False
        self.calls: Counter[str] = Counter()
        """By what is read."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.silent:
            await asyncio.Event().wait()
        first, *rest = request.path.strip("/").split("/")
        what = "root" if not first else "snapshots" if first == "_snapshot" else (*rest, "index")[0]
        self.calls[what] += 1
        copy = {"routing": {"primary": True}, "seq_no": {"max_seq_no": 1}}
        whole = {"total": 1, "failed": 0}
        answers = {
            "root": self._root,
            "snapshots": {"snapshots": [self._snapshot]},
            "_alias": {f"{first}-1": {"aliases": {first: {}}}},
            "index": {first: index()},
            "_stats": {"indices": {first: {"uuid": "u", "shards": {"0": [copy]}}}},
            "_count": {"count": 0, "_shards": whole},
            "_search": {"timed_out": False, "_shards": whole, "hits": {"hits": []}},
        }
        if what not in answers:
            return web.json_response({"error": "no handler found for uri"}, status=400)
        return web.json_response(answers[what])
