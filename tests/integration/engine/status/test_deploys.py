"""Every rollout of a tracked workload, by anyone, is told with what runs since: once."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from rig.run import until
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import DIGEST, deployment
from support.operators.operator import OperatorProcess, World

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("told-deploys")]

Object = dict[str, Any]

SERVER = {"kind": "Deployment", "name": "server", "container": "app"}
IMAGES = [f"registry.example/server@{DIGEST.format(n)}" for n in (1, 2)]


@dataclass(slots=True)
class Deploying:
    """A server on each side, its model and its image tracked; nobody refreshes anything."""

    world: World
    servers: dict[str, MlflowServer]
    model: str = field(default_factory=lambda: f"fraud-{secrets.token_hex(4)}")
    runs: dict[tuple[str, str], str] = field(default_factory=dict)
    """The training run, by side and version."""

    def begin(self) -> None:
        for side in self.servers:
            self.register(side, "1")
        time.sleep(1.1)  # pods start in a later second than the model was registered in
        for side in self.servers:
            self.roll_out(side, version="1", image=IMAGES[0])
        place = {"model": self.model, "alias": "champion"}
        loaded = {"loadedBy": [{**SERVER, "variable": "MODEL_VERSION"}]}
        track = [
            {"name": "model", "modelAlias": {"production": place | loaded} | TAG},
            {"name": "image", "pipelineImage": {"production": SERVER}},
        ]
        self.world.mirror(track=track)
        self.world.until(lambda status: len(status.get("deploys") or ()) == 4, within=90)

    def register(self, side: str, version: str) -> None:
        """The same bytes and parameters for the same version, each side with a run of its own."""
        made = log_files(self.servers[side], self.model, {"w.bin": version}, alias="champion")
        assert made.version == version
        client = client_of(self.servers[side])
        client.set_model_version_tag(self.model, version, "snapshot", f"2026-11-2{version}")
        self.runs[side, version] = str(made.run_id)

    def roll_out(self, side: str, *, version: str, image: str) -> None:
        space = self.world.production if side == "production" else self.world.staging
        body = deployment("server", space, image, variables={"MODEL_VERSION": version})
        self.world.kube.apply(body, manager="owner")

    def until_deployed(self, component: str, side: str, fact: str, value: str) -> Object:
        """The entry of ``status.deploys``, once this runs there and both sides were compared."""

        def deployed(status: Object) -> bool:
            found = deploy_of(status, component, side)
            runs = found.get("provenance", {}).get(fact) == value
            return runs and found["verified"] is True

        return deploy_of(self.world.until(deployed, within=90), component, side)

    def events(self) -> list[tuple[str, str]]:
        """Type and note of each Event about a deploy."""
        found = self.world.kube.list("events.k8s.io/v1", "Event", self.world.staging)
        return [(each["type"], each["note"]) for each in found if each["reason"] in TOLD]


TAG = {"dataSnapshotTag": "snapshot"}
TOLD = ("Deployed", "DeployCompared")


def deploy_of(status: Object, component: str, side: str) -> Object:
    found = (
        each
        for each in status.get("deploys") or ()
        if (each["component"], each["side"]) == (component, side)
    )
    return next(found, {})


def lines_of(operator: OperatorProcess) -> list[Object]:
    return [line for line in operator.lines() if line.get("event") in TOLD]


@pytest.fixture
def deploying(
    control_plane: ControlPlane, mlflow_production: MlflowServer, mlflow_staging: MlflowServer
) -> Iterator[Deploying]:
    servers = {"production": mlflow_production, "staging": mlflow_staging}
    addresses = {side: {"url": server.url} for side, server in servers.items()}
    with (
        World(control_plane, mlflow=addresses) as world,
        Kubelet(world.kube, (world.production, world.staging)),
    ):
        made = Deploying(world, servers)
        with world.operator("--log-format=json") as operator:
            operator.until_leading()
            made.begin()
            assert lines_of(operator) == []  # what was there before is no news
        yield made


def test_each_rollout_is_told_once_with_its_provenance_and_what_does_not_match(
    deploying: Deploying,
) -> None:
    with deploying.world.operator("--log-format=json") as operator:
        operator.until_leading()
        deploying.register("production", "2")
        deploying.roll_out("production", version="2", image=IMAGES[0])
        deployed = deploying.until_deployed("model", "production", "version", "2")
        image = deploying.until_deployed("image", "production", "digest", DIGEST.format(1))
        until(lambda: len(deploying.events()) == 2, within=30, what="not two Events")
        lines = {line["component"]: line for line in lines_of(operator)}

        provenance = deployed["provenance"]
        assert provenance["contentHash"].startswith("sha256:")
        assert provenance["runId"] == deploying.runs["production", "2"]
        assert provenance["dataSnapshot"] == "2026-11-22"
        assert {"contentHash", "runId", "dataSnapshot"} <= set(deployed["mismatch"])
        assert (image["mismatch"], image["verified"]) == ([], True)
        assert len(lines_of(operator)) == 2
        told = lines["model"]
        assert (told["side"], told["workloads"]) == ("production", ["Deployment server"])
        assert told["provenance"] == provenance
        assert (told["level"], told["mismatch"]) == ("warning", deployed["mismatch"])
        assert (lines["image"]["level"], lines["image"]["mismatch"]) == ("info", [])
        kinds = {note.split(" in ")[0]: (kind, note) for kind, note in deploying.events()}
        assert kinds["model"][0] == "Warning"
        assert "differs from staging in" in kinds["model"][1]
        assert provenance["contentHash"][:15] in kinds["model"][1]
        assert kinds["image"] == ("Normal", image["message"])
        assert "verified: as staging" in image["message"]


def test_another_operator_tells_none_of_them_again_and_goes_on_with_the_next(
    deploying: Deploying,
) -> None:
    before = deploying.events()
    with deploying.world.operator("--log-format=json") as operator:
        operator.until_leading()
        deploying.world.until_settled(within=90)
        assert lines_of(operator) == []

        deploying.roll_out("staging", version="1", image=IMAGES[1])
        image = deploying.until_deployed("image", "staging", "digest", DIGEST.format(2))
        until(lambda: len(deploying.events()) == len(before) + 2, within=30, what="not two more")

        assert image["mismatch"] == ["digest"]
        told = [line for line in lines_of(operator) if line["component"] == "image"]
        assert [(line["side"], line["mismatch"]) for line in told] == [("staging", ["digest"])]
        assert len(lines_of(operator)) == 2
