"""The operator as a process on a real API server: verdicts follow the truth, and nothing else."""

import time
from collections.abc import Iterator

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import config_map, deployment
from support.operators.operator import OperatorProcess, World, condition
from support.resources import resources

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-verdicts")]

DATA = "training-data"
BOTH = [resources.pipeline_image(), resources.setting()]


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    """A production and a staging that are alike, with a node that runs their pods."""
    with World(control_plane) as world:
        spaces = (world.production, world.staging)
        for space in spaces:
            world.kube.create(deployment("features", space, "registry.example/features:1"))
            world.kube.create(config_map(DATA, space, {"snapshot": "2026-11-20"}))
        with Kubelet(world.kube, spaces):
            yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def fraud(world: World, operator: OperatorProcess) -> Iterator[World]:
    """A mirror that is in sync, and is deleted afterwards; both sides are alike again."""
    snapshot(world, world.production, "2026-11-20")
    snapshot(world, world.staging, "2026-11-20")
    world.mirror(track=BOTH)
    world.until_sync("InSync")
    yield world
    world.kube.delete(API_VERSION, "StagingMirror", "fraud", world.staging)


def snapshot(world: World, space: str, value: str) -> None:
    world.kube.patch("v1", "ConfigMap", DATA, space, {"data": {"snapshot": value}})


def test_a_change_on_either_side_is_told_long_before_the_interval_is_over(fraud: World) -> None:
    fraud.change({"spec": {"checkInterval": "50s"}})
    fraud.until_sync("InSync")
    for space in (fraud.production, fraud.staging):
        snapshot(fraud, space, f"2026-11-22 in {space}")
        status = fraud.until_sync("Drifted", within=20)
        assert status["summary"] == "1 of 2 drifted: training-data"
        snapshot(fraud, space, "2026-11-20")
        fraud.until_sync("InSync", within=20)


def test_a_rollout_in_production_is_unknown_while_it_goes_on_and_then_drift(fraud: World) -> None:
    image = {"image": "registry.example/features:2", "name": "app"}
    patch = {"spec": {"template": {"spec": {"containers": [image]}}}}
    fraud.kube.patch("apps/v1", "Deployment", "features", fraud.production, patch, how="strategic")

    status = fraud.until_sync("Drifted")

    assert status["summary"] == "1 of 2 drifted: feature-pipeline"
    fraud.kube.patch("apps/v1", "Deployment", "features", fraud.staging, patch, how="strategic")
    fraud.until_sync("InSync")


def test_scaling_changes_no_verdict(fraud: World) -> None:
    before = fraud.status()["inSyncSince"]
    for replicas in (3, 1, 4, 2, 1):
        for space in (fraud.production, fraud.staging):
            patch = {"spec": {"replicas": replicas}}
            fraud.kube.patch("apps/v1", "Deployment", "features", space, patch)
        until(lambda: scaled(fraud, replicas), within=30, what="not scaled")  # noqa: B023
    fraud.until_settled()

    assert fraud.status()["sync"] == "InSync"
    assert fraud.status()["inSyncSince"] == before


def scaled(world: World, replicas: int) -> bool:
    bodies = (
        world.kube.get("apps/v1", "Deployment", "features", space)
        for space in (world.production, world.staging)
    )
    return all(
        body["status"]["observedGeneration"] >= body["metadata"]["generation"]
        and body["status"].get("readyReplicas") == replicas
        for body in bodies
    )


def test_what_is_missing_in_production_is_never_equal(fraud: World) -> None:
    fraud.kube.delete("v1", "ConfigMap", DATA, fraud.production)
    fraud.kube.delete("v1", "ConfigMap", DATA, fraud.staging)
    try:
        status = fraud.until_sync("Unknown")
        assert condition(status, "InSync")["status"] == "Unknown"
        assert [each["reason"] for each in status["components"] if each["name"] == DATA] == [
            "NothingToMirror"
        ]
    finally:
        for space in (fraud.production, fraud.staging):
            fraud.kube.create(config_map(DATA, space, {"snapshot": "2026-11-20"}))
    fraud.until_sync("InSync")


def test_conditions_carry_the_generation_that_they_are_about(fraud: World) -> None:
    body = fraud.change({"spec": {"maxDriftAge": "12h"}})

    generation = body["metadata"]["generation"]
    status = fraud.until(lambda status: status["observedGeneration"] == generation)

    assert {each["observedGeneration"] for each in status["conditions"]} == {generation}


def test_nothing_is_written_while_nothing_changes_but_heartbeats(fraud: World) -> None:
    fraud.change({"spec": {"checkInterval": "5s"}})
    fraud.until_sync("InSync")
    time.sleep(1)
    before = fraud.read()
    valid_until = {before["status"]["validUntil"]}
    versions = {before["metadata"]["resourceVersion"]}

    deadline = time.monotonic() + 16
    while time.monotonic() < deadline:
        now = fraud.read()
        versions.add(now["metadata"]["resourceVersion"])
        valid_until.add(now["status"]["validUntil"])
        time.sleep(0.2)

    assert len(versions) == len(valid_until)
    assert len(versions) <= 5
    after = fraud.read()["status"]
    assert {**after, "validUntil": "", "components": ""} == {
        **before["status"],
        "validUntil": "",
        "components": "",
    }


def test_a_status_that_somebody_overwrote_is_put_right(fraud: World) -> None:
    lie = {"status": {"sync": "Drifted", "summary": "a lie"}}
    fraud.kube.patch(
        API_VERSION, "StagingMirror", "fraud", fraud.staging, lie, subresource="status"
    )

    status = fraud.until_sync("InSync", within=20)

    assert status["summary"] == "2 of 2 in sync"


def test_a_deleted_mirror_leaves_nothing_in_the_metrics(
    fraud: World, operator: OperatorProcess
) -> None:
    fraud.mirror("gone", track=BOTH)
    fraud.until_sync("InSync", "gone")
    assert '"gone"' in operator.get("/metrics")[1]

    fraud.kube.delete(API_VERSION, "StagingMirror", "gone", fraud.staging)

    deadline = time.monotonic() + 30
    while '"gone"' in operator.get("/metrics")[1] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert '"gone"' not in operator.get("/metrics")[1]


def test_spec_and_metadata_of_a_mirror_are_never_written(fraud: World) -> None:
    managers = fraud.read()["metadata"]["managedFields"]

    ours = [each for each in managers if each["manager"] == "stagingmirror"]

    assert ours
    assert all(each.get("subresource") == "status" for each in ours)
    assert all(set(each["fieldsV1"]) == {"f:status"} for each in ours)


def test_environments_tell_that_they_are_readable_and_production_only_that(fraud: World) -> None:
    name = fraud.environments["production"]
    status = fraud.kube.get(API_VERSION, "MirrorEnvironment", name)["status"]

    assert condition(status, "Ready")["status"] == "True"
    assert condition(status, "KubernetesReadOnly")["status"] == "True"


def test_the_process_is_ready_and_alive(fraud: World, operator: OperatorProcess) -> None:
    assert operator.get("/readyz")[0] == 200
    assert operator.get("/livez")[0] == 200
