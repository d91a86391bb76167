"""Reading and hashing a model's bytes against `sha256sum` on the same file."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from rich.console import Console

from bench.figures import Figure
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files

SIZE = 512 * 1024 * 1024
_ROUNDS = 3
_LIMIT_SECONDS = 300
_MEMORY_GOAL = 64 * 1.048576  # 64 MiB in MB


async def measure(console: Console) -> list[Figure]:
    with MlflowServer("hashing") as server:
        console.print("hashing 512 MiB, three times each", style="dim")
        root, file = await asyncio.to_thread(_logged, server)
        async with _fast_server(file) as fast:
            ways = {"file": str(file), "fast": fast, "mlflow": server.url, "read": server.url}
            found: dict[str, list[dict[str, float]]] = {way: [] for way in ways}
            sums: list[float] = []
            for _ in range(_ROUNDS):
                sums.append(await asyncio.to_thread(sha256sum, file))
                for way, place in ways.items():
                    found[way].append(await asyncio.to_thread(_ours, way, place, root))
    baseline = statistics.median(sums)
    seconds = {
        way: statistics.median(each["seconds"] for each in all_) for way, all_ in found.items()
    }
    memory = max(each["memory"] for way in ("fast", "mlflow") for each in found[way])
    named = {
        "file": "hashing 512 MiB, the hashing alone",
        "fast": "hashing 512 MiB over HTTP, from a server that only sends",
        "mlflow": "hashing 512 MiB through MLflow",
    }
    detail = {"reading alone through MLflow, s": seconds["read"]}
    return [
        *(
            Figure(
                name,
                seconds[way],
                "s",
                baseline,
                "sha256sum",
                goal=1.1,
                judged="ratio",
                detail=detail if way == "mlflow" else {},
            )
            for way, name in named.items()
        ),
        Figure(
            "hashing 512 MiB through MLflow, less what MLflow takes to send",
            seconds["mlflow"],
            "s",
            seconds["read"],
            "reading it, not hashing",
        ),
        Figure("memory while hashing", memory, "MB", goal=_MEMORY_GOAL),
    ]


def _logged(server: MlflowServer) -> tuple[str, Path]:
    """A version whose one file is large; its artifact folder, and the file on the disk."""
    made = log_files(server, "large", {"weights.bin": b"soon more"})
    uri = client_of(server).get_run(made.run_id).info.artifact_uri
    root = uri.partition(":/")[2].strip("/") + "/model"
    file = server.artifacts / root / "weights.bin"
    block = os.urandom(1024 * 1024)
    with file.open("wb") as out:
        for _ in range(SIZE // len(block)):
            out.write(block)
    return root, file


def sha256sum(file: Path) -> float:
    began = time.monotonic()
    subprocess.run(["sha256sum", file], check=True, capture_output=True, timeout=_LIMIT_SECONDS)
    return time.monotonic() - began


def _ours(way: str, place: str, root: str) -> dict[str, float]:
    """In a process of its own, so that its memory can be measured."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.hashing_process", way, place, root, str(SIZE)],
        check=True,
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
    )
    return dict(json.loads(done.stdout))


@asynccontextmanager
async def _fast_server(file: Path) -> AsyncIterator[str]:
    """Sends the file as fast as the kernel can, to any request."""

    async def send(_: web.Request) -> web.FileResponse:
        return web.FileResponse(file)

    app = web.Application()
    app.router.add_get("/{path:.*}", send)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
