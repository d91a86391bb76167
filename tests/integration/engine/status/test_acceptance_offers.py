"""What an account can do with acceptances that may create StagingMirrors and nothing else: a row of
the table in docs/security.md.
"""

import secrets
from collections.abc import Iterator

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Refused
from stagingmirror.api.types.base import API_VERSION
from support.operators.operator import World, a_running_world, emptied, snapshot
from support.resources import resources
from support.resources.team import Team, make_team

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-acceptances")]

EVERYTHING = {"kind": "setting", "fact": "*", "reason": "nobody looks"}


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with a_running_world(control_plane) as world:
        snapshot(world, "2026-11-22")
        yield world
        emptied(world)


@pytest.fixture(scope="module")
def team(world: World) -> Iterator[Team]:
    team = make_team(world)
    yield team
    world.kube.delete("v1", "Namespace", team.elsewhere)


def test_an_environment_that_is_not_its_staging_side_accepts_nothing_of_a_mirror(
    world: World, team: Team
) -> None:
    """Though it lists the same namespaces, and another mirror of the team is accepted by it."""
    lenient = f"staging-{secrets.token_hex(3)}"
    spaces = {"usableFrom": [world.staging], "namespaces": [world.staging]}
    body = resources.environment(lenient, "Staging", accept=[EVERYTHING], **spaces)
    with pytest.raises(Refused):
        team.kube.create(body)
    world.kube.create(body)
    try:
        silenced = team.mirror(resources.setting(), staging={"environment": lenient})
        strict = team.mirror(resources.setting())

        assert world.until_sync("InSync", silenced)["components"][0]["verdict"] == "Accepted"
        assert world.until_sync("Drifted", strict)["components"][0]["verdict"] == "Drifted"
    finally:
        world.kube.delete(API_VERSION, "MirrorEnvironment", lenient)
