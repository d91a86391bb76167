"""The commands and the operator together: what is requested is done, and reported as it is."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.api.types.times import rfc3339
from support.operators.operator import OperatorProcess, World

pytestmark = pytest.mark.integration

REFRESH = {"schedule": "0 6 1 1 *", "settle": "0s"}


@pytest.fixture
def world(control_plane: ControlPlane) -> Iterator[World]:
    with World(control_plane) as made:
        snapshot(made, made.production, "2026-11-20")
        snapshot(made, made.staging, "2026-11-20")
        yield made


@pytest.fixture
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as running:
        running.until_leading()
        yield running


def snapshot(world: World, namespace: str, value: str) -> None:
    world.kube.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "training-data", "namespace": namespace},
            "data": {"snapshot": value},
        }
    )


def command(world: World, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "stagingmirror", *arguments, "-n", world.staging),
            *("--kubeconfig", str(world.control_plane.kubeconfig)),
            *("--operator-namespace", world.namespace),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "COLUMNS": "200"},
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def moved(world: World) -> None:
    """Production took a new snapshot, and the operator has seen it."""
    snapshot(world, world.production, "2026-11-21")
    world.until_sync("Drifted")


@pytest.mark.usefixtures("operator")
def test_a_refresh_does_what_the_plan_said(world: World) -> None:
    world.mirror(refresh=REFRESH)
    world.until_sync("InSync")
    moved(world)

    _, plan = command(world, "plan", "fraud")
    code, told = command(world, "refresh", "fraud", "--wait", "--timeout", "60s")

    planned = [line.split("   ")[-1].strip() for line in plan.splitlines() if "switch" in line]
    assert planned == ["ConfigMap training-data: snapshot → 2026-11-21"]
    assert all(step in told for step in planned)
    assert (code, told.splitlines()[-1].split("   ")[0]) == (
        0,
        "✓ fraud is in sync with production",
    )
    staging = world.kube.get("v1", "ConfigMap", "training-data", world.staging)
    assert staging["data"] == {"snapshot": "2026-11-21"}
    assert "nothing that runs proves it: training-data" in command(world, "history", "fraud")[1]


@pytest.mark.usefixtures("operator")
def test_check_now_sees_what_has_just_changed(world: World) -> None:
    world.mirror()
    world.until_sync("InSync")
    snapshot(world, world.production, "2026-11-21")

    code, told = command(world, "check", "fraud", "--now", "--timeout", "30s")

    assert (code, told) == (3, "✗ fraud: drifted (training-data)\n")


@pytest.mark.usefixtures("operator")
def test_a_hold_is_in_effect_when_the_command_returns_and_gone_when_released(
    world: World,
) -> None:
    world.mirror(refresh=REFRESH)
    world.until_sync("InSync")
    why = ("--for", "1h", "--reason", "candidate 14", "--component", "training-data")

    held, _ = command(world, "hold", "fraud", "--name", "ci", *why, "--timeout", "30s")
    effective = world.kube.get(API_VERSION, "MirrorHold", "ci", world.staging)["status"]
    world.until_sync("Held")
    in_hold, told = command(world, "check", "fraud")
    released, _ = command(world, "release", "--name", "ci", "--timeout", "30s")

    assert held == 0
    assert effective["effectiveSince"]
    assert in_hold == 3
    assert "candidate 14" in told
    assert released == 0
    assert world.status()["sync"] == "InSync"


def test_what_rooms_count_themselves_is_served(operator: OperatorProcess) -> None:
    _, told = operator.get("/metrics")

    for name in ("sweeps", "watch_repairs", "leader_transitions"):
        assert f"\nstagingmirror_{name}_total " in told
    assert "_created" not in told


def test_nothing_is_known_once_the_operator_is_gone(world: World) -> None:
    with world.operator(program=("stagingmirror",)) as running:
        running.until_leading()
        world.mirror(staleAfter="60s")
        world.until_sync("InSync")
        world.until_settled()
        alive, _ = command(world, "check", "fraud")
        running.kill()
    # Nobody writes the Lease any more; its time is moved instead of waiting for a minute.
    long_ago = {"stagingmirror.dev/settled-at": rfc3339(time.time() - 61)}
    lease = {"metadata": {"annotations": long_ago}}
    world.kube.patch("coordination.k8s.io/v1", "Lease", "stagingmirror", world.namespace, lease)

    code, told = command(world, "check", "fraud")

    assert (alive, code) == (0, 4)
    assert "no operator has settled a verdict for 1 min: nothing is known" in told
    assert world.status()["sync"] == "InSync", "the status itself still claims it"
