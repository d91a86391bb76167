"""The clock of the operator's node is five hours ahead, and is set right while it leads."""

import time
from pathlib import Path

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from stagingmirror.api.types.times import posix
from support.kubernetes.workloads import config_map
from support.operators.operator import DATA, World, snapshot

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("leader-clock")]

AHEAD = 5 * 3600


def test_a_clock_that_is_set_right_leaves_nothing_of_the_wrong_time(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    clock, right = tmp_path / "clock", tmp_path / "right"
    clock.write_text(str(AHEAD))
    right.write_text("0")
    program = ("support.shifted", str(clock))
    with World(control_plane) as world:
        for space in (world.production, world.staging):
            world.kube.create(config_map(DATA, space, {"snapshot": "2026-11-20"}))
        with world.operator(program=program) as operator:
            world.mirror()
            wrong = world.until_sync("InSync", within=60)
            assert posix(wrong["validUntil"]) > time.time() + AHEAD

            right.rename(clock)

            operator.until("the clock was set", within=30)
            until(lambda: operator.log.count('"leading"') == 2, within=60, what="it leads no more")
            mended = world.until(
                lambda status: posix(status["validUntil"]) < time.time() + 600,
                within=60,
                what="what was promised in the wrong time still stands",
            )
            assert posix(mended["inSyncSince"]) < time.time() + 5
            snapshot(world, "2026-11-22")
            drifted = world.until_sync("Drifted", within=40)
            assert abs(posix(drifted["driftedSince"]) - time.time()) < 60
            world.until_settled()
            assert operator.running
