"""A sandbox, set up and cleared away."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rig.kube import Kube
from rig.mlflow_server import MlflowServer as RigMlflow
from stagingmirror.api.spec.environment import MirrorEnvironmentSpec
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.clusters.clusters import Clusters
from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.poll.source import MlflowSource
from stagingmirror.view import Subject
from support.operators.rigs import make_namespace
from support.operators.waiting import holds
from support.resources import resources
from support.resources.definitions import install
from support.sandbox.sandbox import Sandbox

Object = dict[str, Any]
# A sandbox requests everything anew at each step.
_LEAST = "1s"


@asynccontextmanager
async def a_sandbox(
    control_plane: Any,
    production_mlflow: RigMlflow | None = None,
    staging_mlflow: RigMlflow | None = None,
    **staging_environment: Any,
) -> AsyncIterator[Sandbox]:
    """Two fresh namespaces with an environment each, and an operator that watches them."""
    kube: Kube = control_plane.kube
    install(kube)
    spaces = [make_namespace(kube, prefix) for prefix in ("prod", "staging", "operator")]
    servers = (production_mlflow, staging_mlflow)
    environments = _environments(kube, spaces, servers, staging_environment)
    settings = Settings(
        namespace=spaces[2], identity="operator", sweep_interval=2.0, clock_margin=0.0
    )
    client = await KubernetesClient.connect(kubeconfig=str(control_plane.kubeconfig), timeout=10.0)
    registry = MlflowSource(clock=time.time, on_change=lambda _: None, settings=settings)
    cluster = Clusters(
        client,
        clock=time.time,
        on_change=_nobody_hears,
        on_proof=lambda _: None,
        settings=settings,
        on_call=lambda *_: None,
    )
    for name, server in zip(environments, servers, strict=True):
        if server is not None:
            registry.registries.set(name, RegistryAddress(server.url))
    listed = {"role": "Staging", "namespaces": spaces[:2], "minCheckInterval": _LEAST}
    cluster.configure({"staging": MirrorEnvironmentSpec.model_validate(listed)}, {})
    tasks = [asyncio.create_task(cluster.run()), asyncio.create_task(registry.run())]
    sandbox = Sandbox(kube, spaces[0], spaces[1], environments, client, cluster, registry, settings)
    sandbox.operator()
    try:
        await holds(lambda: cluster.ready, within=20)
        yield sandbox
    finally:
        await _end(sandbox, tasks)
        for space in spaces:
            kube.delete("v1", "Namespace", space)
        for name in environments:
            kube.delete(API_VERSION, "MirrorEnvironment", name)


def _environments(
    kube: Kube, spaces: list[str], servers: tuple[RigMlflow | None, ...], staging: Object
) -> tuple[str, str]:
    mark = secrets.token_hex(3)
    names = (f"production-{mark}", f"staging-{mark}")
    roles = zip(("Production", "Staging"), names, spaces[:2], servers, strict=True)
    for role, name, space, server in roles:
        more: Object = {"minCheckInterval": _LEAST}
        more |= {"mlflow": {"url": server.url}} if server else {}
        more |= staging if role == "Staging" else {}
        kube.create(
            resources.environment(name, role, usableFrom=[spaces[1]], namespaces=[space], **more)
        )
    return names


async def _end(sandbox: Sandbox, tasks: list[asyncio.Task[None]]) -> None:
    if sandbox.refresher is not None:
        await sandbox.tools.pool.close()
    await sandbox.probes.close()
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await sandbox.client.close()


def _nobody_hears(_: Subject[Any], /, *, since: float | None = None) -> None:
    """A sandbox looks when it wants to."""
