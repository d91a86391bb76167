"""Reading, hashing and copying a model's bytes in a real object store, against `sha256sum` on the
same bytes and against reading alone.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from bench.figures import Figure
from bench.measures.hashing import sha256sum
from bench.store_process import FOLDER
from rig.stores.object_store import PRODUCTION, ObjectStore

_MIB = 1024 * 1024
SIZE = 512 * _MIB
_ROUNDS = 3
_LIMIT_SECONDS = 300
_WAYS = ("read", "write", "hash", "send", "copy")


async def measure(console: Console) -> list[Figure]:
    return await asyncio.to_thread(_measured, console)


def _measured(console: Console) -> list[Figure]:
    console.print("512 MiB in an object store, three times each", style="dim")
    with tempfile.TemporaryDirectory() as folder, ObjectStore() as store:
        file = Path(folder, "weights.bin")
        file.write_bytes(os.urandom(_MIB) * (SIZE // _MIB))
        with file.open("rb") as data:
            store.bucket(PRODUCTION).put(f"{FOLDER}/weights.bin", data)
        tree = _run(store, "tree").strip()
        found: dict[str, list[dict[str, float]]] = {way: [] for way in _WAYS}
        sums = []
        for _ in range(_ROUNDS):
            sums.append(sha256sum(file))
            for way in _WAYS:
                found[way].append(json.loads(_run(store, way, TREE_HASH=tree)))
    seconds = {
        way: statistics.median(each["seconds"] for each in all_) for way, all_ in found.items()
    }
    return _figures(seconds, statistics.median(sums), found)


def _figures(
    seconds: dict[str, float], baseline: float, found: dict[str, list[dict[str, float]]]
) -> list[Figure]:
    memory = {way: max(each["memory"] for each in found[way]) for way in ("hash", "copy")}
    bound = 64 * 1.048576  # 64 MiB in MB
    return [
        Figure(
            "hashing 512 MiB from an object store",
            seconds["hash"],
            "s",
            baseline,
            "sha256sum",
            goal=1.25,
            judged="ratio",
            detail={"reading alone, s": seconds["read"]},
        ),
        Figure(
            "sending 512 MiB into another bucket",
            seconds["send"],
            "s",
            seconds["read"],
            "reading it, not hashing",
            goal=2.0,
            judged="ratio",
            detail={"writing alone, s": seconds["write"]},
        ),
        Figure(
            "sending 512 MiB into another bucket, less what the store takes to write",
            seconds["send"],
            "s",
            seconds["write"],
            "writing it, not reading",
        ),
        Figure(
            "copying 512 MiB into another bucket, read back",
            seconds["copy"],
            "s",
            seconds["read"],
            "reading it, not hashing",
        ),
        Figure("memory while hashing from an object store", memory["hash"], "MB", goal=bound),
        Figure("memory while copying into another bucket", memory["copy"], "MB", goal=bound),
    ]


def _run(store: ObjectStore, way: str, **more: str) -> str:
    """In a process of its own, so that its memory can be measured."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.store_process", way, store.url],
        check=True,
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
        env=os.environ | store.admin.variables | more,
    )
    return done.stdout
