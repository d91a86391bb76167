"""A refresh does what ``plan`` prints, and nothing else: by its record, and on every wire."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from stagingmirror.actions.codec import step_from_json
from support.kubernetes.kubelet import Kubelet
from support.operators.killing_proxy import KillingProxy
from support.operators.operator import OperatorProcess, World
from support.sandbox.refreshing import REFRESH, ask, ended
from support.sandbox.three_kinds import ThreeKinds

pytestmark = pytest.mark.integration

Object = dict[str, Any]


@dataclass(slots=True)
class Wire:
    """Proxies before the API server and both MLflows: what the operator writes through them, as
    method, path and body. What it keeps and tells in its own name is left out.
    """

    own: str
    writes: list[tuple[str, str, bytes]] = field(default_factory=list)

    def hear(self, method: str, path: str, body: bytes) -> bool:
        path = path.partition("?")[0]
        asks = method == "GET" or "search" in path or "reviews" in path
        own = ("/status", "/events", "/mirrorinstallations")
        tells = path.endswith(own) or f"/namespaces/{self.own}/" in path
        if not asks and not tells:
            self.writes.append((method, path, body))
        return False

    def written(self, prefix: str) -> list[str]:
        """Method and path of the writes below this path, in their order."""
        return [f"{method} {path}" for method, path, _ in self.writes if path.startswith(prefix)]


@dataclass(frozen=True, slots=True)
class Scene:
    world: World
    kinds: ThreeKinds
    to_staging: Wire
    to_production: Wire

    def plan(self) -> list[Object]:
        """The steps, as the command prints them for machines."""
        words = ("plan", "fraud", "-o", "json", "-n", self.world.staging)
        access = ("--kubeconfig", str(self.world.control_plane.kubeconfig))
        command = [sys.executable, "-m", "stagingmirror", *words, *access]
        done = subprocess.run(
            [*command, "--operator-namespace", self.world.namespace],
            capture_output=True,
            check=True,
            timeout=60,
            env=os.environ | {"COLUMNS": "200"},
        )
        steps: list[Object] = json.loads(done.stdout)["mirrors"][0]["plan"]["steps"]
        return steps

    def recorded(self) -> list[Object]:
        """The steps of the only record."""
        found = self.world.kube.list("v1", "ConfigMap", self.world.namespace)
        (record,) = (each for each in found if each["metadata"]["name"].startswith("refresh-"))
        return [entry["step"] for entry in json.loads(record["data"]["record.json"])["entries"]]


@pytest.fixture
def scene(
    control_plane: ControlPlane,
    mlflow_production: MlflowServer,
    mlflow_staging: MlflowServer,
    tmp_path: Path,
) -> Iterator[Scene]:
    with World(control_plane) as world:
        here, there = Wire(world.namespace), Wire(world.namespace)
        places = (world.production, world.staging)
        servers = (mlflow_production, mlflow_staging)
        kinds = ThreeKinds(
            world.kube,
            *places,
            servers,
            lambda track: world.kube.apply(
                world.mirror_body(track=track, refresh=REFRESH), manager="user"
            ),
        )
        with (
            KillingProxy(counts=here.hear, kill=lambda: None) as to_staging,
            KillingProxy(counts=there.hear, kill=lambda: None) as to_production,
            Kubelet(world.kube, places),
        ):
            kubeconfig = tmp_path / "kubeconfig"
            access = json.loads(world.kubeconfig.read_text())
            server = to_staging.before(control_plane.server, control_plane.ca_path)
            access["clusters"][0]["cluster"] = {"server": server}
            kubeconfig.write_text(json.dumps(access))
            for role, space, ear, mlflow in (
                ("production", world.production, to_production, mlflow_production),
                ("staging", world.staging, to_staging, mlflow_staging),
            ):
                world.environment(role, space, mlflow={"url": ear.before(mlflow.url)})
            kinds.begin()
            with OperatorProcess(control_plane, world.namespace, kubeconfig) as operator:
                operator.until_leading()
                yield Scene(world, kinds, here, there)


def all_drifted(status: Object) -> bool:
    return [each["verdict"] for each in status.get("components") or ()] == ["Drifted"] * 3


def as_planned(step: Object) -> Object:
    """A recorded step as ``plan`` prints it."""
    read = step_from_json(step)
    components = ", ".join(read.components)
    return {"phase": read.phase, "component": components, "text": read.describe()}


def test_plan_record_and_writes_are_the_same_and_production_is_only_read(scene: Scene) -> None:
    space = scene.world.staging
    scene.kinds.produce()
    scene.world.until(all_drifted, within=90)
    planned = scene.plan()
    assert scene.to_staging.writes == []

    ask(scene.world, "now")
    assert ended(scene.world)["result"] == "Succeeded"

    assert [step["step"] for step in scene.recorded()] == STEPS
    assert [as_planned(step) for step in scene.recorded()] == planned
    (job,) = (each["metadata"]["name"] for each in scene.world.kube.list("batch/v1", "Job", space))
    assert scene.to_staging.written("/apis") + scene.to_staging.written("/api/v1") == [
        f"POST /apis/batch/v1/namespaces/{space}/jobs",
        f"PATCH /apis/batch/v1/namespaces/{space}/jobs/{job}",
        f"PATCH /apis/apps/v1/namespaces/{space}/deployments/server",
        f"PATCH /apis/apps/v1/namespaces/{space}/deployments/trainer",
        f"PATCH /api/v1/namespaces/{space}/configmaps/training-data",
    ]
    model = scene.kinds.model
    bodies = {path: body for _, path, body in scene.to_staging.writes if MLFLOW in path}
    copied, moved = (json.loads(bodies[MLFLOW + each]) for each in (VERSION, ALIAS))
    assert copied["name"] == model
    assert moved == {"name": model, "alias": "champion", "version": "2"}
    assert scene.kinds.seen() == scene.kinds.wanted()
    assert scene.to_production.writes == []
    assert not [each for each in scene.to_staging.writes if scene.world.production in each[1]]


STEPS = [
    "CopyModel",
    "RunLoader",
    "SetConfigMapKey",
    "MoveAlias",
    "PatchWorkload",
    "PatchWorkload",
]
MLFLOW = "/api/2.0/mlflow/"
VERSION, ALIAS = "model-versions/create", "registered-models/alias"
