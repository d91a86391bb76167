"""Differences that somebody understands: by a mirror, by its environment, by what accept prints."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import yaml

from rig.control_plane import ControlPlane
from rig.kube import Kube
from rig.run import until
from stagingmirror.api.types.times import rfc3339
from support.operators.operator import World, a_running_world, emptied, snapshot
from support.resources.resources import Object, setting

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-acceptances")]

SHARED = {"kind": "setting", "fact": "val*", "reason": "staging has half the data"}
FACT = {"component": "training-data", "fact": "value", "reason": "half the data"}
DAY = 86_400.0


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with a_running_world(control_plane) as world:
        yield world


@pytest.fixture
def fraud(world: World) -> Iterator[World]:
    """A mirror that has drifted, and is checked seldom unless something changes."""
    snapshot(world, "2026-11-22")
    world.mirror(checkInterval="55s", staleAfter="10m", track=[setting()])
    world.until_sync("Drifted")
    yield world
    world.environment("staging", world.staging)
    emptied(world)


def component(status: Object) -> Object:
    found: Object = status["components"][0]
    return found


def accepted(status: Object) -> str:
    """The first statement of its message; what the declared value proves follows."""
    return str(component(status)["message"]).split("; ")[0]


def run(world: World, *arguments: str) -> tuple[int, str, str]:
    """A command as somebody runs it."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "stagingmirror", *arguments, "-n", world.staging),
            *("--kubeconfig", str(world.kubeconfig), "--operator-namespace", world.namespace),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("values", [(), ("--values",)], ids=["any values", "those of now"])
def test_what_accept_prints_is_put_into_the_mirror_and_its_component_is_accepted(
    fraud: World, values: tuple[str, ...]
) -> None:
    until_then = ("--until", "2099-01-31", *values)
    fraud.until_settled()

    code, told, said = run(
        fraud, "accept", "fraud", "training-data", "--reason", "half", *until_then
    )
    assert (code, said) == (0, "")
    fraud.change({"spec": yaml.safe_load(told)})

    status = fraud.until_sync("InSync")
    assert component(status)["verdict"] == "Accepted"
    assert accepted(status) == "1 difference accepted: half (until 2099-01-31 00:00 UTC)"
    fraud.until_settled()
    code, told, said = run(fraud, "accept", "fraud", "training-data", "--reason", "again")
    assert "nothing of training-data differs that is not accepted" in told
    snapshot(fraud, "2026-11-23")
    if values:
        fraud.until_sync("Drifted")
    else:
        fraud.until(lambda status: component(status)["production"]["value"] == "2026-11-23")
        assert fraud.status()["sync"] == "InSync"


def test_what_an_environment_accepts_counts_at_once_and_only_as_long_as_it_says_so(
    fraud: World,
) -> None:
    name = fraud.environments["staging"]
    own = "staging has half the data"

    fraud.environment("staging", fraud.staging, accept=[SHARED])
    first = fraud.until_sync("InSync", within=20)
    fraud.environment("staging", fraud.staging, accept=[SHARED | {"reason": "MLP-212"}])
    then = fraud.until(lambda status: "MLP-212" in component(status)["message"], within=20)
    fraud.environment("staging", fraud.staging)
    fraud.until_sync("Drifted", within=20)

    assert accepted(first) == f"1 difference accepted: environment {name}: {own}"
    assert component(first)["differences"][0]["accepted"] == f"environment {name}: {own}"
    assert first["inSyncSince"] <= then["inSyncSince"]
    assert first["fingerprint"] != then["fingerprint"]


def test_what_a_mirror_accepts_itself_goes_before_its_environment(fraud: World) -> None:
    other = FACT | {"staging": "2026-11-19"}

    fraud.environment("staging", fraud.staging, accept=[SHARED])
    fraud.until_sync("InSync")
    fraud.change({"spec": {"accept": [other]}})
    fraud.until_sync("Drifted")
    fraud.change({"spec": {"accept": [other | {"staging": "2026-11-20"}]}})

    assert accepted(fraud.until_sync("InSync")) == "1 difference accepted: half the data"


def test_until_yesterday_is_drift_and_until_next_year_is_accepted(fraud: World) -> None:
    for days, sync in ((-1, "Drifted"), (365, "InSync")):
        fraud.change({"spec": {"accept": [FACT | {"until": rfc3339(time.time() + days * DAY)}]}})
        status = fraud.until_sync(sync)

        assert ("acceptance ended" in component(status)["message"]) is (days < 0)
        assert "ending" not in component(status)


def events(kube: Kube, space: str, reason: str) -> list[Object]:
    found = kube.list("events.k8s.io/v1", "Event", space)
    return [each for each in found if each["reason"] == reason]


def test_an_acceptance_that_ends_is_announced_once_and_ends_in_time_without_any_other_change(
    fraud: World,
) -> None:
    end = time.time() + 6
    fraud.change({"spec": {"accept": [FACT | {"until": rfc3339(end)}]}})

    status = fraud.until_sync("InSync")
    assert component(status)["ending"] == [
        {"facts": "value", "until": rfc3339(end), "reason": "half the data"}
    ]
    status = fraud.until_sync("Drifted", within=20)

    assert "acceptance ended" in component(status)["message"]
    until(
        lambda: bool(events(fraud.kube, fraud.staging, "DriftDetected")),
        within=10,
        what="the drift is not announced",
    )
    (announced,) = events(fraud.kube, fraud.staging, "AcceptanceEnds")
    assert announced["note"] == (
        f"what is accepted until {rfc3339(end)} is drift then: training-data (value): half the data"
    )
