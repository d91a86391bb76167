"""What people ask of the operator: tokens, holds, environments; and what it cannot do, with why."""

import base64
import secrets
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.model import API_VERSION
from stagingmirror.api.times import posix, rfc3339
from support import resources
from support.operator import OperatorProcess, World, condition
from support.stage import config_map

pytestmark = pytest.mark.integration

DATA = "training-data"
REFRESH = {"schedule": "0 6 * * 1", "settle": "1s"}


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with World(control_plane) as world:
        for space in (world.production, world.staging):
            world.kube.create(config_map(DATA, space, {"snapshot": "2026-11-20", "other": "a"}))
        yield world


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        yield operator


@pytest.fixture
def fraud(world: World, operator: OperatorProcess) -> Iterator[World]:
    """A world without a mirror; the mirrors and holds of the test are deleted afterwards."""
    yield world
    for kind in ("StagingMirror", "MirrorHold"):
        for body in world.kube.list(API_VERSION, kind, world.staging):
            world.kube.delete(API_VERSION, kind, body["metadata"]["name"], world.staging)


def stalled(status: dict[str, Any]) -> dict[str, Any]:
    return condition(status, "Stalled")


def until_stalled(world: World, reason: str, name: str = "fraud") -> dict[str, Any]:
    return world.until(
        lambda status: stalled(status).get("reason") == reason,
        name,
        what=f"{name} is not Stalled({reason})",
    )


def until_not_stalled(world: World, name: str = "fraud") -> dict[str, Any]:
    return world.until(
        lambda status: bool(status.get("conditions")) and not stalled(status),
        name,
        what=f"{name} stays Stalled",
    )


# Stalls


def test_a_missing_environment_stalls_until_it_is_created(fraud: World) -> None:
    name = f"later-{secrets.token_hex(3)}"
    production = {"environment": name, "namespace": fraud.production}
    fraud.mirror(production=production)

    status = until_stalled(fraud, "EnvironmentMissing")

    assert f'no MirrorEnvironment "{name}"' in stalled(status)["message"]
    assert status["sync"] == "Unknown"
    spec = {"usableFrom": [fraud.staging], "namespaces": [fraud.production]}
    fraud.kube.create(resources.environment(name, "Production", **spec))
    try:
        until_not_stalled(fraud)
        fraud.until_sync("InSync")
    finally:
        fraud.kube.delete(API_VERSION, "MirrorEnvironment", name)
    until_stalled(fraud, "EnvironmentMissing")


@pytest.mark.parametrize("field", ["usableFrom", "namespaces"])
def test_an_environment_that_does_not_list_the_namespace_is_not_usable(
    fraud: World, field: str
) -> None:
    fraud.mirror()
    fraud.until_sync("InSync")

    fraud.environment("production", fraud.production, **{field: ["somewhere-else"]})
    try:
        status = until_stalled(fraud, "EnvironmentNotUsable")
        assert f"in {field}; ask its owner to add it" in stalled(status)["message"]
    finally:
        fraud.environment("production", fraud.production)
    until_not_stalled(fraud)
    fraud.until_sync("InSync")


def test_a_role_that_is_the_wrong_way_round_is_not_usable(fraud: World) -> None:
    name = f"wrong-{secrets.token_hex(3)}"
    spec = {"usableFrom": [fraud.staging], "namespaces": [fraud.production]}
    fraud.kube.create(resources.environment(name, "Staging", **spec))
    try:
        fraud.mirror(production={"environment": name, "namespace": fraud.production})
        status = until_stalled(fraud, "EnvironmentNotUsable")
        assert "has role Staging; name one with role Production" in stalled(status)["message"]
    finally:
        fraud.kube.delete(API_VERSION, "MirrorEnvironment", name)


@pytest.mark.parametrize(
    ("change", "reason", "said"),
    [
        ({"schedule": "0 6 * * 1-5 *"}, "InvalidSchedule", "has 6 fields; use 5"),
        ({"schedule": "TZ=UTC 0 6 * * *"}, "InvalidSchedule", "spec.refresh.timeZone"),
        ({"timeZone": "Mars/Olympus"}, "InvalidTimeZone", "IANA"),
    ],
)
def test_a_schedule_that_cannot_be_read_stalls_and_the_verdict_is_told_all_the_same(
    fraud: World, change: dict[str, str], reason: str, said: str
) -> None:
    fraud.mirror(refresh=REFRESH | change)

    status = until_stalled(fraud, reason)

    assert said in stalled(status)["message"]
    assert status["sync"] == "InSync"
    fraud.change({"spec": {"refresh": REFRESH | {"timeZone": "UTC"}}})
    until_not_stalled(fraud)


