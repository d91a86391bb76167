"""What an account can do with arguments that may create StagingMirrors and nothing else: rows of
the table in docs/security.md.
"""

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from support.operators.operator import OperatorProcess, World
from support.resources.team import Team, make_team
from support.settings.served import server

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("argument-offers")]

Object = dict[str, Any]
HIDDEN = f"hidden-{secrets.token_hex(4)}"
READABLE = {"arguments": ["--open*", "--a*", "--made"]}
ARGS = ("--open=shown", "--closed", HIDDEN, "--api-key", HIDDEN, "--made=$(CLOSED)")


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with World(control_plane) as world:
        for role, space in (("production", world.production), ("staging", world.staging)):
            comparable = {"arguments": ["--sealed"]}
            world.environment(role, space, readable=READABLE, comparable=comparable)
            body = server(space, *ARGS, f"--sealed={HIDDEN}", variables={"CLOSED": HIDDEN})
            body["spec"]["replicas"] = 0
            world.kube.apply(body, manager="owner")
        yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def team(world: World, operator: OperatorProcess) -> Iterator[Team]:
    team = make_team(world)
    yield team
    world.kube.delete("v1", "Namespace", team.elsewhere)


def test_arguments_that_are_not_offered_are_not_read(
    team: Team, world: World, operator: OperatorProcess
) -> None:
    """A pattern means no flag that takes a credential, and a flag is as open as its variables."""
    place = {"kind": "Deployment", "name": "server", "container": "app"}
    flags = {"open": "--open", "closed": "--closed", "key": "--api-key", "made": "--made"}
    found = team.components(
        *(
            {"name": name, "setting": {"production": {"argument": place | {"flag": flag}}}}
            for name, flag in (flags | {"sealed": "--sealed"}).items()
        )
    )

    assert {name: each.get("reason") for name, each in found.items()} == {
        "open": "Declared",
        "closed": "NotOffered",
        "key": "NotOffered",
        "made": "NotOffered",
        "sealed": "Declared",
    }
    assert found["open"]["production"] == {"value": "shown"}
    assert found["sealed"]["production"] == {"value": "(sealed)"}
    events = world.kube.list("events.k8s.io/v1", "Event", world.staging)
    mirrors = world.kube.list(API_VERSION, "StagingMirror", world.staging)
    assert HIDDEN not in json.dumps([mirrors, events]) + operator.log
