"""One real tick of the real operator, and every mirror that waits for it: who starts, who is
skipped and told, and who is left alone.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.times import posix, rfc3339
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import config_map, deployment
from support.operators.operator import World, condition, until_stalled
from support.resources import resources
from support.sandbox.image_refreshes import NEW, OLD, image_of
from support.sandbox.schedules import DAY, coming_minute, daily_at, until_passed

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("refresh-scheduled")]

Object = dict[str, Any]

SETTLE = 8
"""Seconds that the mirror ``settling`` waits for."""
SETTINGS = ("held", "unsettled", "settling", "suspended", "removed", "stalled")
"""Mirrors that track a ConfigMap of their name."""
IMAGES = {"followed": None, "busy": "registry.example/stays-pending"}
"""Mirrors that track a Deployment of their name, and staging's repository."""


@dataclass(frozen=True, slots=True)
class Day:
    """A world in which ``tick`` has just passed."""

    world: World
    tick: float
    changed: float
    """When production of ``settling`` was last changed (POSIX s)."""

    def ended(self, name: str) -> Object:
        """The newest entry of the refreshes of this mirror that the schedule began."""

        def entries(status: Object) -> list[Object]:
            found = status.get("refreshes") or ()
            return [each for each in found if each["trigger"] == "Schedule"]

        return entries(
            self.world.until(entries, name, within=60, what=f"nothing is told of {name}'s tick")
        )[-1]

    def until_left_alone(self, name: str) -> None:
        """Wait until the mirror, as it now is, looks forward to tomorrow's tick; it must not have
        begun or told anything.
        """
        generation = self.world.read(name)["metadata"]["generation"]
        status = self.world.until(
            lambda status: (
                status.get("observedGeneration") == generation and status.get("nextRefreshTime")
            ),
            name,
        )
        assert status["nextRefreshTime"] == rfc3339(self.tick + DAY)
        assert status["activity"] == "Idle"
        assert not {"refresh", "refreshes", "lastScheduleTime"} & set(status)
        assert self.world.kube.get("v1", "ConfigMap", name, self.world.staging)["data"] == {
            "snapshot": "old"
        }

    def events(self, name: str) -> list[tuple[str, str]]:
        found = self.world.kube.list("events.k8s.io/v1", "Event", self.world.staging)
        return [(e["reason"], e["note"]) for e in found if e["regarding"]["name"] == name]


@pytest.fixture(scope="module")
def day(control_plane: ControlPlane) -> Iterator[Day]:
    with (
        World(control_plane) as world,
        Kubelet(world.kube, (world.production, world.staging)),
        world.operator() as operator,
    ):
        for role, space in (("production", world.production), ("staging", world.staging)):
            world.environment(role, space, readable={"configMaps": list(SETTINGS)})
        operator.until_leading()
        with until_the_next_tick(world) as made:
            yield made


@contextmanager
def until_the_next_tick(world: World) -> Iterator[Day]:
    tick = coming_minute(ahead=45)
    until_passed(tick - 60)  # a schedule of every minute has no tick before this one
    begin(world, tick)
    for name in (*SETTINGS, *IMAGES):
        world.until_sync("Drifted", name)
    world.change({"spec": {"refresh": None}}, "removed")
    world.change({"spec": {"refresh": {"schedule": "0 6 * * 1-5 *"}}}, "stalled")
    until_stalled(world, "InvalidSchedule", "stalled")
    world.until(lambda status: "nextRefreshTime" not in status, "removed")
    assert time.time() < tick - 6, "the machine is too slow for this tick"
    until_passed(tick - 5)
    ask_of(world, "busy")
    set_setting(world, "settling", "newer")
    changed = time.time()
    until_passed(tick)
    yield Day(world, tick, changed)


def begin(world: World, tick: float) -> None:
    """Every mirror with what it tracks."""
    refresh = {"schedule": daily_at(tick), "settle": "1s"}
    quiet = {"checkInterval": "2h", "staleAfter": "5h"}
    special: dict[str, Object] = {
        "followed": {"schedule": "* * * * *", "settle": "2s"},
        "busy": {"startingDeadline": "6s", "rolloutTimeout": "15s"},
        "unsettled": {"settle": "10m", "startingDeadline": "4s"},
        "settling": {"settle": f"{SETTLE}s"},
        "suspended": {"suspend": True},
    }
    for name in SETTINGS:
        for space, value in ((world.production, "new"), (world.staging, "old")):
            world.kube.create(config_map(name, space, {"snapshot": value}))
        entry: Object = {"production": {"configMap": {"name": name, "key": "snapshot"}}}
        track = [{"name": name, "setting": entry}]
        world.mirror(name, track=track, refresh=refresh | special.get(name, {}), **quiet)
    for name, repository in IMAGES.items():
        for space, image in ((world.production, NEW), (world.staging, OLD)):
            world.kube.create(deployment(name, space, image))
        entry = {"production": {"kind": "Deployment", "name": name, "container": "app"}}
        if repository:
            entry["staging"] = {"repository": repository}
        track = [{"name": name, "pipelineImage": entry}]
        world.mirror(name, track=track, refresh=refresh | special.get(name, {}), **quiet)
    until = rfc3339(tick + 3600)
    world.kube.create(
        resources.hold("ci", world.staging, mirrors=["held"], reason="candidate 14", until=until)
    )


