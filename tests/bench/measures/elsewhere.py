"""What a production cluster that is gone costs the mirrors of others: change → status, while it
does not answer, and without it, before and after.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web

from bench import scene as bodies
from bench.figures import Figure, percentile
from bench.ground import Ground
from bench.measures import latency
from bench.observer import Observer
from bench.scene import Object
from bench.wire import at_once
from rig.certificates import Authority
from stagingmirror.api.types.base import API_VERSION
from support.clusters.another_cluster import SECRET, cluster_of, give_kubeconfig
from support.clusters.remote_clusters import Remote
from support.kubernetes.cluster_bodies import bare_config_map
from support.mlflow.registries import serving
from support.resources import resources

ENVIRONMENT = "far"
MIRRORS = 100
"""How many mirrors read from it, at most."""
_SEEN_WITHIN_SECONDS = 60.0
_GONE_WITHIN_SECONDS = 120.0


class Cluster(Remote):
    """``silent``: requests are taken, and nothing is ever answered."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.silent:
            await asyncio.Event().wait()
        if request.path.startswith("/apis/authorization.k8s.io/"):
            status = {"allowed": True, "resourceRules": [], "incomplete": False}
            return web.json_response({"kind": "Review", "status": status}, status=201)
        return await super().answer(request)


async def measure(ground: Ground, observer: Observer, turns: int) -> list[Figure]:
    """``turns`` changes while it is gone, and as many without it."""
    far = min(MIRRORS, ground.scene.mirrors // 2)
    names = [f"far-{number}" for number in range(far)]
    subjects = ground.scene.mirrors - far
    ground.report("another cluster that is gone")
    without = await times(ground, observer, subjects, turns // 4)
    async with _a_cluster(ground, far) as cluster:
        seen = asyncio.create_task(observer.until(names, "InSync", within=_SEEN_WITHIN_SECONDS))
        await at_once(
            ground.api.request("POST", ground.mirrors, _mirror(ground, name, number))
            for number, name in enumerate(names)
        )
        await seen
        gone = asyncio.create_task(observer.until(names, "Unknown", within=_GONE_WITHIN_SECONDS))
        await asyncio.sleep(0)
        cluster.silent = True
        await gone
        beside = await times(ground, observer, subjects, turns // 2)
        await at_once(ground.api.request("DELETE", f"{ground.mirrors}/{name}") for name in names)
    without += await times(ground, observer, subjects, turns // 4)
    return figures(beside, without, "another cluster", "without that cluster")


async def times(ground: Ground, observer: Observer, subjects: int, pairs: int) -> list[float]:
    """Milliseconds, of so many changes of ConfigMaps and as many back again."""
    sort, took = latency.sorts(ground)[0], list[float]()
    for turn in range(max(1, pairs)):
        for is_right in (False, True):
            took += await latency.change(
                ground,
                observer,
                sort,
                ground.world.staging,
                turn % subjects,
                is_right=is_right,
            )
            await asyncio.sleep(latency.SPACE_SECONDS)
    return took


def _mirror(ground: Ground, name: str, number: int) -> Object:
    """Of a ConfigMap that no change is timed of."""
    world = ground.world
    data = bodies.data_name(ground.scene.mirrors - 1 - number)
    return resources.mirror(
        name,
        world.staging,
        production={"environment": ENVIRONMENT, "namespace": world.production},
        staging={"environment": world.environments["staging"]},
        track=[resources.setting(production={"configMap": {"name": data, "key": "snapshot"}})],
        checkInterval="10s",
        staleAfter="30s",
    )


@asynccontextmanager
async def _a_cluster(ground: Ground, config_maps: int) -> AsyncIterator[Cluster]:
    """With the environment that leads there, and what mirrors read of it."""
    world = ground.world
    with TemporaryDirectory() as folder:
        cluster = Cluster(Authority(Path(folder)))
        for number in range(config_maps):
            name = bodies.data_name(ground.scene.mirrors - 1 - number)
            body = bare_config_map(world.production, name, snapshot=bodies.AS_IN_PRODUCTION)
            body["metadata"]["uid"] = f"uid-{name}"
            cluster.put("configmaps", body)
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        pair = cluster.authority.server("api", names=["kubernetes"], addresses=["127.0.0.1"])
        tls.load_cert_chain(*pair)
        async with serving(cluster.answer, tls=tls) as cluster.url:
            await asyncio.to_thread(_connect, ground, cluster.kubeconfig())
            try:
                yield cluster
            finally:
                await asyncio.to_thread(_disconnect, ground)


def _connect(ground: Ground, kubeconfig: str) -> None:
    world = ground.world
    give_kubeconfig(world, kubeconfig, ENVIRONMENT)
    spec: Object = {
        "usableFrom": [world.staging],
        "namespaces": [world.production],
        "cluster": cluster_of(ENVIRONMENT),
    }
    world.kube.apply(resources.environment(ENVIRONMENT, "Production", **spec))


def _disconnect(ground: Ground) -> None:
    kube, namespace = ground.world.kube, ground.world.namespace
    kube.delete(API_VERSION, "MirrorEnvironment", ENVIRONMENT)
    kube.delete("v1", "Secret", f"{SECRET}-{ENVIRONMENT}", namespace)


def figures(
    beside: Sequence[float], without: Sequence[float], gone: str, against: str, more: str = ""
) -> list[Figure]:
    """Of changes while something is gone."""
    when = f"while {gone} is gone {more}".rstrip()
    about = {"statuses": float(len(beside)), "most": max(beside), "most without": max(without)}
    return [
        Figure(
            name=f"change of a ConfigMap → status {when}, p{percent}",
            measured=percentile(beside, percent),
            unit="ms",
            baseline=percentile(without, percent),
            against=against,
            goal=1.2 if percent == 99 else None,
            judged="ratio",
            detail=about,
        )
        for percent in (50, 99)
    ]
