"""Values of any size and form: written byte for byte, or left with their size."""

from collections.abc import Iterator

import pytest

from rig.control_plane import ControlPlane
from support.operators.operator import World, a_running_world, emptied, snapshot
from support.resources import resources
from support.sandbox.refreshing import REFRESH, ask, ended, setting_of

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("refresh-large")]

KIB = 1024


@pytest.fixture(scope="module")
def running(control_plane: ControlPlane) -> Iterator[World]:
    with a_running_world(control_plane) as world:
        yield world


@pytest.fixture
def world(running: World) -> Iterator[World]:
    yield running
    emptied(running)
    snapshot(running, "2026-11-20", running.staging)


def apart(world: World, production: str, staging: str) -> None:
    """Both sides hold these values, and a mirror tracks them."""
    snapshot(world, production)
    snapshot(world, staging, world.staging)
    world.mirror(track=[resources.setting()], refresh=REFRESH)


@pytest.mark.parametrize(
    ("production", "staging"),
    [
        ("a" * 300 * KIB, "b" * 300 * KIB),
        ("a" * 400 * KIB, "b" * 400 * KIB),
        ("line1\r\nline2\r\n", "line1\nline2\n"),
        ("gpt\u20114 ", "gpt-4"),
    ],
    ids=["300 KiB", "400 KiB", "line ends", "letters"],
)
def test_a_value_arrives_byte_for_byte(world: World, production: str, staging: str) -> None:
    apart(world, production, staging)
    world.until_sync("Drifted")

    ask(world, "now")

    assert ended(world)["result"] == "Succeeded"
    assert setting_of(world)["snapshot"] == production
    world.until_sync("InSync")


def test_what_could_not_be_rolled_back_is_left_and_said_with_its_size(world: World) -> None:
    apart(world, "a" * 500 * KIB, "b" * 500 * KIB)
    status = world.until_sync("Drifted")

    ask(world, "now")

    assert "would have to keep 102" in status["plan"]["left"][0]["why"]
    done = ended(world)
    assert done["result"] == "NothingToDo"
    assert "would have to keep 102" in done["message"]
    assert setting_of(world)["snapshot"] == "b" * 500 * KIB


def test_a_value_that_is_too_large_to_be_compared_is_unknown_with_the_bound(world: World) -> None:
    apart(world, "a" * 950 * KIB, "b" * 950 * KIB)

    (component,) = world.until_sync("Unknown")["components"]

    assert component["reason"] == "TooLarge"
    assert f"has more than the {512 * KIB} characters that are compared" in component["message"]
