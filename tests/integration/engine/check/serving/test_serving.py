"""The operator as a process compares how workloads serve, on a real API server."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.operators.operator import OperatorProcess, World

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-serving")]

Object = dict[str, Any]
NAME = "fraud-server"
API_KEY = f"planted-{secrets.token_hex(4)}"
RESOURCES = {"limits": {"cpu": "2", "memory": "4Gi", "nvidia.com/gpu": "1"}}
ENTRY = {"name": "serving", "serving": {"production": {"kind": "Deployment", "name": NAME}}}


def node(name: str, instance_type: str, accelerator: str = "NVIDIA-A10G") -> Object:
    """A node that no kubelet looks after: for 60 s Kubernetes takes it for one that starts."""
    labels = {
        "node.kubernetes.io/instance-type": instance_type,
        "kubernetes.io/arch": "amd64",
        "nvidia.com/gpu.product": accelerator,
    }
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


def server(namespace: str, on: str) -> Object:
    body = deployment(NAME, namespace, "registry.example/server:1", variables={"MODE": "x"})
    # Without a kubelet nobody confirms that a pod has ended.
    body["spec"]["template"]["spec"] |= {"nodeName": on, "terminationGracePeriodSeconds": 0}
    (container,) = body["spec"]["template"]["spec"]["containers"]
    container |= {"resources": RESOURCES, "args": [f"--api-key={API_KEY}", "--max-batch", "8"]}
    return body


@pytest.fixture(scope="module")
def nodes(control_plane: ControlPlane) -> Iterator[dict[str, str]]:
    """Names by instance type."""
    mark = secrets.token_hex(3)
    named = {kind: f"{kind.replace('.', '-')}-{mark}" for kind in ("g5.xlarge", "g5.2xlarge")}
    control_plane.kube.apply(*(node(name, kind) for kind, name in named.items()))
    yield named
    for name in named.values():
        control_plane.kube.delete("v1", "Node", name)


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, nodes: dict[str, str]) -> Iterator[World]:
    with World(control_plane) as world:
        spaces = (world.production, world.staging)
        world.kube.apply(*(server(space, nodes["g5.xlarge"]) for space in spaces))
        with Kubelet(world.kube, spaces):
            yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        world.mirror(track=[ENTRY])
        yield operator


@pytest.fixture
def fraud(world: World, operator: OperatorProcess, nodes: dict[str, str]) -> World:
    """A mirror that is in sync."""
    spaces = (world.production, world.staging)
    world.kube.apply(*(server(space, nodes["g5.xlarge"]) for space in spaces))
    world.until_sync("InSync")
    return world


def component(status: Object) -> Object:
    (found,) = status["components"]
    return dict(found)


def differing(status: Object) -> dict[str, tuple[str | None, str | None]]:
    differences = component(status).get("differences", ())
    return {each["fact"]: (each.get("production"), each.get("staging")) for each in differences}


def patched(world: World, space: str, **spec: Any) -> None:
    world.kube.patch("apps/v1", "Deployment", NAME, space, {"spec": spec}, how="strategic")


def in_container(**fields: Any) -> Object:
    return {"spec": {"containers": [{"name": "app", **fields}]}}


def test_a_server_that_is_served_alike_is_in_sync(fraud: World) -> None:
    shown = component(fraud.status())["staging"]

    assert shown["replicas"] == "1"
    assert shown["app.resources.limits.memory"] == "4Gi"
    assert shown["app.resources.requests.nvidia.com%2Fgpu"] == "1"


def test_resources_replicas_and_variables_that_differ_are_named_with_both_values(
    fraud: World,
) -> None:
    other = {"limits": {"cpu": "1", "nvidia.com/gpu": None}, "requests": {"nvidia.com/gpu": None}}
    extra = [{"name": "EXTRA", "value": "planted"}]
    patched(fraud, fraud.staging, replicas=2, template=in_container(resources=other, env=extra))

    status = fraud.until_sync("Drifted")

    assert differing(status) == {
        "app.resources.limits.cpu": ("2", "1"),
        "app.resources.requests.cpu": ("2", "1"),
        "app.resources.limits.nvidia.com%2Fgpu": ("1", None),
        "app.resources.requests.nvidia.com%2Fgpu": ("1", None),
        "app.variables.EXTRA": (None, "set"),
        "replicas": ("1", "2"),
    }
    assert "planted" not in json.dumps(status)
