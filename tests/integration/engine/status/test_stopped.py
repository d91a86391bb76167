"""A refresh that is stopped from outside, or must not start: staging stays, and why is told."""

from collections.abc import Iterator

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.rights import READ, READING, bind
from support.kubernetes.workloads import config_map, deployment
from support.operators.operator import OperatorProcess, World, condition
from support.operators.rigs import make_namespace
from support.resources import resources
from support.sandbox.refreshing import (
    DATA,
    NEW,
    OLD,
    REFRESH,
    Object,
    ask,
    differ,
    ended,
    setting_of,
)

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("told-stopped")]

KEY = {"name": DATA, "key": "snapshot"}
IMAGE = {"kind": "Deployment", "name": "features", "container": "app"}


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with World(control_plane) as world:
        differ(world)
        with Kubelet(world.kube, (world.production, world.staging)):
            yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def mirrored(world: World, operator: OperatorProcess) -> Iterator[World]:
    """A world without a mirror, before and afterwards."""
    yield world
    for body in world.kube.list(API_VERSION, "StagingMirror", world.staging):
        world.kube.delete(API_VERSION, "StagingMirror", body["metadata"]["name"], world.staging)


def test_a_mirror_that_is_deleted_in_mid_refresh_leaves_staging_as_it_was(
    mirrored: World, operator: OperatorProcess
) -> None:
    in_mid_refresh(mirrored)
    status = mirrored.status()

    mirrored.kube.delete(API_VERSION, "StagingMirror", "fraud", mirrored.staging)

    assert status["sync"] != "InSync"
    until(lambda: image_of(mirrored) == OLD, within=30, what="nothing was rolled back")
    until(lambda: not records(mirrored), within=30, what="the record is still there")
    body = mirrored.kube.get("apps/v1", "Deployment", "features", mirrored.staging)
    assert "stagingmirror" not in {each["manager"] for each in body["metadata"]["managedFields"]}


def test_a_deleted_mirror_that_waits_for_its_finalizer_leaves_staging_as_it_was(
    mirrored: World, operator: OperatorProcess
) -> None:
    in_mid_refresh(mirrored)
    mirrored.change({"metadata": {"finalizers": ["example.com/waits"]}})

    mirrored.kube.delete(API_VERSION, "StagingMirror", "fraud", mirrored.staging)
    try:
        until(lambda: image_of(mirrored) == OLD, within=30, what="nothing was rolled back")
        until(lambda: not records(mirrored), within=30, what="the record is still there")
        assert mirrored.read()["metadata"].get("deletionTimestamp")
    finally:
        mirrored.change({"metadata": {"finalizers": []}})
    until(lambda: "has ended" in operator.log, within=30, what="its end is not in the log")


def test_a_mirror_that_is_made_anew_in_mid_refresh_begins_with_what_was_there_before(
    mirrored: World, operator: OperatorProcess
) -> None:
    former = in_mid_refresh(mirrored)
    track = [{"name": "image", "pipelineImage": {"production": IMAGE}}]

    mirrored.kube.delete(API_VERSION, "StagingMirror", "fraud", mirrored.staging)
    mirrored.mirror(track=track, refresh=REFRESH)
    until(lambda: image_of(mirrored) == OLD, within=30, what="nothing was rolled back")
    until(
        lambda: f"refresh-{former}" not in records(mirrored),
        within=30,
        what="the former mirror's record is still there",
    )
    mirrored.until_sync("Drifted")
    ask(mirrored, "anew")

    refresh = ended(mirrored, "anew")
    assert refresh["result"] == "Succeeded", refresh
    assert image_of(mirrored) == NEW
    mirrored.until_sync("InSync")
    mirrored.kube.apply(deployment("features", mirrored.staging, OLD), manager="owner")


def test_what_another_mirrors_refresh_has_half_written_is_not_in_sync(
    mirrored: World, operator: OperatorProcess
) -> None:
    data = {"name": "data", "setting": {"production": {"configMap": KEY}}}
    in_mid_refresh(mirrored, data)

    mirrored.mirror("watcher", track=[data])
    status = mirrored.until(lambda status: status.get("seen") == "1/1", "watcher")

    assert setting_of(mirrored) == {"snapshot": f"{mirrored.production}/2026-11-20"}
    assert (status["components"][0]["verdict"], status["sync"]) == ("InSync", "Unknown")
    assert condition(status, "InSync")["status"] == "False"
    assert "may be half refreshed" in status["summary"]
    mirrored.kube.delete(API_VERSION, "StagingMirror", "fraud", mirrored.staging)
    mirrored.until_sync("Drifted", "watcher")


def test_an_environment_that_is_revoked_in_mid_refresh_is_left_as_it_was(
    mirrored: World, operator: OperatorProcess
) -> None:
    in_mid_refresh(mirrored)

    mirrored.environment("production", mirrored.production, usableFrom=["nobody"])
    try:
        refresh = ended(mirrored)
        stalled = mirrored.until(lambda status: condition(status, "Stalled"))
    finally:
        mirrored.environment("production", mirrored.production)

    assert refresh["result"] == "RolledBack"
    assert f"does not list namespace {mirrored.staging} in usableFrom" in refresh["message"]
    assert condition(stalled, "Stalled")["reason"] == "EnvironmentNotUsable"
    assert image_of(mirrored) == OLD


