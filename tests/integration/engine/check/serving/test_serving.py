"""The operator as a process compares how workloads serve, on a real API server."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Refused
from rig.run import until
from stagingmirror.engine.observe.check_requests import CHECK_AT
from support.controllers.argo_rollouts import ArgoRollouts, rollout
from support.controllers.crds import ROLLOUT, SCALED_OBJECT, install, remove
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.rights import NODES, bind_everywhere
from support.kubernetes.workloads import config_map, deployment
from support.operators.operator import OperatorProcess, World

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-serving")]

Object = dict[str, Any]
NAME = "fraud-server"
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
    container |= {"resources": RESOURCES, "args": ["--max-batch", "8"]}
    return body


def autoscaler(namespace: str, **spec: Any) -> Object:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {"scaleTargetRef": target, "minReplicas": 1, **spec},
    }


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
    """A mirror that is in sync; both sides are as they were."""
    for space in (world.production, world.staging):
        spec = server(space, nodes["g5.xlarge"])["spec"]
        world.kube.patch("apps/v1", "Deployment", NAME, space, {"spec": spec})
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


def check_now(world: World) -> None:
    """What was refused, or not installed, is requested again every 30 s, and on request."""
    token = {CHECK_AT: secrets.token_hex(4)}
    world.change({"metadata": {"annotations": token}})


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


def test_two_kinds_of_nodes_are_seen_once_they_may_be_read_and_without_a_restart(
    fraud: World, nodes: dict[str, str]
) -> None:
    patched(fraud, fraud.staging, template={"spec": {"nodeName": nodes["g5.2xlarge"]}})
    status = fraud.until(
        lambda status: "nodes are not seen" in component(status)["message"], within=60
    )
    assert component(status)["verdict"] in ("InSync", "Unknown")  # nothing of nodes counts

    bind_everywhere(fraud.kube, fraud.namespace, also=NODES)
    try:
        check_now(fraud)
        status = fraud.until_sync("Drifted", within=60)

        assert differing(status) == {"node.instanceType": ("g5.xlarge", "g5.2xlarge")}
        assert component(status)["staging"]["node.accelerator"] == "NVIDIA-A10G"
        # Production has been on it: now it is no difference any more.
        patched(fraud, fraud.production, template={"spec": {"nodeName": nodes["g5.2xlarge"]}})
        fraud.until_sync("InSync")
        patched(fraud, fraud.production, template={"spec": {"nodeName": nodes["g5.xlarge"]}})
        fraud.until(
            lambda status: (
                component(status).get("production", {}).get("node.instanceType")
                == "g5.2xlarge, g5.xlarge"
            )
        )
        fraud.until_sync("InSync")
    finally:
        bind_everywhere(fraud.kube, fraud.namespace)


def test_an_autoscaler_of_kubernetes_is_compared_in_place_of_replicas(fraud: World) -> None:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    for space, most in ((fraud.production, 8), (fraud.staging, 2)):
        metrics = [{"type": "Resource", "resource": cpu}]
        fraud.kube.apply(autoscaler(space, maxReplicas=most, metrics=metrics))
    try:
        most_differs = {"autoscaling.maxReplicas": ("8", "2")}
        status = fraud.until(lambda status: differing(status) == most_differs)

        assert component(status)["staging"]["autoscaling.metric.cpu"] == "70% on average"
        patched(fraud, fraud.staging, replicas=2)
        fraud.until(lambda status: component(status)["staging"].get("replicas") == "2")
        assert set(differing(fraud.status())) == {"autoscaling.maxReplicas"}
    finally:
        for space in (fraud.production, fraud.staging):
            fraud.kube.delete("autoscaling/v2", "HorizontalPodAutoscaler", NAME, space)


def test_a_container_that_somebody_debugs_with_changes_nothing(fraud: World) -> None:
    until(
        lambda: len(fraud.kube.list("v1", "Pod", fraud.staging)) == 1,
        within=30,
        what="a pod of a former test is still there",
    )
    name = fraud.kube.list("v1", "Pod", fraud.staging)[0]["metadata"]["name"]
    debugger = {"name": "debugger", "image": "busybox", "targetContainerName": "app"}
    fraud.kube.patch(
        "v1",
        "Pod",
        name,
        fraud.staging,
        {"spec": {"ephemeralContainers": [debugger]}},
        subresource="ephemeralcontainers",
        how="strategic",
    )
    fraud.until_settled()

    status = fraud.status()
    assert status["sync"] == "InSync"
    assert "debugger" not in json.dumps(status)


def test_whoever_names_mode_refresh_is_refused_by_the_api_server(fraud: World) -> None:
    with pytest.raises(Refused, match="serving is only compared"):
        fraud.mirror("other", track=[{**ENTRY, "mode": "Refresh"}])


def test_a_scaled_object_is_taken_up_when_keda_is_installed_and_its_addresses_are_not_shown(
    fraud: World,
) -> None:
    remove(fraud.kube, SCALED_OBJECT)
    fraud.until_sync("InSync")  # without KEDA nothing is missed
    install(fraud.kube, SCALED_OBJECT)
    trigger = {
        "type": "rabbitmq",
        "metadata": {"host": "amqp://user:planted@queue", "mode": "QueueLength", "value": "20"},
    }
    for space, most in ((fraud.production, 8), (fraud.staging, 2)):
        body = {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": {"name": NAME, "namespace": space},
            "spec": {
                "scaleTargetRef": {"name": NAME},
                "maxReplicaCount": most,
                "triggers": [trigger],
            },
        }
        fraud.kube.apply(body)
    try:
        check_now(fraud)
        most_differs = {"autoscaling.maxReplicas": ("8", "2")}
        status = fraud.until(lambda status: differing(status) == most_differs, within=60)

        shown = component(status)["production"]
        assert shown["autoscaling.metric.rabbitmq"] == "rabbitmq, value 20"
        assert "planted" not in json.dumps(status)
    finally:
        for space in (fraud.production, fraud.staging):
            fraud.kube.delete("keda.sh/v1alpha1", "ScaledObject", NAME, space)


def test_flags_in_a_config_map_that_is_mounted_are_compared(fraud: World) -> None:
    volumes = [{"name": "config", "configMap": {"name": "data-server"}}]
    container = {
        "command": ["vllm", "serve", "a", "--config=/etc/vllm/config.yaml"],
        "args": None,
        "volumeMounts": [{"name": "config", "mountPath": "/etc/vllm"}],
    }
    template = in_container(**container)
    for space, most in ((fraud.production, 256), (fraud.staging, 128)):
        fraud.kube.apply(config_map("data-server", space, {"config.yaml": f"max-num-seqs: {most}"}))
        patched(fraud, space, template={"spec": {**template["spec"], "volumes": volumes}})
    found = {"app.vllm.max-num-seqs": ("256", "128")}
    fraud.until(lambda status: differing(status) == found, within=60)

    data = {"config.yaml": "max_num_seqs: 256"}
    fraud.kube.patch("v1", "ConfigMap", "data-server", fraud.staging, {"data": data})

    fraud.until_sync("InSync")


def test_a_canary_is_no_answer_and_is_named(fraud: World) -> None:
    install(fraud.kube, ROLLOUT)
    spaces = (fraud.production, fraud.staging)
    steps: list[Object] = [{"setWeight": 50}, {"pause": {}}]
    image = "registry.example/server:{}"
    entry = {"name": "serving", "serving": {"production": {"kind": "Rollout", "name": "ranker"}}}
    with ArgoRollouts(fraud.kube, spaces):
        fraud.kube.apply(*(rollout("ranker", space, image.format(1)) for space in spaces))
        fraud.mirror("ranker", track=[entry])
        fraud.until_sync("InSync", "ranker")
        fraud.kube.apply(rollout("ranker", fraud.staging, image.format(2), steps=steps))

        status = fraud.until_sync("Unknown", "ranker")

        assert component(status)["reason"] in ("RollingOut", "NeedsPromotion")
        status = fraud.until(
            lambda status: component(status)["reason"] == "NeedsPromotion", "ranker"
        )
        assert "promotes it" in component(status)["message"]
