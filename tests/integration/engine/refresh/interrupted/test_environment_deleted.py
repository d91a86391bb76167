"""Mirror and environments are deleted together in mid-refresh, as a cascade of Argo CD does."""

import secrets
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.operators.operator import World
from support.sandbox.image_refreshes import NEW, OLD, image_of, live
from support.sandbox.refreshing import REFRESH, ask

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-models")]


def test_an_alias_is_rolled_back_though_its_environment_is_gone(
    control_plane: ControlPlane, mlflow_production: MlflowServer, mlflow_staging: MlflowServer
) -> None:
    model = f"fraud-{secrets.token_hex(3)}"
    for server, content in ((mlflow_production, "new"), (mlflow_staging, "old")):
        log_files(server, model, {"w.bin": content}, alias="champion")
    servers = {"production": {"url": mlflow_production.url}, "staging": {"url": mlflow_staging.url}}

    def alias() -> str:
        return str(client_of(mlflow_staging).get_model_version_by_alias(model, "champion").version)

    with World(control_plane, mlflow=servers) as world, Kubelet(world.kube, (world.production,)):
        for space, image in ((world.production, NEW), (world.staging, OLD)):
            world.kube.apply(deployment("features", space, image), manager="owner")
        with world.operator() as operator:
            operator.until_leading()
            with Kubelet(world.kube, (world.staging,)):
                world.mirror(track=track(model), refresh=REFRESH)
                world.until(both_drifted, within=60)
            # Without staging's node the rollout stands still, and everything else is written.
            ask(world, "now")
            until(lambda: image_of(live(world)) == NEW, within=60, what="nothing is written")
            assert alias() == "2"

            world.kube.delete(API_VERSION, "StagingMirror", "fraud", world.staging)
            for name in world.environments.values():
                world.kube.delete(API_VERSION, "MirrorEnvironment", name)

            until(lambda: alias() == "1", within=30, what="the alias is not rolled back")
            until(lambda: image_of(live(world)) == OLD, within=30, what="the image is not")


def track(model: str) -> list[dict[str, Any]]:
    place = {"kind": "Deployment", "name": "features", "container": "app"}
    return [
        {
            "name": "fraud-model",
            "modelAlias": {"production": {"model": model, "alias": "champion"}},
        },
        {"name": "features", "pipelineImage": {"production": place}},
    ]


def both_drifted(status: dict[str, Any]) -> bool:
    return [each["verdict"] for each in status.get("components", ())] == ["Drifted"] * 2
