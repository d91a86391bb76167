"""What only a human can mend: told with field and remedy, and retried when it is mended."""

import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from stagingmirror.api.types.base import API_VERSION
from support.operators.operator import World, a_running_world, condition, emptied, until_stalled
from support.resources import resources

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-stalls")]

REFRESH = {"schedule": "0 6 * * 1", "settle": "1s"}


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane) -> Iterator[World]:
    with a_running_world(control_plane) as world:
        yield world


@pytest.fixture
def fraud(world: World) -> Iterator[World]:
    """A world without a mirror; what the test makes is deleted afterwards."""
    yield world
    emptied(world)


def stalled(status: dict[str, Any]) -> dict[str, Any]:
    return condition(status, "Stalled")


def until_not_stalled(world: World, name: str = "fraud") -> dict[str, Any]:
    return world.until(
        lambda status: bool(status.get("conditions")) and not stalled(status),
        name,
        what=f"{name} stays Stalled",
    )


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
