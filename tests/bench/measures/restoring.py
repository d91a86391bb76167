"""A restore of an index in a real OpenSearch, against the store's own by hand, in turn."""

import asyncio
import secrets
import statistics
import time

from rich.console import Console

from bench.figures import Figure
from rig.run import Run
from rig.stores.opensearch import OpenSearch
from stagingmirror.sources.index.store import Snapshot
from support.index.conformance import nothing
from support.index.opensearch_ground import OpenSearchGround

_INDEX, _ROUNDS = "docs-bench", 5
# Documents, how many are sent at once, and characters of each.
_DOCUMENTS, _AT_ONCE, _LONG = 100_000, 1_000, 1_000


async def measure(console: Console) -> list[Figure]:
    console.print("an index of 100,000 documents, restored five times each", style="dim")
    with Run("bench-opensearch") as run:
        shared = run.folder / "repositories"
        pair = [
            OpenSearch(side, run=run, repositories=shared, wait=False)
            for side in ("production", "staging")
        ]
        for each in pair:
            await asyncio.to_thread(each.await_ready)
        ground = OpenSearchGround((pair[0], pair[1]))
        try:
            return await _measured(ground)
        finally:
            await ground.close()


async def _measured(ground: OpenSearchGround) -> list[Figure]:
    made = {"settings": {"number_of_replicas": 0}, "mappings": {"dynamic": False}}
    await ground.call("production", "PUT", f"/{_INDEX}", made)
    for start in range(0, _DOCUMENTS, _AT_ONCE):
        lines = (
            f'{{"index":{{"_id":"{number}"}}}}\n{{"text":"{secrets.token_hex(_LONG // 2)}"}}\n'
            for number in range(start, start + _AT_ONCE)
        )
        await ground.call("production", "POST", f"/{_INDEX}/_bulk", "".join(lines))
    await ground.call("production", "POST", f"/{_INDEX}/_forcemerge?max_num_segments=5")
    await ground.snapshot(_INDEX, "bench")
    (snapshot,) = await ground.production.snapshots(_INDEX)
    ours, theirs = list[float](), list[float]()
    for number in range(_ROUNDS):
        theirs.append(await _by_hand(ground, f"docs-hand-{number}"))
        ours.append(await _by_us(ground, snapshot, f"docs-ours-{number}"))
    return [
        Figure(
            "restoring an index of 100,000 documents",
            statistics.median(ours),
            "s",
            statistics.median(theirs),
            "the store's own restore by hand",
            goal=1.1,
            judged="ratio",
            detail={"longest": max(ours), "longest by hand": max(theirs)},
        )
    ]


async def _by_us(ground: OpenSearchGround, snapshot: Snapshot, new: str) -> float:
    began = time.perf_counter()
    await ground.staging.restore(snapshot, _INDEX, new, ground.production, nothing)
    took = time.perf_counter() - began
    await ground.call("staging", "DELETE", f"/{new}")
    return took


async def _by_hand(ground: OpenSearchGround, new: str) -> float:
    path = f"/_snapshot/{ground.repository}/bench/_restore?wait_for_completion=true"
    body = {"indices": _INDEX, "rename_pattern": ".+", "rename_replacement": new}
    began = time.perf_counter()
    await ground.call("staging", "POST", path, body)
    took = time.perf_counter() - began
    await ground.call("staging", "DELETE", f"/{new}")
    return took