def test_a_hold_that_finds_a_refresh_verifying_is_effective_only_once_that_has_ended(
    mirrored: World, operator: OperatorProcess
) -> None:
    place = {"kind": "Deployment", "name": "features", "container": "app"}
    quick = REFRESH | {"rolloutTimeout": "5s"}
    image = {"production": place, "staging": {"repository": "registry.example/stays-pending"}}
    mirrored.mirror(track=[{"name": "image", "pipelineImage": image}], refresh=quick)
    mirrored.until_sync("Drifted")
    ask(mirrored, "now")
    until(lambda: image_of(mirrored) != OLD, within=30, what="nothing was switched")

    def is_effective() -> bool:
        hold = mirrored.kube.get(API_VERSION, "MirrorHold", "in-between", mirrored.staging)
        return bool((hold.get("status") or {}).get("effectiveSince"))

    mirrored.kube.create(resources.hold("in-between", mirrored.staging))
    try:
        until(is_effective, within=60, what="it has no effect")
        image_then = image_of(mirrored)
        refresh = ended(mirrored)
    finally:
        mirrored.kube.delete(API_VERSION, "MirrorHold", "in-between", mirrored.staging)

    assert image_then == OLD
    assert refresh["result"] == "RolledBack"


def test_a_mirror_that_is_suspended_or_frozen_says_so_and_who_asks_is_told_why(
    mirrored: World, operator: OperatorProcess
) -> None:
    mirrored.mirror(refresh=REFRESH | {"suspend": True})
    mirrored.until(lambda status: status.get("activity") == "Suspended")
    ask(mirrored, "suspended")
    suspended = ended(mirrored, "suspended")

    mirrored.change({"spec": {"refresh": {"suspend": False}}})
    mirrored.kube.create(resources.hold("ci", mirrored.staging))
    mirrored.until(lambda status: status.get("activity") == "Frozen")
    ask(mirrored, "held")
    held = ended(mirrored, "held")
    mirrored.kube.delete(API_VERSION, "MirrorHold", "ci", mirrored.staging)

    assert (suspended["result"], suspended["reason"]) == ("Skipped", "Suspended")
    assert "set spec.refresh.suspend to false" in suspended["message"]
    assert (held["result"], held["reason"]) == ("Skipped", "Held")
    assert "ci holds staging: candidate 14" in held["message"]
    assert mirrored.status()["sync"] == "Drifted"


def in_mid_refresh(world: World, *others: Object) -> str:
    """A mirror whose refresh has switched an image that never comes up; its uid."""
    image = {"production": IMAGE, "staging": {"repository": "registry.example/stays-pending"}}
    track = [{"name": "image", "pipelineImage": image}, *others]
    made = world.mirror(track=track, refresh=REFRESH)
    # All of it: what is not known yet would be left out of the refresh.
    everywhere = ["Drifted"] * len(track)
    world.until(lambda status: [c["verdict"] for c in status.get("components", ())] == everywhere)
    ask(world, "now")
    until(lambda: image_of(world) != OLD, within=30, what="nothing was switched")
    return str(made["metadata"]["uid"])


def image_of(world: World) -> str:
    body = world.kube.get("apps/v1", "Deployment", "features", world.staging)
    return str(body["spec"]["template"]["spec"]["containers"][0]["image"])


def records(world: World) -> list[str]:
    found = world.kube.list("v1", "ConfigMap", world.namespace)
    names = [each["metadata"]["name"] for each in found]
    return [name for name in names if name.startswith("refresh-")]


def test_a_production_namespace_that_ends_is_never_followed(
    mirrored: World, operator: OperatorProcess
) -> None:
    ending = make_namespace(mirrored.kube, "ending")
    reading = [{**rule, "verbs": READ} for rule in READING]
    bind(mirrored.kube, mirrored.namespace, ending, reading)
    mirrored.kube.create(config_map(DATA, ending, {"snapshot": "theirs"}))
    spaces = [mirrored.production, ending]
    mirrored.environment("production", mirrored.production, namespaces=spaces)
    place = {"configMap": {"name": DATA, "key": "snapshot", "namespace": ending}}
    before = setting_of(mirrored)
    track = [{"name": DATA, "setting": {"production": place}}, resources.pipeline_image()]
    mirrored.mirror(track=track, refresh=REFRESH)
    mirrored.until_sync("Drifted")

    mirrored.kube.delete("v1", "Namespace", ending)
    status = mirrored.until(lambda status: reason_of(status, DATA) == "NothingToMirror")
    ask(mirrored, "now")
    refresh = ended(mirrored, "now")

    (component,) = (each for each in status["components"] if each["name"] == DATA)
    assert f"production does not have ConfigMap {ending}/{DATA}" in component["message"]
    assert refresh["result"] == "Succeeded"
    assert f"production does not have ConfigMap {ending}/{DATA}" in refresh["message"]
    assert setting_of(mirrored) == before
    mirrored.environment("production", mirrored.production)


def reason_of(status: Object, name: str) -> str | None:
    found = (each for each in status.get("components") or () if each["name"] == name)
    return next((each.get("reason") for each in found), None)