def test_the_newer_of_two_mirrors_that_write_one_field_stalls_until_the_older_is_gone(
    fraud: World,
) -> None:
    fraud.mirror("older", refresh=REFRESH)
    fraud.until_sync("InSync", "older")
    time.sleep(1.1)  # creationTimestamp has whole seconds
    fraud.mirror("newer", refresh=REFRESH)

    status = until_stalled(fraud, "Overlap", "newer")

    assert f"{fraud.staging}/older writes too" in stalled(status)["message"]
    assert not stalled(fraud.status("older"))
    fraud.kube.delete(API_VERSION, "StagingMirror", "older", fraud.staging)
    until_not_stalled(fraud, "newer")


def test_a_newer_mirror_that_only_reports_does_not_overlap(fraud: World) -> None:
    fraud.mirror("older", refresh=REFRESH)
    fraud.until_sync("InSync", "older")

    fraud.mirror("newer", refresh=REFRESH, track=[{**resources.setting(), "mode": "Report"}])

    assert not stalled(fraud.until_sync("InSync", "newer"))


def test_nothing_is_refreshed_in_a_namespace_that_a_production_environment_lists(
    fraud: World,
) -> None:
    name = f"second-{secrets.token_hex(3)}"
    spec = {"usableFrom": ["nobody"], "namespaces": [fraud.staging]}
    fraud.kube.create(resources.environment(name, "Production", **spec))
    try:
        fraud.mirror(refresh=REFRESH)
        status = until_stalled(fraud, "ProductionIsReadOnly")
        assert f'listed by Production environment "{name}"' in stalled(status)["message"]
    finally:
        fraud.kube.delete(API_VERSION, "MirrorEnvironment", name)
    until_not_stalled(fraud)


# Tokens


def annotate(world: World, **annotations: str) -> None:
    marks = {f"stagingmirror.dev/{key.replace('_', '-')}": v for key, v in annotations.items()}
    world.change({"metadata": {"annotations": marks}})


def echoes(token: str, status: dict[str, Any]) -> bool:
    return status.get("handledCheckAt") == token


def test_a_check_token_is_echoed_with_looks_that_began_after_it(fraud: World) -> None:
    fraud.mirror(checkInterval="50s")
    fraud.until_sync("InSync")
    asked = time.time()

    annotate(fraud, check_at="one")
    status = fraud.until(lambda status: status.get("handledCheckAt") == "one", within=5)

    assert all(posix(each["observedAt"]) >= int(asked) for each in status["components"])


def test_a_change_just_before_a_check_token_is_in_the_verdict_that_echoes_it(
    fraud: World,
) -> None:
    fraud.mirror(checkInterval="50s")
    fraud.until_sync("InSync")
    for turn in range(5):
        value = {"data": {"snapshot": f"turn {turn}"}}
        fraud.kube.patch("v1", "ConfigMap", DATA, fraud.production, value)
        token = f"turn-{turn}"
        annotate(fraud, check_at=token)

        status = fraud.until(partial(echoes, token), within=5)

        (component,) = status["components"]
        assert component["production"]["value"] == f"turn {turn}"
    value = {"data": {"snapshot": "2026-11-20"}}
    fraud.kube.patch("v1", "ConfigMap", DATA, fraud.production, value)


def test_tokens_that_were_there_first_are_echoed_and_nothing_is_refreshed(fraud: World) -> None:
    value = {"data": {"snapshot": "newer"}}
    fraud.kube.patch("v1", "ConfigMap", DATA, fraud.production, value)
    body = fraud.mirror_body(refresh=REFRESH)
    body["metadata"]["annotations"] = {
        "stagingmirror.dev/check-at": "c",
        "stagingmirror.dev/refresh-at": "r",
    }
    fraud.kube.create(body)

    fraud.until(
        lambda status: (status.get("handledCheckAt"), status.get("handledRefreshAt")) == ("c", "r")
    )

    time.sleep(2)
    status = fraud.status()
    assert status["sync"] == "Drifted"
    assert not status.get("refreshes")
    value = {"data": {"snapshot": "2026-11-20"}}
    fraud.kube.patch("v1", "ConfigMap", DATA, fraud.production, value)


def test_a_refresh_token_of_a_mirror_that_only_watches_is_echoed_with_the_reason(
    fraud: World,
) -> None:
    fraud.mirror()
    fraud.until_sync("InSync")

    annotate(fraud, refresh_at="one")
    status = fraud.until(lambda status: status.get("handledRefreshAt") == "one", within=5)

    assert "spec.refresh is not set" in status["refreshes"][0]["message"]


