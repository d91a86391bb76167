"""What is not there, may not be seen or cannot be compared is told by name, with what to do.

One mirror tracks one thing of each sort, so each also proves that it takes no other one down.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from rig.models import client_of, log_files
from stagingmirror.api.types.base import API_VERSION
from support.kinds.missing import CASES, LARGE, PINNED
from support.kubernetes.workloads import config_map, deployment
from support.operators.operator import World, condition
from support.operators.rigs import make_namespace
from support.resources import resources

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("told-missing")]

Object = dict[str, Any]


@pytest.fixture(scope="module")
def places(
    control_plane: ControlPlane, mlflow_production: MlflowServer, mlflow_staging: MlflowServer
) -> Iterator[tuple[World, dict[str, str]]]:
    """The world, and what names in ``CASES`` stand for in it."""
    servers = {"production": {"url": mlflow_production.url}, "staging": {"url": mlflow_staging.url}}
    with World(control_plane, mlflow=servers) as world:
        locked = make_namespace(world.kube, "locked")
        named = {"p": world.production, "s": world.staging, "locked": locked}
        arrange(world)
        register(locked, mlflow_production, mlflow_staging)
        for role, spaces in (
            ("production", [world.production, locked]),
            ("staging", [world.staging]),
        ):
            world.environment(
                role,
                world.production,
                namespaces=spaces,
                mlflow=servers[role],
                content={"maxBytes": "4Ki"},
                readable=resources.READABLE
                | {
                    "configMaps": ["training-data", "production-only"],
                    "variables": ["MODEL_NAME", "PASSWORD"],
                },
            )
        yield world, named
        world.kube.delete("v1", "Namespace", locked)


def arrange(world: World) -> None:
    for space in (world.production, world.staging):
        mine = "production-only" if space == world.production else "staging-only"
        container = "app" if space == world.production else "renamed"
        world.kube.apply(
            config_map("training-data", space, {"snapshot": "2026-11-20", mine: "x"}),
            config_map("hidden", space, {"snapshot": f"hidden in {space}"}),
            config_map(mine, space, {"snapshot": "2026-11-20"}),
            *(
                scaled_down(deployment(name, space, PINNED, variables=VARIABLES))
                for name in ("whole", mine)
            ),
            scaled_down(deployment("changed", space, PINNED, container=container)),
            scaled_down(deployment("unpinned", space, "registry.example/features:1")),
            deployment("waiting", space, PINNED),
            manager="owner",
        )


VARIABLES = {
    "PASSWORD": {"secretKeyRef": {"name": "database", "key": "password"}},
    "POD_NAME": {"fieldRef": {"fieldPath": "metadata.name"}},
    "MODEL_NAME": "the best one",
    "UNREADABLE": "7",
}


def scaled_down(body: Object) -> Object:
    """There is no node here: without pods, a template that is pinned counts."""
    return {**body, "spec": {**body["spec"], "replicas": 0}}


def register(mark: str, production: MlflowServer, staging: MlflowServer) -> None:
    """Names of registered models are this module's own: others use the same servers."""
    for server in (production, staging):
        log_files(server, f"both-{mark}", {"w.bin": "same"}, alias="champion")
        log_files(server, f"large-{mark}", {"w.bin": LARGE}, alias="champion")
    log_files(production, f"production-only-{mark}", {"w.bin": "same"}, alias="champion")
    client_of(production).set_registered_model_alias(f"both-{mark}", "production-only", "1")


@pytest.fixture(scope="module")
def status(places: tuple[World, dict[str, str]]) -> Iterator[Object]:
    """Of the mirror that tracks all of it, once everybody has answered."""
    world, named = places
    entries = json.loads(
        filled(json.dumps([{"name": n} | e for n, (e, *_) in CASES.items()]), named)
    )
    with world.operator() as operator:
        operator.until_leading()
        world.mirror(track=entries)
        yield world.until(
            lambda status: all(
                each["reason"] not in ("NotPolledYet", "ReadingBytes")
                for each in status.get("components") or [{"reason": "NotPolledYet"}]
                if "reason" in each
            ),
            within=40,
        )


def filled(text: str, named: dict[str, str]) -> str:
    """With what the names of ``CASES`` stand for in this run."""
    for short, full in named.items():
        text = text.replace(f"{{{short}}}", full)
    return text


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_told_by_name_with_what_to_do(
    status: Object, places: tuple[World, dict[str, str]], name: str
) -> None:
    _, verdict, reason, message = CASES[name]
    told = next(each for each in status["components"] if each["name"] == name)

    assert (told["verdict"], told.get("reason")) == (verdict, reason), told["message"]
    assert filled(message, places[1]) in told["message"]


def test_the_whole_claims_what_is_certain_and_no_more(status: Object) -> None:
    assert status["sync"] == "Drifted"
    assert condition(status, "InSync")["status"] == "False"
    assert condition(status, "Ready")["status"] == "False"
    assert "inSyncSince" not in status


def test_a_model_that_may_not_be_followed_is_not_stalled(status: Object) -> None:
    assert not condition(status, "Stalled")


def test_the_environment_names_what_may_not_be_read(
    status: Object, places: tuple[World, dict[str, str]]
) -> None:
    world, named = places
    body = world.kube.get(API_VERSION, "MirrorEnvironment", world.environments["production"])

    ready = condition(body["status"], "Ready")

    assert (ready["status"], ready["reason"]) == ("False", "Forbidden")
    assert f"in namespace {named['locked']}: give it a Role" in ready["message"]