def ask_of(world: World, name: str) -> None:
    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "now"}}}, name)


def set_setting(world: World, name: str, value: str) -> None:
    world.kube.patch("v1", "ConfigMap", name, world.production, {"data": {"snapshot": value}})


def test_a_quiet_mirror_is_refreshed_at_the_tick_verified_and_told(day: Day) -> None:
    ended = day.ended("followed")

    assert (ended["result"], ended["reason"]) == ("Succeeded", "Verified")
    assert day.tick <= posix(ended["started"]) <= day.tick + 20
    live = day.world.kube.get("apps/v1", "Deployment", "followed", day.world.staging)
    assert image_of(live) == NEW
    status = day.world.until_sync("InSync", "followed")
    assert posix(status["lastRefreshTime"]) >= posix(ended["finished"])
    assert posix(status["lastScheduleTime"]) >= day.tick
    assert posix(status["nextRefreshTime"]) == posix(status["lastScheduleTime"]) + 60
    assert condition(status, "Refreshed")["status"] == "True"
    assert ("RefreshStarted", "Schedule: followed") in day.events("followed")


def test_a_tick_within_a_hold_is_skipped_and_told(day: Day) -> None:
    ended = day.ended("held")

    said = "ci holds staging: candidate 14."
    assert (ended["result"], ended["reason"], ended["message"]) == ("Skipped", "Held", said)
    assert ended["started"] == rfc3339(day.tick)
    status = day.world.status("held")
    assert status["lastScheduleTime"] == rfc3339(day.tick)
    assert status["nextRefreshTime"] == rfc3339(day.tick + DAY)
    assert "lastRefreshTime" not in status
    day.world.until(lambda _: ("RefreshSkipped", said) in day.events("held"), "held")


def test_a_tick_that_production_does_not_settle_for_is_skipped_with_the_reason(day: Day) -> None:
    ended = day.ended("unsettled")

    assert (ended["result"], ended["reason"]) == ("Skipped", "DeadlineMissed")
    assert ended["message"] == (
        "it could not start within startingDeadline: production's unsettled must be seen without a "
        "change for 600 s first."
    )
    assert day.tick + 4 <= posix(ended["finished"]) <= day.tick + 30
    day.world.until(
        lambda _: ("RefreshSkipped", ended["message"]) in day.events("unsettled"), "unsettled"
    )


def test_a_tick_waits_until_production_has_settled(day: Day) -> None:
    ended = day.ended("settling")

    assert ended["result"] == "Succeeded"
    assert posix(ended["started"]) >= int(day.changed) + SETTLE
    setting = day.world.kube.get("v1", "ConfigMap", "settling", day.world.staging)["data"]
    assert setting == {"snapshot": "newer"}
    assert day.world.status("settling")["lastScheduleTime"] == rfc3339(day.tick)


def test_a_tick_that_the_own_refresh_outlasts_is_skipped_and_says_so(day: Day) -> None:
    ended = day.ended("busy")

    assert (ended["result"], ended["reason"]) == ("Skipped", "DeadlineMissed")
    own = next(e for e in day.world.status("busy")["refreshes"] if e["trigger"] == "Manual")
    assert (own["result"], own["reason"]) == ("RolledBack", "RolloutTimeout")
    assert ended["message"] == (
        f"it could not start within startingDeadline: the mirror's own refresh {own['id']} ran "
        f"until {own['finished']}."
    )


def test_suspending_fires_nothing_and_neither_does_resuming(day: Day) -> None:
    assert day.world.status("suspended")["activity"] == "Suspended"
    assert "nextRefreshTime" not in day.world.status("suspended")

    day.world.change({"spec": {"refresh": {"suspend": False}}}, "suspended")

    day.until_left_alone("suspended")


def test_a_refresh_that_was_removed_before_the_tick_and_is_added_again_fires_nothing(
    day: Day,
) -> None:
    refresh = {"schedule": daily_at(day.tick), "settle": "1s"}

    day.world.change({"spec": {"refresh": refresh}}, "removed")

    day.until_left_alone("removed")


def test_a_schedule_that_could_not_be_read_at_the_tick_and_is_mended_fires_nothing(
    day: Day,
) -> None:
    day.world.change({"spec": {"refresh": {"schedule": daily_at(day.tick)}}}, "stalled")

    day.until_left_alone("stalled")