def test_tokens_of_a_stalled_mirror_are_echoed_at_once(fraud: World) -> None:
    fraud.mirror(production={"environment": "nowhere", "namespace": fraud.production})
    until_stalled(fraud, "EnvironmentMissing")

    annotate(fraud, check_at="c", refresh_at="r")
    status = fraud.until(lambda status: status.get("handledRefreshAt") == "r", within=5)

    assert status["handledCheckAt"] == "c"
    assert "no MirrorEnvironment" in status["refreshes"][0]["message"]


# Holds


def hold(world: World, name: str = "ci", **spec: Any) -> None:
    world.kube.create(resources.hold(name, world.staging, **spec))


def until_effective(world: World, name: str = "ci") -> str:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        status = world.kube.get(API_VERSION, "MirrorHold", name, world.staging).get("status") or {}
        if status.get("effectiveSince"):
            return str(status["effectiveSince"])
        time.sleep(0.05)
    raise AssertionError("the hold does not become effective")


def test_a_held_component_is_held_until_the_hold_expires(fraud: World) -> None:
    fraud.mirror(checkInterval="50s")
    fraud.until_sync("InSync")

    hold(fraud, components=[DATA], until=rfc3339(time.time() + 4))
    status = fraud.until_sync("Held")

    assert condition(status, "InSync")["reason"] == "Held"
    assert "candidate 14" in status["summary"]
    fraud.until_sync("InSync", within=6)


def test_a_hold_that_is_deleted_holds_no_more(fraud: World) -> None:
    fraud.mirror(checkInterval="50s")
    fraud.until_sync("InSync")
    hold(fraud, components=[DATA], mirrors=["fraud"])
    fraud.until_sync("Held")

    fraud.kube.delete(API_VERSION, "MirrorHold", "ci", fraud.staging)

    fraud.until_sync("InSync", within=2)


def test_a_hold_of_another_mirror_changes_nothing(fraud: World) -> None:
    fraud.mirror(checkInterval="50s")
    fraud.until_sync("InSync")

    hold(fraud, components=[DATA], mirrors=["another"])
    until_effective(fraud)

    assert fraud.status()["sync"] == "InSync"


def test_a_hold_is_effective_once_its_mirrors_have_passed_with_it(fraud: World) -> None:
    fraud.mirror(refresh=REFRESH)
    fraud.until_sync("InSync")
    made = int(time.time())

    hold(fraud)

    assert posix(until_effective(fraud)) >= made


def test_an_acceptance_ends_at_its_time_without_any_event(fraud: World) -> None:
    value = {"data": {"snapshot": "newer"}}
    fraud.kube.patch("v1", "ConfigMap", DATA, fraud.production, value)
    until = rfc3339(time.time() + 4)
    accepted = {"component": DATA, "fact": "value", "reason": "MLP-212", "until": until}

    fraud.mirror(checkInterval="50s", accept=[accepted])
    fraud.until_sync("InSync", within=3)

    fraud.until_sync("Drifted", within=6)
    value = {"data": {"snapshot": "2026-11-20"}}
    fraud.kube.patch("v1", "ConfigMap", DATA, fraud.production, value)


def test_drift_is_overdue_at_its_time_without_any_event(fraud: World) -> None:
    value = {"data": {"snapshot": "newer"}}
    fraud.kube.patch("v1", "ConfigMap", DATA, fraud.production, value)

    fraud.mirror(checkInterval="50s", maxDriftAge="3s")
    status = fraud.until_sync("Drifted")
    assert not condition(status, "DriftOverdue")

    fraud.until(lambda status: condition(status, "DriftOverdue"), within=5)
    value = {"data": {"snapshot": "2026-11-20"}}
    fraud.kube.patch("v1", "ConfigMap", DATA, fraud.production, value)


# Environments


def ready_of(world: World, role: str) -> dict[str, Any]:
    body = world.kube.get(API_VERSION, "MirrorEnvironment", world.environments[role])
    return condition(body.get("status") or {}, "Ready")


def until_ready_says(world: World, reason: str, role: str = "production") -> dict[str, Any]:
    deadline = time.monotonic() + 10
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
    until_ready_says(fraud, "Reachable")


def test_a_namespace_that_may_not_be_read_makes_the_environment_not_ready(fraud: World) -> None:
    namespaces = [fraud.production, "kube-public"]
    fraud.environment("production", fraud.production, namespaces=namespaces)
    try:
        said = until_ready_says(fraud, "Forbidden")
        assert "kube-public" in said["message"]
    finally:
        fraud.environment("production", fraud.production)
    until_ready_says(fraud, "Reachable")
