"""What the aliases of index stores cost, of which many mirrors name few; and what a store costs the
mirrors of others that does not answer.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from bench.figures import Figure
from bench.ground import Ground
from bench.index_server import REPOSITORY, IndexServer
from bench.measures import elsewhere
from bench.measures.idle import CHECK_INTERVAL_SECONDS
from bench.observer import Observer
from bench.processes import usage
from bench.scene import Object
from bench.wire import at_once
from stagingmirror.api.types.base import API_VERSION
from support.mlflow.registries import serving
from support.operators.operator import OperatorProcess
from support.resources import resources

ALIASES = 50
_ENVIRONMENTS = {"production": "indexes", "staging": "indexes-staging"}
_SEEN_WITHIN_SECONDS, _GONE_WITHIN_SECONDS = 300.0, 180.0
# Until what was read once is over.
_SETTLE_SECONDS = 2 * CHECK_INTERVAL_SECONDS
ANSWERING = "while it answers"
Servers = tuple[IndexServer, IndexServer]
_PASSES = re.compile(
    r'^workqueue_work_duration_seconds_count\{name="mirrors"\} (\S+)$', re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Work:
    """What one interval took: passes over mirrors, statuses written, and processor time (s)."""

    passes: float
    writes: float
    cpu: float


async def measure(
    ground: Ground, observer: Observer, operator: OperatorProcess, seconds: float, turns: int
) -> list[Figure]:
    """``seconds`` without a change, then ``turns`` changes of others while production's store is
    gone, and as many while it answers, before and after.
    """
    names = [f"index-{number}" for number in range(ground.scene.mirrors)]
    aliases = min(ALIASES, len(names))
    ground.report(f"{len(names)} mirrors of {aliases} aliases of index stores")
    before = await _processor_time(operator, seconds)
    async with _stores(ground) as servers:
        seen = asyncio.create_task(observer.until(names, "Drifted", within=_SEEN_WITHIN_SECONDS))
        await at_once(
            ground.api.request("POST", ground.mirrors, _mirror(ground, name, number % aliases))
            for number, name in enumerate(names)
        )
        await seen
        await asyncio.sleep(_SETTLE_SECONDS)
        figures = await _at_rest(operator, servers, aliases, seconds, before)
        answering = await _work(observer, operator, seconds)
        without = await elsewhere.times(ground, observer, ground.scene.mirrors, turns // 4)
        gone = asyncio.create_task(observer.until(names, "Unknown", within=_GONE_WITHIN_SECONDS))
        await asyncio.sleep(0)
        servers[0].silent = True
        meanwhile = await _until(gone, ground, observer)
        beside = await elsewhere.times(ground, observer, ground.scene.mirrors, turns // 2)
        silent = await _work(observer, operator, seconds)
        seen = asyncio.create_task(observer.until(names, "Drifted", within=_SEEN_WITHIN_SECONDS))
        await asyncio.sleep(0)
        servers[0].silent = False
        await seen
        without += await elsewhere.times(ground, observer, ground.scene.mirrors, turns // 4)
        await at_once(ground.api.request("DELETE", f"{ground.mirrors}/{name}") for name in names)
    figures += _work_beside(silent, answering)
    return [
        *figures,
        *elsewhere.figures(beside, without, "an index store", ANSWERING),
        *elsewhere.figures(
            meanwhile, without, "an index store", ANSWERING, "and its mirrors become Unknown"
        ),
    ]


async def _until(gone: asyncio.Task[Any], ground: Ground, observer: Observer) -> list[float]:
    """Changes are timed, one pair after the other, until that is over."""
    took = list[float]()
    while not gone.done():
        took += await elsewhere.times(ground, observer, ground.scene.mirrors, 1)
    await gone
    return took


async def _work(observer: Observer, operator: OperatorProcess, seconds: float) -> Work:
    """Of an interval in which nothing changes, by ``seconds`` of it."""
    before, made, began = usage(operator.pid), _passes(operator), time.time()
    await asyncio.sleep(seconds)
    intervals = (time.time() - began) / CHECK_INTERVAL_SECONDS
    writes = sum(each.at >= began for each in observer.writes)
    return Work(
        (_passes(operator) - made) / intervals,
        writes / intervals,
        (usage(operator.pid).cpu - before.cpu) / intervals,
    )


def _passes(operator: OperatorProcess) -> float:
    """So far."""
    found = _PASSES.search(operator.get("/metrics")[1])
    return float(found[1]) if found else float("nan")


def _work_beside(silent: Work, answering: Work) -> list[Figure]:
    """How much more the mirrors of a store take that does not answer."""
    gone = "per interval while an index store is gone"
    return [
        Figure(
            f"passes over mirrors {gone}",
            silent.passes,
            "",
            answering.passes,
            ANSWERING,
            goal=1.2,
            judged="ratio",
        ),
        Figure(f"statuses written {gone}", silent.writes, "", answering.writes, ANSWERING),
        Figure(f"processor time {gone}", silent.cpu, "s", answering.cpu, ANSWERING),
    ]


async def _processor_time(operator: OperatorProcess, seconds: float) -> float:
    """Seconds of it for each second."""
    before, began = usage(operator.pid), time.time()
    await asyncio.sleep(seconds)
    return (usage(operator.pid).cpu - before.cpu) / (time.time() - began)


async def _at_rest(
    operator: OperatorProcess, servers: Servers, aliases: int, seconds: float, before: float
) -> list[Figure]:
    """By alias of one side, and by interval."""
    polled = len(servers) * aliases
    calls, began = [dict(each.calls) for each in servers], time.time()
    cpu = await _processor_time(operator, seconds)
    intervals = (time.time() - began) / CHECK_INTERVAL_SECONDS
    made = Counter[str]()
    for server, was in zip(servers, calls, strict=True):
        made.update({what: number - was.get(what, 0) for what, number in server.calls.items()})
    of_aliases = sum(made.values()) - made["root"]
    return [
        Figure(
            "calls for one alias of an index store per interval",
            of_aliases / polled / intervals,
            "",
            goal=4.0 * 1.05,
            detail={what: float(number) for what, number in sorted(made.items()) if number},
        ),
        Figure(
            "polls of aliases per interval",
            made["_alias"] / intervals,
            "",
            polled,
            "distinct aliases",
            goal=1.05,
            judged="ratio",
        ),
        Figure(
            "processor time for one alias of an index store per interval",
            1000 * (cpu - before) * CHECK_INTERVAL_SECONDS / polled,
            "ms",
            goal=50.0,
            detail={"% of a core": 100 * cpu, "% without": 100 * before},
        ),
    ]


def _mirror(ground: Ground, name: str, alias: int) -> Object:
    served = {"production": {"store": "vectors", "alias": f"alias-{alias}"}}
    world = ground.world
    return resources.mirror(
        name,
        world.staging,
        production={"environment": _ENVIRONMENTS["production"], "namespace": world.production},
        staging={"environment": _ENVIRONMENTS["staging"]},
        track=[{"name": "index", "mode": "Report", "indexSnapshot": served}],
        staleAfter="60s",
    )


@asynccontextmanager
async def _stores(ground: Ground) -> AsyncIterator[Servers]:
    """Production's and staging's, and the environments that lead there."""
    servers = IndexServer("production"), IndexServer("staging")
    async with serving(servers[0].answer) as one, serving(servers[1].answer) as other:
        await asyncio.to_thread(_connect, ground, {"production": one, "staging": other})
        try:
            yield servers
        finally:
            await asyncio.to_thread(_disconnect, ground)


def _connect(ground: Ground, urls: dict[str, str]) -> None:
    world = ground.world
    for role, url in urls.items():
        store: Object = {
            "name": "vectors",
            "type": "OpenSearch",
            "url": url,
            "repository": REPOSITORY,
            "aliases": ["alias-*"],
        }
        spec: Object = {
            "usableFrom": [world.staging],
            "namespaces": [world.production if role == "production" else world.staging],
            "indexStores": [store],
        }
        body = resources.environment(_ENVIRONMENTS[role], role.capitalize(), **spec)
        world.kube.apply(body)


def _disconnect(ground: Ground) -> None:
    for name in _ENVIRONMENTS.values():
        ground.world.kube.delete(API_VERSION, "MirrorEnvironment", name)
