"""Values that endpoints answer, read by the operator of a server over HTTP, and followed."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.workloads import config_map
from support.operators.operator import World
from support.parity.plain_server import PlainServer, plain_server
from support.sandbox.refreshing import DATA, REFRESH, ask, ended, setting_of
from support.settings.specs import AT, ENDPOINT

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("answers")]

Object = dict[str, Any]
TRACK: Object = {"name": "served", "setting": {"production": {"endpoint": AT}}}
FOLLOWED: Object = {
    "name": "served",
    "setting": {
        "production": {"endpoint": AT},
        "staging": {"configMap": {"name": DATA, "key": "snapshot"}},
    },
}


def served(name: str) -> Object:
    """As vLLM answers at /v1/models."""
    return {"object": "list", "data": [{"id": name, "object": "model", "created": 1764000000}]}


@pytest.fixture(scope="module")
def server() -> Iterator[PlainServer]:
    with plain_server() as server:
        yield server


@pytest.fixture(scope="module")
def module_world(control_plane: ControlPlane, server: PlainServer) -> Iterator[World]:
    with World(control_plane) as world:
        for side in ("production", "staging"):
            given = ENDPOINT | {"url": server.url(f"/{side}")}
            world.environment(side, getattr(world, side), endpoints=[given])
        world.kube.create(config_map(DATA, world.staging, {"snapshot": "fraud@11"}))
        with world.operator() as operator:
            operator.until_leading()
            yield world


@pytest.fixture
def world(module_world: World, server: PlainServer) -> Iterator[World]:
    server.answers = {"/production": served("fraud@12"), "/staging": served("fraud@12")}
    yield module_world
    for body in module_world.kube.list(API_VERSION, "StagingMirror", module_world.staging):
        name = body["metadata"]["name"]
        module_world.kube.delete(API_VERSION, "StagingMirror", name, module_world.staging)


def reason(status: Object) -> str | None:
    found: str | None = (status.get("components") or [{}])[0].get("reason")
    return found


def test_what_both_sides_answer_is_compared_until_one_answers_otherwise(
    world: World, server: PlainServer
) -> None:
    world.mirror(track=[TRACK], checkInterval="5s")
    world.until_sync("InSync")

    server.answers["/staging"] = served("fraud@11")

    (component,) = world.until_sync("Drifted")["components"]
    assert component["differences"] == [
        {"fact": "value", "production": "fraud@12", "staging": "fraud@11"}
    ]


def test_what_production_answers_is_followed(world: World, server: PlainServer) -> None:
    world.mirror(track=[FOLLOWED], refresh=REFRESH)
    world.until_sync("Drifted")

    ask(world, "now")

    assert ended(world)["result"] == "Succeeded"
    assert setting_of(world)["snapshot"] == "fraud@12"
    world.until_sync("InSync")


def test_an_answer_that_is_gone_is_unknown_and_never_absent(
    world: World, server: PlainServer
) -> None:
    world.mirror(track=[TRACK], checkInterval="5s", staleAfter="11s")
    world.until_sync("InSync")

    del server.answers["/staging"]

    status = world.until(lambda status: reason(status) == "NotThere")
    assert status["sync"] == "Unknown"


def test_mirrors_share_one_request_per_interval(world: World, server: PlainServer) -> None:
    for number in range(5):
        world.mirror(f"mirror-{number}", track=[TRACK], checkInterval="10s")
    for number in range(5):
        world.until_sync("InSync", f"mirror-{number}")
    began, before = time.monotonic(), len(server.times("/production"))

    world.until(lambda _: len(server.times("/production")) >= before + 2, "mirror-0")

    taken = time.monotonic() - began
    assert taken > 10.0, f"{len(server.times('/production')) - before} requests in {taken} s"
