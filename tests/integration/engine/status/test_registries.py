"""Registries that are no good in every way there is: told on mirror and environment, and nothing
else suffers.
"""

import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.workloads import config_map
from support.mlflow.bad_registry import BadRegistry
from support.operators.operator import OperatorProcess, World, condition
from support.resources import resources

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("told-registries")]

Object = dict[str, Any]

FAULTS: dict[str, tuple[str, str]] = {
    "down": ("Unreachable", "no connection; is it running and reachable?"),
    "unauthorized": ("Unauthorized", "(401); check mlflow.credentialsSecretRef"),
    "forbidden": ("Forbidden", "(403); request the permission there"),
    "broken": ("ServerError", "answered 500 INTERNAL_ERROR"),
    "proxy": ("Unavailable", "answered 502"),
    "throttled": ("Throttled", "is throttling us (429)"),
    "garbage": ("Garbage", "the answer is no JSON object; is it an MLflow?"),
    "elsewhere": ("NotMlflow", "404 without an MLflow error; is the URL right?"),
    "hanging": ("TimedOut", "no answer in time"),
    "half": ("HalfRead", "the connection ended in the middle of the answer"),
    "redirect": ("Redirected", "a redirect, which is not followed; set mlflow.url to its end"),
}
SECRETS: dict[str, tuple[str, str]] = {
    "missing": ("SecretMissing", "does not exist; create it, with the label"),
    "unlabelled": ("SecretNotLabelled", "lacks the label stagingmirror.dev/environment:"),
    "elses": ("SecretNotLabelled", "lacks the label stagingmirror.dev/environment:"),
    "incomplete": ("SecretIncomplete", "must hold token, or username and password"),
}
TROUBLES = {**FAULTS, **SECRETS}


@pytest.fixture(scope="module")
def registry() -> Iterator[BadRegistry]:
    with BadRegistry() as registry:
        yield registry


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, registry: BadRegistry) -> Iterator[World]:
    """For each trouble a production environment and a mirror, named like it; their staging is
    well, and empty.
    """
    with World(control_plane, mlflow={"staging": {"url": registry.url("empty")}}) as world:
        for space in (world.production, world.staging):
            world.kube.create(config_map("training-data", space, {"snapshot": "2026-11-20"}))
        secret(world, "unlabelled", {"token": "t"})
        secret(world, "elses", {"token": "t"}, label="another")
        secret(world, "incomplete", {"username": "u"}, label=production(world, "incomplete"))
        for trouble in TROUBLES:
            world.kube.create(environment(world, registry, trouble))
        yield world
        for trouble in TROUBLES:
            world.kube.delete(API_VERSION, "MirrorEnvironment", production(world, trouble))


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        for trouble in TROUBLES:
            place = {"environment": production(world, trouble), "namespace": world.production}
            entry = {"modelAlias": {"production": {"model": "fraud", "alias": "champion"}}}
            world.mirror(trouble, production=place, track=[{"name": "model"} | entry])
        yield operator


def production(world: World, trouble: str) -> str:
    return f"{world.environments['production']}-{trouble}"


def environment(world: World, registry: BadRegistry, trouble: str) -> Object:
    server: Object = {"url": registry.url(trouble if trouble in FAULTS else "broken")}
    if trouble in SECRETS:
        server["credentialsSecretRef"] = {"name": trouble}
    return resources.environment(
        production(world, trouble),
        "Production",
        usableFrom=[world.staging],
        namespaces=[world.production],
        mlflow=server,
    )


def secret(world: World, name: str, data: dict[str, str], *, label: str | None = None) -> None:
    labels = {} if label is None else {"stagingmirror.dev/environment": label}
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    metadata = {"name": name, "namespace": world.namespace, "labels": labels}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": encoded}
    world.kube.create(body)


def the_component(status: Object) -> Object:
    found: Object = (status.get("components") or [{}])[0]
    return found


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_registry_that_cannot_be_asked_is_unknown_with_the_reason(
    world: World, operator: OperatorProcess, trouble: str
) -> None:
    reason, message = TROUBLES[trouble]

    status = world.until(lambda status: the_component(status).get("reason") == reason, trouble)

    told = the_component(status)
    assert (status["sync"], told["verdict"]) == ("Unknown", "Unknown")
    assert message in told["message"]
    assert condition(status, "InSync")["status"] == "Unknown"
    assert condition(status, "Ready")["status"] == "False"
    assert not condition(status, "Stalled")


@pytest.mark.parametrize("trouble", TROUBLES)
def test_its_environment_says_so_too(world: World, operator: OperatorProcess, trouble: str) -> None:
    reason, message = TROUBLES[trouble]
    deadline = time.monotonic() + 40
    ready: Object = {}
    while ready.get("reason") != reason and time.monotonic() < deadline:
        body = world.kube.get(API_VERSION, "MirrorEnvironment", production(world, trouble))
        ready = condition(body.get("status") or {}, "Ready")
        time.sleep(0.1)

    assert (ready["status"], ready["reason"]) == ("False", reason)
    assert message in ready["message"]


def test_what_needs_no_registry_is_told_at_once_beside_all_of_them(
    world: World, operator: OperatorProcess
) -> None:
    world.mirror("beside")

    world.until_sync("InSync", "beside", within=20)


def test_a_registry_that_answers_again_is_believed_again(
    world: World, operator: OperatorProcess, registry: BadRegistry
) -> None:
    registry.heal("proxy")

    status = world.until(
        lambda status: the_component(status).get("reason") == "NothingToMirror", "proxy", within=20
    )

    assert 'alias "champion" of registered model "fraud"' in the_component(status)["message"]


def test_a_secret_that_is_put_right_is_used_without_anybody_touching_the_mirror(
    world: World, operator: OperatorProcess
) -> None:
    name = production(world, "missing")
    secret(world, "missing", {"token": "t"}, label=name)

    world.until(lambda status: the_component(status).get("reason") == "ServerError", "missing")


def test_a_production_that_our_account_could_write_to_is_told_as_such(
    world: World, operator: OperatorProcess
) -> None:
    """The account may write in staging's namespace, which is production's here."""
    name = f"{world.environments['production']}-writable"
    spec = {"usableFrom": ["nobody"], "namespaces": [world.production, world.staging]}
    world.kube.create(resources.environment(name, "Production", **spec))
    read_only: Object = {}
    try:
        deadline = time.monotonic() + 40
        while not read_only and time.monotonic() < deadline:
            body = world.kube.get(API_VERSION, "MirrorEnvironment", name)
            read_only = condition(body.get("status") or {}, "KubernetesReadOnly")
            time.sleep(0.1)
    finally:
        world.kube.delete(API_VERSION, "MirrorEnvironment", name)

    assert (read_only["status"], read_only["reason"]) == ("False", "CanWrite")
    assert f"could write in {world.staging}; take these rights from it" in read_only["message"]
