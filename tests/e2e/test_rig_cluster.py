"""The rig's whole cluster: pods are real, and what it made is gone when it is."""

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rig import sweep
from rig.cluster.cluster import Cluster
from rig.kube import Object
from rig.models import log_files
from rig.run import until
from support.operators.drivers import started_by_another_process

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("cluster")]

_DRIVER = """
import sys, time
from rig.cluster.cluster import Cluster
with Cluster("orphan") as cluster:
    image = cluster.images.build("features")
    cluster.kubectl("create", "deployment", "features", f"--image={image}")
    cluster.kubectl("rollout", "status", "deployment/features", "--timeout=60s")
    print(cluster.run_of.folder, flush=True)
    time.sleep(600)
"""


def deployment(name: str, image: str, namespace: str, **environment: str) -> Object:
    """A Deployment of one pod that is ready when /healthz says so."""
    container = {
        "name": "app",
        "image": image,
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1},
    }
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
            },
        },
    }


def rolled_out(cluster: Cluster, name: str, namespace: str) -> None:
    cluster.kubectl(
        "rollout", "status", f"deployment/{name}", "--timeout=60s", f"--namespace={namespace}"
    )


def pods(cluster: Cluster, name: str, namespace: str) -> list[Object]:
    return cluster.kube.list("v1", "Pod", namespace, labels=f"app={name}")


def statuses(cluster: Cluster, name: str, namespace: str) -> Iterator[Object]:
    for pod in pods(cluster, name, namespace):
        yield from pod["status"].get("containerStatuses", [])


def ask(port: int, path: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def test_a_deployment_becomes_ready_and_reports_its_digest(
    cluster: Cluster, cluster_namespace: str
) -> None:
    image = cluster.images.build("features", logic="ratio")

    cluster.kube.apply(deployment("features", image, cluster_namespace))
    rolled_out(cluster, "features", cluster_namespace)

    [status] = statuses(cluster, "features", cluster_namespace)
    assert status["ready"]
    assert status["imageID"] == image


def test_another_logic_is_another_digest_and_another_answer(
    cluster: Cluster, cluster_namespace: str
) -> None:
    plain = cluster.images.build("features", logic="ratio")
    guarded = cluster.images.build("features", logic="ratio-guarded")
    assert plain != guarded
    assert plain == cluster.images.build("features", logic="ratio")

    answers = []
    for image in (plain, guarded):
        cluster.kube.apply(deployment("features", image, cluster_namespace))
        rolled_out(cluster, "features", cluster_namespace)
        [pod] = [
            pod
            for pod in pods(cluster, "features", cluster_namespace)
            if pod["spec"]["containers"][0]["image"] == image
        ]
        port = cluster.forward(pod["status"]["podIP"], 8080)
        answers.append(ask(port, "/features?amount=3&income=0.5")["features"]["amount_to_income"])

    assert answers == [6.0, 3.0]


def test_a_pod_reaches_mlflow_by_the_name_of_its_service(
    cluster: Cluster, cluster_namespace: str
) -> None:
    server = cluster.mlflow(cluster_namespace)
    server.await_ready()
    logged = log_files(server, "fraud", alias="champion")
    image = cluster.images.build("model-server")
    wanted = deployment(
        "server",
        image,
        cluster_namespace,
        MLFLOW_URL=f"http://mlflow.{cluster_namespace}.svc:5000",
        MODEL="fraud",
        ALIAS="champion",
    )

    cluster.kube.apply(wanted)
    rolled_out(cluster, "server", cluster_namespace)

    [pod] = pods(cluster, "server", cluster_namespace)
    told = ask(cluster.forward(pod["status"]["podIP"], 8080), "/version")
    assert told["version"] == logged.version
    assert "from alias" in cluster.kubectl("logs", "deploy/server", "-n", cluster_namespace)
    server.close()


@pytest.mark.parametrize(
    ("name", "reason"), [("never-ready", "running"), ("crashes", "terminated or waiting")]
)
def test_an_image_that_is_no_good_never_gets_ready(
    cluster: Cluster, cluster_namespace: str, name: str, reason: str
) -> None:
    cluster.kube.apply(deployment(name, cluster.images.build(name), cluster_namespace))

    def settled() -> bool:
        return any(
            set(status["state"]) <= set(reason.split()) and not status["ready"]
            for status in statuses(cluster, name, cluster_namespace)
            if "ContainerCreating" not in json.dumps(status["state"])
        )

    until(settled, within=30, what=f"{name} is not {reason}")
    time.sleep(2)
    assert not any(status["ready"] for status in statuses(cluster, name, cluster_namespace))


@pytest.mark.parametrize(("snapshot", "end"), [("2026-11-20", "succeeded"), ("fail", "failed")])
def test_a_loader_ends_as_told(
    cluster: Cluster, cluster_namespace: str, snapshot: str, end: str
) -> None:
    container = {
        "name": "load",
        "image": cluster.images.build("loader"),
        "env": [{"name": "SNAPSHOT", "value": snapshot}],
    }
    pod = {"containers": [container], "restartPolicy": "Never"}
    cluster.kube.create(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "load", "namespace": cluster_namespace},
            "spec": {"backoffLimit": 0, "template": {"spec": pod}},
        }
    )

    def ended() -> bool:
        status = cluster.kube.get("batch/v1", "Job", "load", cluster_namespace)["status"]
        return bool(status.get(end) == 1)

    until(ended, within=30, what=f"the loader has not {end}")


def test_two_clusters_run_side_by_side(cluster: Cluster) -> None:
    with Cluster("second") as second:
        image = second.images.build("features")
        second.kube.apply(deployment("features", image, "default"))
        rolled_out(second, "features", "default")

        assert not pods(cluster, "features", "default")

    assert not second.run_of.folder.exists()
    assert cluster.kubectl("get", "nodes", "-o", "name").strip() == "node/node-1"


@pytest.mark.usefixtures("cluster")
def test_a_killed_driver_leaves_no_process_container_mount_or_cgroup() -> None:
    driver, folder = started_by_another_process(_DRIVER)
    running = sweep.processes(folder)
    assert any("/app" in _command(pid) for pid in running)

    driver.kill()
    driver.wait(timeout=10)

    until(lambda: not folder.exists(), within=30, what="the guard did not sweep")
    assert not sweep.processes(folder)
    assert str(folder) not in Path("/proc/self/mountinfo").read_text()
    assert not list(Path("/sys/fs/cgroup").glob(f"*/{sweep.cgroup_of(folder)}"))
    assert not [pid for pid in running if sweep.runs_as(pid, "/app")]


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []
