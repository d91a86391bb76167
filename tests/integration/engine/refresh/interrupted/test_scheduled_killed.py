"""The operator is killed between the record of a scheduled refresh and the status that tells of it.

No tick starts a second refresh, whether the first one succeeds or is rolled back.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.programs import RigError
from rig.run import until
from stagingmirror.api.types.times import posix, rfc3339
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.operators.interrupted import InterruptedOperators, interrupted_operators
from support.operators.operator import World
from support.sandbox.image_refreshes import NEW, OLD, image_of
from support.sandbox.schedules import DAY, coming_minute, daily_at

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("refresh-scheduled-killed")]

Object = dict[str, Any]

RESULTS = {"good": "Succeeded", "bad": "RolledBack"}
"""Mirrors of a Deployment of their name, and how their refresh ends."""


@pytest.fixture
def mortal(control_plane: ControlPlane, tmp_path: Path) -> Iterator[InterruptedOperators]:
    with (
        World(control_plane) as world,
        Kubelet(world.kube, (world.production, world.staging)),
        interrupted_operators(world, tmp_path, counts=begins_a_refresh) as mortal,
    ):
        yield mortal
        sys.stderr.write(mortal.log_tail())


def begins_a_refresh(method: str, path: str, body: bytes) -> bool:
    return method == "POST" and b"stagingmirror.dev/record" in body


def begin(world: World) -> None:
    """Mirrors whose next tick is far away."""
    refresh = {"schedule": daily_at(time.time() + DAY / 2), "settle": "1s"}
    for name in RESULTS:
        for space, image in ((world.production, NEW), (world.staging, OLD)):
            world.kube.create(deployment(name, space, image))
        production = {"kind": "Deployment", "name": name, "container": "app"}
        staging = {"repository": "registry.example/never-ready"} if name == "bad" else {}
        entry = {"name": name, "pipelineImage": {"production": production, "staging": staging}}
        world.mirror(name, track=[entry], refresh=refresh)


def an_announced_tick(world: World) -> float:
    """Of both mirrors; a schedule counts from when the operator sees it."""
    while True:
        tick = coming_minute(ahead=10)
        for name in RESULTS:
            world.change({"spec": {"refresh": {"schedule": daily_at(tick)}}}, name)

        announced = partial(all_announce, world, tick)
        with suppress(RigError):
            until(announced, within=tick - time.time(), what="the tick came before")
            return tick


def all_announce(world: World, tick: float) -> bool:
    return all(world.status(name).get("nextRefreshTime") == rfc3339(tick) for name in RESULTS)


def both_ended(world: World) -> bool:
    return all(world.status(name).get("refreshes") for name in RESULTS)


def test_a_tick_whose_record_was_begun_by_a_dead_operator_starts_no_second_refresh(
    mortal: InterruptedOperators,
) -> None:
    world = mortal.world
    mortal.start(writes=1)
    begin(world)
    for name in RESULTS:
        world.until_sync("Drifted", name)
    tick = an_announced_tick(world)

    for _ in RESULTS:
        until(
            lambda: mortal.proxy.killed.is_set() or both_ended(world),
            within=120,
            what="neither an end nor a record",
        )
        mortal.start(writes=1)
    for name in RESULTS:
        world.until(lambda status: status.get("refreshes"), name, within=90)
    world.until_settled(within=60)

    assert len(mortal.proxy.writes) == len(RESULTS), mortal.proxy.writes
    for name, result in RESULTS.items():
        status = world.until(lambda status: status["activity"] == "Idle", name)
        told = [(each["trigger"], each["result"]) for each in status["refreshes"]]
        assert told == [("Schedule", result)], status["refreshes"]
        assert posix(status["refreshes"][0]["started"]) >= tick
        assert status["lastScheduleTime"] == rfc3339(tick)
        assert status["nextRefreshTime"] == rfc3339(tick + DAY)
    live = {name: world.kube.get("apps/v1", "Deployment", name, world.staging) for name in RESULTS}
    assert image_of(live["good"]) == NEW
    assert image_of(live["bad"]) == OLD
    assert [live[name]["metadata"]["generation"] for name in RESULTS] == [2, 3]
