"""What happens when nothing changes: status writes, calls to the registries, processor time."""

import asyncio
import re
import time

from rich.progress import Progress

from bench.figures import Figure
from bench.ground import Ground
from bench.observer import Observer
from bench.processes import usage
from support.operators.operator import OperatorProcess

CHECK_INTERVAL_SECONDS = 30.0
"""The default, which the mirrors of the bench have."""
_SETTLE_SECONDS = 5.0
_CALLS = re.compile(r"^stagingmirror_upstream_requests_total\{([^}]*)\} (\S+)$", re.MULTILINE)
_OPERATION = re.compile(r'operation="([^"]*)"')


async def measure(
    ground: Ground, observer: Observer, operator: OperatorProcess, seconds: float
) -> list[Figure]:
    await asyncio.sleep(_SETTLE_SECONDS)
    calls, began, before = _calls(operator), time.time(), usage(operator.pid)
    with Progress(console=ground.console, transient=True) as progress:
        for _ in progress.track(range(int(seconds)), description="nothing changes"):
            await asyncio.sleep(1.0)
    took = time.time() - began
    cpu = (usage(operator.pid).cpu - before.cpu) / took
    made = {key: value - calls.get(key, 0.0) for key, value in _calls(operator).items()}
    changed = observer.since(began, "changed")
    heartbeats = observer.since(began, "heartbeat")
    keys = len(ground.registries) * ground.scene.models
    intervals = took / CHECK_INTERVAL_SECONDS
    return [
        Figure(
            "status writes per minute, nothing changes, heartbeats aside",
            len(changed) / took * 60,
            "",
            goal=0.0,
        ),
        Figure("heartbeats per second", len(heartbeats) / took, "", goal=5.0),
        Figure(
            "MLflow calls per interval",
            sum(made.values()) / intervals,
            "",
            keys,
            "distinct keys",
            goal=1.05,
            judged="ratio",
            detail={name: calls for name, calls in made.items() if calls},
        ),
        Figure("processor time, nothing changes", cpu * 100, "% of a core"),
    ]


def _calls(operator: OperatorProcess) -> dict[str, float]:
    """So far, by operation."""
    found: dict[str, float] = {}
    for labels, value in _CALLS.findall(operator.get("/metrics")[1]):
        match = _OPERATION.search(labels)
        if match:
            found[match[1]] = found.get(match[1], 0.0) + float(value)
    return found
