"""What people ask of the operator: tokens and holds; and what the clock alone changes."""

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.api.types.times import posix, rfc3339
from support.operators.operator import (
    DATA,
    World,
    a_running_world,
    condition,
    emptied,
    snapshot,
    until_stalled,
)
from support.resources import resources

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-asked")]

REFRESH = {"schedule": "0 6 * * 1", "settle": "1s"}


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with a_running_world(control_plane) as world:
        yield world


@pytest.fixture
def fraud(world: World) -> Iterator[World]:
    """A world without a mirror; what the test makes is deleted afterwards."""
    yield world
    emptied(world)


# Tokens


def annotate(world: World, **annotations: str) -> None:
    marks = {f"stagingmirror.dev/{key.replace('_', '-')}": v for key, v in annotations.items()}
    world.change({"metadata": {"annotations": marks}})


def echoes(token: str, status: dict[str, Any]) -> bool:
    return status.get("handledCheckAt") == token


def test_a_check_token_is_echoed_with_looks_that_began_after_it(fraud: World) -> None:
    fraud.mirror(checkInterval="50s")
    fraud.until_sync("InSync")
    asked = time.time()

    annotate(fraud, check_at="one")
    status = fraud.until(lambda status: status.get("handledCheckAt") == "one", within=20)

    assert all(posix(each["observedAt"]) >= int(asked) for each in status["components"])


def test_a_change_just_before_a_check_token_is_in_the_verdict_that_echoes_it(
    fraud: World,
) -> None:
    fraud.mirror(checkInterval="50s")
    fraud.until_sync("InSync")
    for turn in range(5):
        snapshot(fraud, f"turn {turn}")
        token = f"turn-{turn}"
        annotate(fraud, check_at=token)

        status = fraud.until(partial(echoes, token), within=20)

        (component,) = status["components"]
        assert component["production"]["value"] == f"turn {turn}"


def test_tokens_that_were_there_first_are_echoed_and_nothing_is_refreshed(fraud: World) -> None:
    snapshot(fraud, "newer")
    body = fraud.mirror_body(refresh=REFRESH)
    body["metadata"]["annotations"] = {
        "stagingmirror.dev/check-at": "c",
        "stagingmirror.dev/refresh-at": "r",
    }
    fraud.kube.create(body)

    fraud.until(
        lambda status: (status.get("handledCheckAt"), status.get("handledRefreshAt")) == ("c", "r")
    )

    time.sleep(2)
    status = fraud.status()
    assert status["sync"] == "Drifted"
    assert not status.get("refreshes")


def test_a_refresh_token_of_a_mirror_that_only_watches_is_echoed_with_the_reason(
    fraud: World,
) -> None:
    fraud.mirror()
    fraud.until_sync("InSync")

    annotate(fraud, refresh_at="one")
    status = fraud.until(lambda status: status.get("handledRefreshAt") == "one", within=20)

    assert "spec.refresh is not set" in status["refreshes"][0]["message"]


def test_tokens_of_a_stalled_mirror_are_echoed_at_once(fraud: World) -> None:
    fraud.mirror(production={"environment": "nowhere", "namespace": fraud.production})
    until_stalled(fraud, "EnvironmentMissing")

    annotate(fraud, check_at="c", refresh_at="r")
    status = fraud.until(lambda status: status.get("handledRefreshAt") == "r", within=20)

    assert status["handledCheckAt"] == "c"
    assert "no MirrorEnvironment" in status["refreshes"][0]["message"]


# Holds


def hold(world: World, name: str = "ci", **spec: Any) -> None:
    world.kube.create(resources.hold(name, world.staging, **spec))


def until_effective(world: World, name: str = "ci") -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        status = world.kube.get(API_VERSION, "MirrorHold", name, world.staging).get("status") or {}
        if status.get("effectiveSince"):
            return str(status["effectiveSince"])
        time.sleep(0.05)
    raise AssertionError("the hold does not become effective")


def test_a_held_component_is_held_until_the_hold_expires(fraud: World) -> None:
    fraud.mirror(checkInterval="50s")
    fraud.until_sync("InSync")

    hold(fraud, components=[DATA], until=rfc3339(time.time() + 4))
    status = fraud.until_sync("Held")

    assert condition(status, "InSync")["reason"] == "Held"
    assert "candidate 14" in status["summary"]
    fraud.until_sync("InSync", within=20)


def test_a_hold_that_is_deleted_holds_no_more(fraud: World) -> None:
    fraud.mirror(checkInterval="50s")
    fraud.until_sync("InSync")
    hold(fraud, components=[DATA], mirrors=["fraud"])
    fraud.until_sync("Held")

    fraud.kube.delete(API_VERSION, "MirrorHold", "ci", fraud.staging)

    fraud.until_sync("InSync", within=20)


def test_a_hold_of_another_mirror_changes_nothing(fraud: World) -> None:
    for name in ("fraud", "another"):
        fraud.mirror(name, checkInterval="50s")
        fraud.until_sync("InSync", name)

    hold(fraud, components=[DATA], mirrors=["another"])
    until_effective(fraud)

    assert fraud.status()["sync"] == "InSync"


def test_a_hold_of_a_mirror_that_is_not_there_says_so_and_takes_effect_with_it(
    fraud: World,
) -> None:
    hold(fraud, components=[DATA], mirrors=["late"])

    def told() -> str:
        body = fraud.kube.get(API_VERSION, "MirrorHold", "ci", fraud.staging)
        status = body.get("status") or {}
        assert "effectiveSince" not in status
        return str(status.get("message"))

    until(lambda: "no StagingMirror late" in told(), within=30, what="the hold says nothing")
    fraud.mirror("late")

    assert until_effective(fraud)


def test_a_hold_is_effective_once_its_mirrors_have_passed_with_it(fraud: World) -> None:
    fraud.mirror(refresh=REFRESH)
    fraud.until_sync("InSync")
    made = int(time.time())

    hold(fraud)

    assert posix(until_effective(fraud)) >= made


def test_an_acceptance_ends_at_its_time_without_any_event(fraud: World) -> None:
    snapshot(fraud, "newer")
    until = rfc3339(time.time() + 4)
    accepted = {"component": DATA, "fact": "value", "reason": "MLP-212", "until": until}

    fraud.mirror(checkInterval="50s", accept=[accepted])
    fraud.until_sync("InSync", within=20)

    fraud.until_sync("Drifted", within=20)


def test_drift_is_overdue_at_its_time_without_any_event(fraud: World) -> None:
    snapshot(fraud, "newer")

    fraud.mirror(checkInterval="50s", maxDriftAge="3s")
    status = fraud.until_sync("Drifted")
    assert not condition(status, "DriftOverdue")

    fraud.until(lambda status: condition(status, "DriftOverdue"), within=20)
