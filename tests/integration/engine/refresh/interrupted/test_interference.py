"""Others write while the operator refreshes, and afterwards: their field manager is named, and the
refresh that runs follows its record.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.operators.interrupted import meddled_with
from support.operators.killing_client import Killed, KillSwitch
from support.operators.operator import World, condition
from support.sandbox.image_refreshes import (
    NEW,
    OLD,
    image_of,
    live,
    states,
    until_all_drifted,
    watched,
)
from support.sandbox.refreshing import REFRESH, ask, ended
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("refresh-interference")]

Object = dict[str, Any]

THEIRS = "registry.example/features:theirs"


@pytest.fixture
def world(control_plane: ControlPlane) -> Iterator[World]:
    """Production runs; staging's node is the test's."""
    with World(control_plane) as world, Kubelet(world.kube, (world.production,)):
        yield world


@pytest.fixture
async def sandbox(control_plane: Any) -> AsyncIterator[Sandbox]:
    async with a_sandbox(control_plane) as sandbox:
        with Kubelet(sandbox.kube, (sandbox.production, sandbox.staging)):
            yield sandbox


@contextmanager
def node(world: World) -> Iterator[None]:
    """Staging's node; without it every rollout stands still."""
    with Kubelet(world.kube, (world.staging,)):
        yield


def begin(world: World, *names: str) -> None:
    """A mirror of these Deployments, which differ."""
    for name in names:
        for space, image in ((world.production, NEW), (world.staging, OLD)):
            world.kube.apply(deployment(name, space, image), manager="owner")
    world.mirror(track=[entry(name) for name in names], refresh=REFRESH)
    until_all_drifted(world)


def entry(name: str) -> Object:
    place = {"kind": "Deployment", "name": name, "container": "app"}
    return {"name": name, "pipelineImage": {"production": place}}


def set_back(world: World) -> bool:
    """What another manager does that wants the old image; whether there was anything to do."""
    is_ours = image_of(live(world)) == NEW
    if is_ours:
        world.kube.apply(deployment("features", world.staging, OLD), manager="argocd")
    return is_ours


def events(world: World, reason: str) -> list[str]:
    found = world.kube.list("events.k8s.io/v1", "Event", world.staging)
    return [each["note"] for each in found if each["reason"] == reason]


def takes_the_second_step(method: str, path: str, body: bytes) -> bool:
    """The record that says so: written before the step is."""
    if method != "PUT" or b"stagingmirror.dev/record" not in body:
        return False
    record = json.loads(json.loads(body)["data"]["record.json"])
    return [each["state"] for each in record["entries"]] == ["Taken", "Started"]


def test_a_field_that_is_set_back_twice_in_mid_refresh_is_put_back_and_left(world: World) -> None:
    with world.operator() as operator:
        operator.until_leading()
        with node(world):
            begin(world, "features")
        ask(world, "now")

        world.until(lambda status: not set_back(world) and status.get("refreshes"), within=90)

        refresh = ended(world)
        assert (refresh["result"], refresh["reason"]) == ("RolledBack", "Contended")
        assert "argocd changed the image of app of Deployment features, twice" in refresh["message"]
        status = world.until(lambda status: condition(status, "Contended"))
        assert condition(status, "Contended")["status"] == "True"
        assert "argocd" in condition(status, "Contended")["message"]
        world.until(lambda _: events(world, "Contended"))
        generation = live(world)["metadata"]["generation"]
        world.until_settled()
        assert image_of(live(world)) == OLD
        assert live(world)["metadata"]["generation"] == generation


def test_a_field_that_is_set_back_after_the_refresh_is_told_until_it_is_left_alone(
    world: World,
) -> None:
    with world.operator() as operator, node(world):
        operator.until_leading()
        begin(world, "features")
        ask(world, "now")
        assert ended(world)["result"] == "Succeeded"
        world.until_sync("InSync")

        world.kube.apply(deployment("features", world.staging, OLD), manager="argocd")

        status = world.until(lambda status: condition(status, "Contended"))
        assert (
            "argocd changed the image of app of Deployment features after the refresh"
            in (condition(status, "Contended")["message"])
        )
        world.until_sync("Drifted")
        world.until_settled()
        assert image_of(live(world)) == OLD
        world.kube.apply(deployment("features", world.staging, NEW), manager="argocd")
        world.until(lambda status: not condition(status, "Contended"))
        world.until_sync("InSync")


def test_a_field_that_somebody_writes_before_us_is_not_overwritten(
    world: World, tmp_path: Path
) -> None:
    def change() -> None:
        container = {"name": "app", "image": THEIRS}
        patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
        world.kube.patch(
            "apps/v1", "Deployment", "two", world.staging, patch, how="strategic", manager="rival"
        )

    with (
        node(world),
        meddled_with(world, tmp_path, after=takes_the_second_step, meddle=change),
    ):
        begin(world, "one", "two")
        ask(world, "now")
        refresh = ended(world)

        assert refresh["reason"] == "ChangedUnderneath"
        assert refresh["result"] in ("RolledBack", "RollbackIncomplete")
        assert "rival" in refresh["message"]
        assert [image_of(live(world, name)) for name in ("one", "two")] == [OLD, THEIRS]
        world.until_sync("Drifted")


def test_a_refresh_runs_to_its_end_as_recorded_though_its_spec_is_edited(
    world: World, tmp_path: Path
) -> None:
    def edit() -> None:
        world.change({"spec": {"track": [entry("one")], "refresh": {"settle": "1h"}}})

    with node(world), meddled_with(world, tmp_path, after=takes_the_second_step, meddle=edit):
        begin(world, "one", "two")
        ask(world, "now")
        refresh = ended(world)

        assert (refresh["result"], refresh["components"]) == ("Succeeded", ["one", "two"])
        assert [image_of(live(world, name)) for name in ("one", "two")] == [NEW, NEW]
        status = world.until_sync("InSync")
        assert world.read()["metadata"]["generation"] == 2
        assert [each["name"] for each in status["components"]] == ["one"]


async def test_a_field_that_another_manager_changed_while_no_operator_ran_stops_the_refresh(
    sandbox: Sandbox,
) -> None:
    await watched(sandbox, NEW, OLD, "one", "two")
    sandbox.ask("now")
    await sandbox.until(lambda p: states(p) == ["Taken", "Pending"])
    container = {"name": "app", "image": THEIRS}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}

    # Between preflight and write: the record has the former image, another manager writes first.
    await _survey_only(sandbox, "two")
    sandbox.kube.patch(
        "apps/v1", "Deployment", "two", sandbox.staging, patch, how="strategic", manager="rival"
    )
    ended = await sandbox.run()

    assert (ended["result"], ended["reason"]) == ("RollbackIncomplete", "ChangedUnderneath"), ended
    assert "rival" in ended["message"]
    assert [image_of(live(sandbox, name)) for name in ("one", "two")] == [OLD, THEIRS]


async def _survey_only(sandbox: Sandbox, name: str) -> None:
    """Preflight and record the next step; the process dies before its write."""
    sandbox.operator(KillSwitch(2))  # the stamp, then the record of the step
    with pytest.raises(Killed):
        await sandbox.step()
    sandbox.operator()
