"""Several mirrors of one staging environment that lets only so many refreshes run at once."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.operators.operator import World
from support.sandbox.image_refreshes import NEW, OLD, image_of

pytestmark = pytest.mark.integration

Object = dict[str, Any]
NAMES = ("first", "second", "third")
DEADLINE = 3
"""Seconds."""
REFRESH = {"schedule": "0 6 1 1 *", "settle": "0s", "startingDeadline": f"{DEADLINE}s"}


@dataclass(frozen=True, slots=True)
class Queueing:
    """Three mirrors with a Deployment each, of which two may be refreshed at once."""

    world: World

    def begin(self) -> None:
        world = self.world
        world.environment("staging", world.staging, maxConcurrentRefreshes=2)
        for name in NAMES:
            ours = deployment(name, world.staging, OLD)
            world.kube.apply(deployment(name, world.production, NEW), ours, manager="owner")
            place = {"kind": "Deployment", "name": name, "container": "app"}
            track = [{"name": name, "pipelineImage": {"production": place}}]
            world.mirror(name, track=track, refresh=REFRESH)
        for name in NAMES:
            world.until_sync("Drifted", name, within=30)

    def ask(self, name: str) -> None:
        self.world.change(
            {"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "1"}}}, name
        )

    def until_refreshing(self, name: str) -> None:
        self.world.until(lambda status: status.get("activity") == "Refreshing", name, within=20)

    def image(self, name: str) -> str:
        return image_of(self.world.kube.get("apps/v1", "Deployment", name, self.world.staging))


@pytest.fixture
def queueing(control_plane: ControlPlane) -> Iterator[Queueing]:
    """Staging's node stops once everything runs: rollouts there stand still until it is back."""
    with (
        World(control_plane) as world,
        Kubelet(world.kube, (world.production,)),
        world.operator() as operator,
    ):
        operator.until_leading()
        made = Queueing(world)
        with Kubelet(world.kube, (world.staging,)):
            made.begin()
        yield made


def test_the_third_waits_says_so_and_goes_on_when_a_place_is_free(queueing: Queueing) -> None:
    world = queueing.world
    for name in NAMES[:2]:
        queueing.ask(name)
        queueing.until_refreshing(name)

    queueing.ask("third")
    said = f"waits for a slot: 2 of 2 refreshes run in {world.environments['staging']}"
    world.until(lambda status: status.get("waiting") == said, "third")
    time.sleep(DEADLINE + 2)  # queueing is not missing
    status = world.status("third")
    assert (status["waiting"], status["activity"], status["sync"]) == (said, "Idle", "Drifted")
    assert "refreshes" not in status
    assert queueing.image("third") == OLD

    with Kubelet(world.kube, (world.staging,)):
        ends = [world.until(lambda status: status.get("refreshes"), name) for name in NAMES]
    first, second, third = (status["refreshes"][0] for status in ends)
    assert [each["result"] for each in (first, second, third)] == ["Succeeded"] * 3
    assert third["started"] >= min(first["finished"], second["finished"])
    assert "waiting" not in world.status("third")
    assert [queueing.image(name) for name in NAMES] == [NEW] * 3


def test_the_place_of_a_mirror_that_is_deleted_is_taken_by_who_waited_first(
    queueing: Queueing,
) -> None:
    world = queueing.world
    world.environment("staging", world.staging, maxConcurrentRefreshes=1)
    queueing.ask("first")
    queueing.until_refreshing("first")
    for name in NAMES[:0:-1]:  # the third asks before the second
        queueing.ask(name)
        world.until(lambda status: "1 of 1" in status.get("waiting", ""), name)

    world.kube.delete(API_VERSION, "StagingMirror", "first", world.staging)

    queueing.until_refreshing("third")
    until(lambda: queueing.image("third") == NEW, within=10, what="the third is not refreshed")
    assert "waits for a slot" in world.status("second")["waiting"]
    assert [queueing.image(name) for name in NAMES] == [OLD, OLD, NEW]
