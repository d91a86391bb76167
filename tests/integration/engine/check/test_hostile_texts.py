"""Texts that one team writes to stop the operator, while another team asks it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.rights import STAGING, bind
from support.kubernetes.workloads import config_map, deployment
from support.operators.operator import DATA, OperatorProcess, World
from support.operators.rigs import make_namespace
from support.resources import resources

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-hostile")]

Object = dict[str, Any]

UNCLOSED = "$(" * 200_000
# As many as a mirror can have, each with production's whole key.
ENTRIES = 64
KEY = "x" * 1_000_000


@dataclass(frozen=True, slots=True)
class Neighbours:
    """``tenant`` is the namespace of the other team; its mirror is ``calm``."""

    world: World
    tenant: str
    operator: OperatorProcess

    def check(self) -> subprocess.CompletedProcess[str]:
        """``check --now``: everything is observed anew for the other team, within 20 s."""
        plane = self.world.control_plane
        command = ["check", "calm", "--now", "--timeout=20s", f"--namespace={self.tenant}"]
        return subprocess.run(
            [sys.executable, "-m", "stagingmirror", *command, f"--kubeconfig={plane.kubeconfig}"],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "STAGINGMIRROR_NAMESPACE": self.world.namespace},
            check=False,
        )


@pytest.fixture(scope="module")
def neighbours(control_plane: ControlPlane) -> Iterator[Neighbours]:
    with World(control_plane) as world:
        tenant = make_namespace(world.kube, "tenant")
        bind(world.kube, world.namespace, tenant, STAGING)
        spaces = [world.staging, tenant]
        world.environment(
            "production",
            world.production,
            usableFrom=spaces,
            readable={"configMaps": [DATA, "large"], "variables": ["URL"]},
        )
        world.environment(
            "staging",
            world.staging,
            usableFrom=spaces,
            namespaces=spaces,
            readable={"configMaps": [DATA, "large"], "variables": ["URL"]},
        )
        for space in (world.production, tenant):
            world.kube.create(config_map(DATA, space, {"snapshot": "2026-11-20"}))
        calm = world.mirror_body("calm", track=[resources.setting()])
        calm["metadata"]["namespace"] = tenant
        world.kube.create(calm)
        with world.operator() as operator:
            operator.until_leading()
            yield Neighbours(world, tenant, operator)
        world.kube.delete(API_VERSION, "StagingMirror", "calm", tenant)
        world.kube.delete("v1", "Namespace", tenant)


def hostile_objects(world: World) -> Iterator[Object]:
    doubling = {"V0": "x"} | {f"V{n}": f"$(V{n - 1})$(V{n - 1})" for n in range(1, 2_000)}
    for space in (world.production, world.staging):
        for name, variables in (("unclosed", {}), ("doubling", doubling)):
            url = {"URL": "$(V1999)" if variables else UNCLOSED}
            body = deployment(name, space, "app:1", variables=variables | url)
            body["spec"]["replicas"] = 0  # what is declared counts where nothing runs
            yield body
        yield config_map("large", space, {"key": KEY})


def hostile_track() -> Iterator[Object]:
    for name in ("unclosed", "doubling"):
        url = {"kind": "Deployment", "name": name, "container": "app", "variable": "URL"}
        yield resources.setting(name, production={"variable": url})
    for number in range(ENTRIES - 2):
        form = "{value}" + "x" * 1000
        place = {"configMap": {"name": "large", "key": "key"}}
        yield resources.setting(f"large-{number}", production=place, staging={"value": form}) | {
            "mode": "Report"
        }


def test_no_text_of_one_team_keeps_another_one_waiting(neighbours: Neighbours) -> None:
    world = neighbours.world
    assert neighbours.check().returncode == 0

    world.kube.apply(*hostile_objects(world), manager="user")
    world.mirror("hostile", track=list(hostile_track()))

    for _ in range(5):
        assert neighbours.operator.get("/livez")[0] == 200
        answer = neighbours.check()
        assert (answer.returncode, answer.stderr) == (0, ""), answer.stdout
    world.until(
        lambda status: {"TooLarge"} == {each.get("reason") for each in status["components"]},
        "hostile",
        what="not everything of it is too large",
    )
    assert '"lost' not in neighbours.operator.log
