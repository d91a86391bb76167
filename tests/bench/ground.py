"""Everything that is there before something is measured: servers, objects, models."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID

from bench import scene as bodies
from bench.scene import Scene
from bench.wire import Api, at_once
from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.sources.mlflow.client.provenance_tags import RUN_ID
from support.operators.operator import World
from support.operators.rigs import make_namespace
from support.resources import resources

# Read when MLflow is imported, which is later; it would log each version.
os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "ERROR")


@dataclass(frozen=True, slots=True)
class Ground:
    """The running servers, and where what lies. `bare` is an empty namespace, for the bare watch
    to follow.
    """

    console: Console
    scene: Scene
    plane: ControlPlane
    world: World
    api: Api
    registries: tuple[MlflowServer, MlflowServer]
    """Production's and staging's."""
    bare: str

    @property
    def mirrors(self) -> str:
        """The path of all mirrors."""
        return f"/apis/{API_VERSION}/namespaces/{self.world.staging}/stagingmirrors"

    def report(self, sentence: str) -> None:
        self.console.print(sentence, style="dim", highlight=False)


@asynccontextmanager
async def a_ground(scene: Scene, console: Console) -> AsyncIterator[Ground]:
    """Takes about a minute for 1,000 mirrors; gone without a trace afterwards."""
    with (
        ControlPlane("bench") as plane,
        MlflowServer("production", wait=False) as production,
        MlflowServer("staging", wait=False) as staging,
    ):
        for server in (production, staging):
            server.await_ready()
        urls = {"production": {"url": production.url}, "staging": {"url": staging.url}}
        world = World(plane, mlflow=urls)
        bare = make_namespace(plane.kube, "bare")
        # It would roll out, and write, while something is measured.
        plane.controller_manager.end(grace=0)
        async with Api.connect(plane.kubeconfig) as api:
            ground = Ground(console, scene, plane, world, api, (production, staging), bare)
            await _populate(ground)
            yield ground


async def _populate(ground: Ground) -> None:
    with Progress(console=ground.console, transient=True) as progress:
        # Pods are started after the versions that they name.
        await asyncio.to_thread(_register_models, ground, progress)
        await _objects(ground, progress)
    scene = ground.scene
    ground.report(
        f"{scene.mirrors} mirrors, {scene.models} models, {scene.deployments + scene.untracked}"
        " Deployments on each side"
    )


async def _objects(ground: Ground, progress: Progress) -> None:
    scene, world = ground.scene, ground.world
    sides = (world.production, world.staging)
    each_side = scene.deployments + scene.untracked + scene.mirrors
    total = len(sides) * each_side + scene.mirrors
    task = progress.add_task("objects", total=total)
    work = [
        *(
            each
            for side in sides
            for each in side_objects(ground.api, side, scene.deployments, scene.mirrors)
        ),
        *(
            _untracked(ground.api, side, number)
            for side in sides
            for number in range(scene.untracked)
        ),
        *(_mirror(ground, number) for number in range(scene.mirrors)),
    ]
    await at_once(_counted(each, progress, task) for each in work)


async def _counted(work: Coroutine[Any, Any, Any], progress: Progress, task: TaskID) -> None:
    await work
    progress.advance(task)


def side_objects(
    api: Api, namespace: str, deployments: int, config_maps: int
) -> Iterator[Coroutine[Any, Any, Any]]:
    """What makes one side: Deployments with all that belongs to them, and ConfigMaps."""
    for number in range(deployments):
        yield _workload(api, namespace, number)
    for number in range(config_maps):
        path = f"/api/v1/namespaces/{namespace}/configmaps"
        yield api.request("POST", path, bodies.config_map(number))


async def _workload(api: Api, namespace: str, number: int) -> None:
    """A Deployment with its ReplicaSet and its running pod, as controllers and a kubelet would
    leave them.
    """
    apps, core = f"/apis/apps/v1/namespaces/{namespace}", f"/api/v1/namespaces/{namespace}"
    made = await api.request("POST", f"{apps}/deployments", bodies.deployment(number))
    path = f"{apps}/deployments/{made['metadata']['name']}/status"
    await api.patch(path, bodies.rolled_out())
    owner = await api.request("POST", f"{apps}/replicasets", bodies.replica_set(number, made))
    pod = await api.request("POST", f"{core}/pods", bodies.pod(number, owner))
    path = f"{core}/pods/{pod['metadata']['name']}/status"
    await api.patch(path, bodies.running(bodies.DIGEST))


async def _untracked(api: Api, namespace: str, number: int) -> None:
    body = bodies.deployment(number)
    body["metadata"]["name"] = f"other-{number}"
    await api.request("POST", f"/apis/apps/v1/namespaces/{namespace}/deployments", body)


async def _mirror(ground: Ground, number: int) -> None:
    world = ground.world
    body = resources.mirror(
        bodies.mirror_name(number),
        world.staging,
        production={
            "environment": world.environments["production"],
            "namespace": world.production,
        },
        staging={"environment": world.environments["staging"]},
        track=ground.scene.track(number),
    )
    await ground.api.request("POST", ground.mirrors, body)


def _register_models(ground: Ground, progress: Progress) -> None:
    """The same bytes on both sides. Models whose alias will be moved have a second version."""
    production, staging = ground.registries
    for number in progress.track(range(ground.scene.models), description="models"):
        name = bodies.model_name(number)
        files = {"weights.bin": f"{name} ".encode() * 200}
        made = log_files(production, name, files, alias=bodies.ALIAS)
        log_files(staging, name, files, alias=bodies.ALIAS, tags={RUN_ID: made.run_id})
        if not bodies.is_loaded(number):
            log_files(production, name, {"weights.bin": f"{name}, newer".encode()})


def move_alias(server: MlflowServer, name: str, version: str) -> None:
    """As a training pipeline does."""
    client_of(server).set_registered_model_alias(name, bodies.ALIAS, version)
