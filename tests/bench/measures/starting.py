"""Cold starts: the operator's first one (every status is written), its second one (nothing is), and
that of a Kopf operator that does nothing with the same objects.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.ground import Ground
from bench.observer import Observer
from bench.processes import Usage, usage
from rig.process import Process
from rig.programs import RigError
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.api.types.times import posix
from stagingmirror.engine.leader.lease import SETTLED_AT
from stagingmirror.engine.leader.takeover import LEASE
from support.operators.operator import OperatorProcess

_WITHIN_SECONDS = 900.0
# A process of its own: a start is measured from exec, imports included.
PROGRAM = ("stagingmirror",)
_HELD = re.compile(r"^stagingmirror_loop_longest_hold_seconds (\S+)$", re.MULTILINE)
_LOOK_SECONDS = 0.05
_CALM_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Start:
    """`seconds` from exec until done, status writes until then, usage a while later. `held` is the
    longest processor time (s) of one callback until then, by the operator's own measure.
    """

    seconds: float
    changed: int
    heartbeats: int
    usage: Usage
    held: float = 0.0


@asynccontextmanager
async def first(ground: Ground, observer: Observer) -> AsyncIterator[tuple[OperatorProcess, Start]]:
    """The operator where no mirror has a status: done when every mirror is shown InSync."""
    names = [f"mirror-{number}" for number in range(ground.scene.mirrors)]
    waiting = asyncio.create_task(observer.until(names, "InSync", within=_WITHIN_SECONDS))
    await asyncio.sleep(0)
    began = time.time()
    with ground.world.operator(program=PROGRAM) as operator:
        shown = await waiting
        done = max(shown.values())
        yield operator, await _start(observer, operator, began=began, done=done)


@asynccontextmanager
async def again(ground: Ground, observer: Observer) -> AsyncIterator[tuple[OperatorProcess, Start]]:
    """The operator where every status is right already: done when the Lease tells that all are
    true as of a time after the start. The Lease is renewed once a second, so this may be up to
    1.5 s late.
    """
    began = time.time()
    with ground.world.operator(program=PROGRAM) as operator:
        done = await _until_settled(ground, operator, began)
        yield operator, await _start(observer, operator, began=began, done=done)


@asynccontextmanager
async def noop(ground: Ground) -> AsyncIterator[tuple[Process, Start]]:
    """The Kopf operator that does nothing: done when it has seen every object."""
    expected = await _objects(ground)
    world = ground.world
    began = time.time()
    process = ground.plane.run_of.start(
        "noop-kopf",
        [
            *(sys.executable, "-m", "bench.noop_kopf", str(world.kubeconfig), str(expected)),
            *(world.production, world.staging),
        ],
    )
    try:
        await asyncio.to_thread(
            until,
            lambda: '"seen"' in process.log_tail(),
            within=_WITHIN_SECONDS,
            what="the Kopf operator has not seen everything",
            processes=[process],
        )
        lines = process.log_tail().splitlines()
        seen = json.loads(next(line for line in lines if '"seen"' in line))
        await asyncio.sleep(_CALM_SECONDS)
        yield process, Start(seen["at"] - began, 0, 0, usage(process.pid))
    finally:
        process.end(grace=2)


async def _start(
    observer: Observer, operator: OperatorProcess, *, began: float, done: float
) -> Start:
    changed = [each for each in observer.since(began, "changed") if each.at <= done]
    heartbeats = [each for each in observer.since(began, "heartbeat") if each.at <= done]
    await asyncio.sleep(_CALM_SECONDS)
    return Start(
        done - began, len(changed), len(heartbeats), usage(operator.pid), longest_hold(operator)
    )


def longest_hold(operator: OperatorProcess) -> float:
    """Of the last minute or two (s)."""
    found = _HELD.search(operator.get("/metrics")[1])
    return float(found[1]) if found else float("nan")


async def _until_settled(ground: Ground, operator: OperatorProcess, began: float) -> float:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{ground.world.namespace}/leases/{LEASE}"
    async with asyncio.timeout(_WITHIN_SECONDS):
        while operator.running:
            lease = await ground.api.request("GET", path)
            settled = (lease["metadata"].get("annotations") or {}).get(SETTLED_AT)
            if settled and posix(settled) > began:
                return time.time()
            await asyncio.sleep(_LOOK_SECONDS)
    raise RigError("the operator has ended before everything was settled")


async def _objects(ground: Ground) -> int:
    """How many objects the Kopf operator has to see."""
    world, api = ground.world, ground.api
    environments = await api.request("GET", f"/apis/{API_VERSION}/mirrorenvironments")
    found = len(environments["items"])
    for namespace in (world.production, world.staging):
        for path in (
            f"/apis/{API_VERSION}/namespaces/{namespace}/stagingmirrors",
            *(f"/apis/apps/v1/namespaces/{namespace}/{each}" for each in _APPS),
            *(f"/api/v1/namespaces/{namespace}/{each}" for each in ("pods", "configmaps")),
        ):
            found += len((await api.request("GET", path))["items"])
    return found


_APPS = ("deployments", "replicasets")
