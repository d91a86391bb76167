"""Processor time per event: what a process uses while ConfigMaps change, less what it uses when
nothing does, by the number of changes.
"""

import asyncio
import time
from dataclasses import dataclass

from bench import scene as bodies
from bench.ground import Ground
from bench.processes import usage
from bench.scene import Object
from rig.programs import RigError

CHANGES = 400
_PER_SECOND = 20.0
_QUIET_SECONDS = 20.0
_AFTER_SECONDS = 2.0

NOT_TRACKED: Object = {"data": {"noise": "1"}}
"""A new version of a ConfigMap in which nothing that is tracked differs: a verdict, no write."""
DIFFERENT: Object = {"data": {"snapshot": "other"}}
RIGHT: Object = {"data": {"snapshot": bodies.AS_IN_PRODUCTION}}


@dataclass(frozen=True, slots=True)
class Quiet:
    """Processor time (s) per second when nothing changes."""

    load: float


async def quiet(pid: int, seconds: float = _QUIET_SECONDS) -> Quiet:
    before, began = usage(pid).cpu, time.monotonic()
    await asyncio.sleep(seconds)
    return Quiet((usage(pid).cpu - before) / (time.monotonic() - began))


async def per_change(ground: Ground, pid: int, patch: Object, idle: Quiet) -> float:
    """Milliseconds of processor time per change, each of another ConfigMap of staging."""
    staging = ground.world.staging
    changes = min(CHANGES, ground.scene.mirrors)
    before, began = usage(pid).cpu, time.monotonic()
    for number in range(changes):
        path = f"/api/v1/namespaces/{staging}/configmaps/{bodies.data_name(number)}"
        await ground.api.patch(path, patch)
        await asyncio.sleep(max(0.0, began + (number + 1) / _PER_SECOND - time.monotonic()))
    await asyncio.sleep(_AFTER_SECONDS)
    used = usage(pid).cpu - before - idle.load * (time.monotonic() - began)
    if used <= 0:
        raise RigError("the process did more when nothing changed: this is no measurement")
    return used / changes * 1000
