"""What the operator tells of environments."""

import base64
import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from support.operators.operator import World, a_running_world, condition, emptied

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-environments")]


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with a_running_world(control_plane) as world:
        yield world


@pytest.fixture
def fraud(world: World) -> Iterator[World]:
    """A world without a mirror; what the test makes is deleted afterwards."""
    yield world
    emptied(world)


def ready_of(world: World, role: str) -> dict[str, Any]:
    body = world.kube.get(API_VERSION, "MirrorEnvironment", world.environments[role])
    return condition(body.get("status") or {}, "Ready")


def until_ready_says(world: World, reason: str, role: str = "production") -> dict[str, Any]:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        if (said := ready_of(world, role)).get("reason") == reason:
            return said
        time.sleep(0.1)
    raise AssertionError(f"Ready says {ready_of(world, role)}")


def test_a_secret_without_the_label_is_not_used_and_the_environment_says_so(fraud: World) -> None:
    password = secrets.token_urlsafe(12)
    data = {"username": "u", "password": password}
    encoded = {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "mlflow", "namespace": fraud.namespace},
        "data": encoded,
    }
    server = {"url": "http://127.0.0.1:9", "credentialsSecretRef": {"name": "mlflow"}}
    fraud.environment("production", fraud.production, mlflow=server)
    try:
        assert until_ready_says(fraud, "SecretMissing")["status"] == "False"
        fraud.kube.create(secret)
        said = until_ready_says(fraud, "SecretNotLabelled")
        assert "stagingmirror.dev/environment" in said["message"]
        assert password not in str(fraud.kube.list(API_VERSION, "MirrorEnvironment"))
    finally:
        fraud.environment("production", fraud.production)
    until_ready_says(fraud, "Readable")


def test_a_namespace_that_may_not_be_read_makes_the_environment_not_ready(fraud: World) -> None:
    namespaces = [fraud.production, "kube-public"]
    fraud.environment("production", fraud.production, namespaces=namespaces)
    try:
        said = until_ready_says(fraud, "Forbidden")
        assert "kube-public" in said["message"]
    finally:
        fraud.environment("production", fraud.production)
    until_ready_says(fraud, "Readable")


def test_nothing_is_written_to_an_environment_while_nothing_changes(fraud: World) -> None:
    for role in fraud.environments:
        until_ready_says(fraud, "Readable", role)
    before = versions_of(fraud)
    fraud.mirror()
    fraud.until_sync("InSync")

    time.sleep(3)

    assert versions_of(fraud) == before


def versions_of(world: World) -> dict[str, str]:
    """The resourceVersion of each environment of this world: any write makes another one."""
    found = world.kube.list(API_VERSION, "MirrorEnvironment")
    own = set(world.environments.values())
    return {
        each["metadata"]["name"]: each["metadata"]["resourceVersion"]
        for each in found
        if each["metadata"]["name"] in own
    }
