"""Nothing secret leaves: recognisable texts are planted wherever something secret can be, and
looked for in everything that the operator and its commands say.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from stagingmirror.api.types.base import API_VERSION
from support.mlflow.bad_registry import BadRegistry
from support.operators.operator import OperatorProcess, World, condition
from support.operators.planted_secrets import (
    BAD,
    MARK,
    PLACE,
    SHOWN,
    SURFACES,
    bad_environment,
    plant_credentials,
    plant_models,
    plant_values,
    planted,
)

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("told-secrets")]

Object = dict[str, Any]


def setting(name: str, place: Object, **more: Any) -> Object:
    return {"name": name, "setting": {"production": place, **more}}


def model(name: str, registered: str, **more: Any) -> Object:
    production = {"model": f"{registered}-{MARK}", "alias": "champion", **more}
    return {"name": name, "modelAlias": {"production": production}}


TRACK = [
    setting("shown", {"configMap": {"name": "training-data", "key": "snapshot"}}),
    setting("hidden", {"configMap": {"name": "hidden", "key": "password"}}),
    setting(
        "formed",
        {"configMap": {"name": "hidden", "key": "password"}},
        staging={"value": "masked/{value}", "configMap": {"name": "hidden", "key": "other"}},
    ),
    setting("variable", {"variable": PLACE | {"variable": "HIDDEN"}}),
    setting("from-secret", {"variable": PLACE | {"variable": "PASSWORD"}}),
    setting(
        "annotation", {"annotation": {"kind": "Deployment", "name": "server", "key": "hid/den"}}
    ),
    model("requirements", "requirements"),
    model("elsewhere", "elsewhere"),
    model("loaded-by", "requirements", loadedBy=[PLACE | {"variable": "HIDDEN"}]),
]


@pytest.fixture(scope="module")
def registry() -> Iterator[BadRegistry]:
    with BadRegistry(echo=planted("body")) as registry:
        yield registry


@pytest.fixture(scope="module")
def world(
    control_plane: ControlPlane,
    registry: BadRegistry,
    mlflow_production: MlflowServer,
    mlflow_staging: MlflowServer,
) -> Iterator[World]:
    servers = {"production": {"url": mlflow_production.url}, "staging": {"url": mlflow_staging.url}}
    with World(control_plane, mlflow=servers) as world:
        plant_values(world)
        for side, server in (("production", mlflow_production), ("staging", mlflow_staging)):
            plant_models(side, server)
        plant_credentials(world, registry)
        yield world
        for name in BAD:
            world.kube.delete(API_VERSION, "MirrorEnvironment", bad_environment(world, name))


@pytest.fixture(scope="module")
def said(world: World) -> dict[str, str]:
    """Everything that was said, by where: after checks, a refresh and a restart in the other log
    format.
    """
    found: dict[str, str] = {}
    with world.operator() as operator:
        operator.until_leading()
        make_mirrors(world)
        until_told(world)
        refresh(world)
        hear(found, "json", operator, world)
    with world.operator("--log-format=console") as operator:
        operator.until("leading")
        change_hidden(world)
        tell_anew(world)
        hear(found, "console", operator, world)
        with ThreadPoolExecutor(2) as pool:
            told = pool.map(lambda arguments: command(world, *arguments), COMMANDS)
            found |= {
                f"stagingmirror {' '.join(c)}": text for c, text in zip(COMMANDS, told, strict=True)
            }
    return found


COMMANDS = (
    ("status", "-o", "json"),
    ("status", "echoes-basic"),
    ("diff", "fraud"),
    ("plan", "refreshed"),
    ("history", "refreshed"),
    ("check", "fraud", "-o", "junit"),
)


def make_mirrors(world: World) -> None:
    world.mirror(track=TRACK)
    moved = setting("moved", {"configMap": {"name": "training-data", "key": "moved"}})
    names = ("hidden", "variable", "annotation")
    hidden = [entry | {"mode": "Refresh"} for entry in TRACK if entry["name"] in names]
    refresh = {"schedule": "0 6 1 1 *", "settle": "0s"}
    world.mirror("refreshed", track=[moved, *hidden], refresh=refresh)
    for name in BAD:
        place = {"environment": bad_environment(world, name), "namespace": world.production}
        world.mirror(name, production=place, track=[model("model", "requirements")])


def is_told(status: Object) -> bool:
    reasons = {each.get("reason") for each in status.get("components") or ()}
    return bool(reasons) and not reasons & {"NotPolledYet", "ReadingBytes"}


def until_told(world: World) -> None:
    for name in ("fraud", "refreshed", *BAD):
        world.until(is_told, name, within=60)


def refresh(world: World) -> None:
    """Nothing of what is hidden may be copied; what can be refreshed is."""
    marks = {"stagingmirror.dev/refresh-at": "now"}
    world.change({"metadata": {"annotations": marks}}, "refreshed")
    world.until(lambda status: status.get("refreshes"), "refreshed", within=60)


def change_hidden(world: World) -> None:
    for key in ("password", "other"):
        change = {"data": {key: planted(f"{key}-of-staging") + "-changed"}}
        world.kube.patch("v1", "ConfigMap", "hidden", world.staging, change)
    annotations = {"stagingmirror.dev/check-at": "again"}
    world.change({"metadata": {"annotations": annotations}})
    world.until(lambda status: status.get("handledCheckAt") == "again", within=30)


def tell_anew(world: World) -> None:
    """A mirror that tells its first verdicts to this process, and another plan."""
    world.mirror("again", track=TRACK)
    change = {"data": {"moved": f"moved-{MARK} again"}}
    world.kube.patch("v1", "ConfigMap", "training-data", world.production, change)
    world.until(is_told, "again", within=60)
    world.until(lambda status: status.get("plan", {}).get("steps"), "refreshed", within=60)


def hear(found: dict[str, str], when: str, operator: OperatorProcess, world: World) -> None:
    for kind, space in (("StagingMirror", world.staging), ("MirrorEnvironment", None)):
        bodies = world.kube.list(API_VERSION, kind, space) if space else every_environment(world)
        found[f"{kind} ({when})"] = json.dumps([body.get("status") for body in bodies])
    for space in (world.staging, world.production, world.namespace):
        events = world.kube.list("events.k8s.io/v1", "Event", space)
        found[f"Events of {space} ({when})"] = json.dumps(events)
    for kind, version in (("ConfigMap", "v1"), ("Lease", "coordination.k8s.io/v1")):
        found[f"{kind}s of our own ({when})"] = json.dumps(
            world.kube.list(version, kind, world.namespace)
        )
    found[f"log ({when})"] = operator.log
    if when == "json":
        found["metrics"] = operator.get("/metrics")[1]


def every_environment(world: World) -> list[Object]:
    names = [*world.environments.values(), *(bad_environment(world, name) for name in BAD)]
    return [world.kube.get(API_VERSION, "MirrorEnvironment", name) for name in names]


def command(world: World, *arguments: str) -> str:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "stagingmirror", *arguments, "-n", world.staging),
            *("--kubeconfig", str(world.control_plane.kubeconfig)),
            *("--operator-namespace", world.namespace),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "400"},
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(("surface", "says"), SURFACES.items(), ids=list(SURFACES))
def test_nothing_that_was_planted_is_said_here_though_there_was_something_to_say(
    said: dict[str, str], surface: str, says: str
) -> None:
    told = {where: text for where, text in said.items() if where.startswith(surface)}

    assert any(says in text for text in told.values()), told
    assert [text for text in told.values() if "planted-" in text] == []


def test_everything_that_was_heard_belongs_to_a_surface(said: dict[str, str]) -> None:
    assert [where for where in said if not where.startswith(tuple(SURFACES))] == []


def test_a_secret_without_the_label_reaches_nobody(
    said: dict[str, str], registry: BadRegistry
) -> None:
    sent = {each for each in registry.authorized if planted("unlabelled") in each}

    assert sent == set()
    assert registry.asked.keys() == {BAD["echoes-basic"], BAD["echoes-token"]}
    assert "SecretNotLabelled" in said["MirrorEnvironment (json)"]


def test_no_encoding_and_no_plain_hash_of_it_is_said_either(
    said: dict[str, str], world: World
) -> None:
    """A plain hash of a short value is found by trying; seals have a key of the installation."""
    pair = f"{planted('username')}:{planted('password')}"
    key = world.kube.get("v1", "Secret", "stagingmirror-hmac", world.namespace)["data"]["key"]
    own = json.loads(world.kubeconfig.read_text())["users"][0]["user"]["token"]
    hidden = {base64.b64encode(pair.encode()).decode(), key, base64.b64decode(key).hex(), own}
    for what in ("token", "password", "password-of-production", "variable-of-production"):
        text = planted(what).encode()
        hidden |= {base64.b64encode(text).decode(), sha256(text).hexdigest()}

    leaks = {where for where, text in said.items() for each in hidden if each in text}

    assert leaks == set()


def test_what_may_be_shown_is_shown_so_somebody_has_looked(said: dict[str, str]) -> None:
    for where in ("StagingMirror (json)", "StagingMirror (console)", "stagingmirror diff fraud"):
        assert SHOWN in said[where]


def test_what_is_hidden_was_compared_all_the_same(said: dict[str, str], world: World) -> None:
    status = world.status()
    verdicts = {each["name"]: each["verdict"] for each in status["components"]}

    assert {name: verdicts[name] for name in ("hidden", "variable", "annotation")} == dict.fromkeys(
        ("hidden", "variable", "annotation"), "Drifted"
    )
    assert verdicts["from-secret"] == "Unknown"
    differing = {d["fact"] for c in status["components"] for d in c["differences"]}
    assert "requirements" in differing
    assert condition(status, "InSync")["status"] == "False"


def test_what_is_hidden_was_not_copied(said: dict[str, str], world: World) -> None:
    staging = world.kube.get("v1", "ConfigMap", "hidden", world.staging)["data"]

    assert "of-production" not in str(staging)
    stalled = condition(world.status("refreshed"), "Stalled")
    assert stalled["reason"] == "NotReadable"
    assert "is not listed in readable." in stalled["message"]


def test_what_was_planted_was_there_to_be_said(said: dict[str, str], registry: BadRegistry) -> None:
    pair = base64.b64encode(f"{planted('username')}:{planted('password')}".encode()).decode()

    assert f"Bearer {planted('token')}" in registry.authorized
    assert f"Basic {pair}" in registry.authorized
