"""What an account can learn of command lines that may create StagingMirrors and nothing else: rows
of the table in docs/security.md.
"""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.operators.operator import OperatorProcess, World
from support.resources.team import Team, make_team

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("serving-offers")]

Object = dict[str, Any]
HIDDEN = f"planted-{secrets.token_hex(4)}"
ENTRY = {"name": "serving", "serving": {"production": {"kind": "Deployment", "name": "server"}}}


def server(namespace: str, side: str) -> Object:
    body = deployment("server", namespace, "vllm/vllm-openai:v0.8.5")
    (container,) = body["spec"]["template"]["spec"]["containers"]
    container["args"] = [
        *("--model=m", f"--api-key={HIDDEN}-1", "--unknown-flag", f"{HIDDEN}-2-{side}"),
        *(f"--sealed={HIDDEN}-3-{side}", f"--shown={side}", "--seed=$(SEED)"),
    ]
    container["env"] = [
        {"name": "SEED", "value": f"{HIDDEN}-4"},
        {"name": "VLLM_API_KEY", "value": f"{HIDDEN}-5"},
    ]
    container["livenessProbe"] = {"exec": {"command": ["check", f"{HIDDEN}-6"]}}
    return body


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with World(control_plane) as world:
        for side in ("production", "staging"):
            space = getattr(world, side)
            world.kube.apply(server(space, side))
            offered: Object = {"comparable": {"arguments": ["--sealed", "--api*"]}}
            world.environment(side, space, readable={"arguments": ["--shown", "--a*"]}, **offered)
        with Kubelet(world.kube, (world.production, world.staging)):
            yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def team(world: World, operator: OperatorProcess) -> Iterator[Team]:
    team = make_team(world)
    yield team
    world.kube.delete("v1", "Namespace", team.elsewhere)


def test_an_argument_that_is_not_offered_is_not_shown(
    team: Team, operator: OperatorProcess
) -> None:
    name = team.mirror(ENTRY)

    status = team.world.until(lambda found: found.get("sync") == "Drifted", name)

    (component,) = status["components"]
    differences = {
        each["fact"]: (each["production"], each["staging"]) for each in component["differences"]
    }
    assert differences == {
        "app.arguments.--sealed": ("(sealed)", "(sealed)"),
        "app.arguments.--shown": ("production", "staging"),
    }
    assert "2 other arguments are neither shown nor compared" in component["message"]
    world = team.world
    shown = [
        world.kube.list("events.k8s.io/v1", "Event", world.staging),
        world.kube.list(API_VERSION, "StagingMirror", world.staging),
        world.kube.list("v1", "ConfigMap", world.namespace),
        world.kube.list("coordination.k8s.io/v1", "Lease", world.namespace),
    ]
    texts = json.dumps(shown) + operator.log + operator.get("/metrics")[1]
    assert "vllm" in texts
    assert HIDDEN not in texts
    assert "hmac-sha256" not in texts
