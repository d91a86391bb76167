"""Staging's side is no good, in every way there is: told as such, and nothing is written there.

Production is a real MLflow with a model; each staging is another bad one.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from rig.models import log_files
from stagingmirror.api.types.base import API_VERSION
from support.mlflow.bad_registry import BadRegistry
from support.operators.operator import OperatorProcess, World, condition, until_stalled
from support.resources import resources

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("told-staging")]

Object = dict[str, Any]

FAULTS: dict[str, tuple[str, str]] = {
    "down": ("Unreachable", "no connection; is it running and reachable?"),
    "unauthorized": ("Unauthorized", "(401); check mlflow.credentialsSecretRef"),
    "broken": ("ServerError", "answered 500 INTERNAL_ERROR"),
    "garbage": ("Garbage", "the answer is no JSON object; is it an MLflow?"),
    "hanging": ("TimedOut", "no answer in time"),
    "half": ("HalfRead", "the connection ended in the middle of the answer"),
}
REFRESH = {"schedule": "0 6 1 1 *", "settle": "0s", "startingDeadline": "4s"}


@pytest.fixture(scope="module")
def registry() -> Iterator[BadRegistry]:
    with BadRegistry() as registry:
        yield registry


@pytest.fixture(scope="module")
def world(
    control_plane: ControlPlane, mlflow_production: MlflowServer, registry: BadRegistry
) -> Iterator[World]:
    """For each fault a staging environment, named like it."""
    with World(control_plane, mlflow={"production": {"url": mlflow_production.url}}) as world:
        log_files(mlflow_production, world.staging, {"w.bin": "good"}, alias="champion")
        for fault in FAULTS:
            world.kube.create(environment(world, fault, mlflow={"url": registry.url(fault)}))
        yield world
        for fault in FAULTS:
            world.kube.delete(API_VERSION, "MirrorEnvironment", staging(world, fault))


@pytest.fixture(scope="module")
def operator(world: World) -> Iterator[OperatorProcess]:
    with world.operator() as operator:
        operator.until_leading()
        for fault in FAULTS:
            place = {"environment": staging(world, fault)}
            world.mirror(fault, staging=place, track=[model(world)], refresh=REFRESH)
        yield operator


def staging(world: World, fault: str) -> str:
    return f"{world.environments['staging']}-{fault}"


def environment(world: World, fault: str, **spec: Any) -> Object:
    whole: Object = {"usableFrom": [world.staging], "namespaces": [world.staging]} | spec
    return resources.environment(staging(world, fault), "Staging", **whole)


def model(world: World) -> Object:
    """The registered model is named like this world's staging: others use the same server."""
    return {
        "name": "model",
        "modelAlias": {"production": {"model": world.staging, "alias": "champion"}},
    }


def the_component(status: Object) -> Object:
    found: Object = (status.get("components") or [{}])[0]
    return found


def until_told(world: World, fault: str, reason: str) -> Object:
    """Its status, once production was read whole and staging is told for this reason."""
    return world.until(
        lambda status: (
            the_component(status).get("reason") == reason
            and "contentHash" in (the_component(status).get("production") or {})
        ),
        fault,
        within=90,
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_what_staging_has_is_unknown_with_the_reason_and_production_is_shown(
    world: World, operator: OperatorProcess, fault: str
) -> None:
    reason, message = FAULTS[fault]

    status = until_told(world, fault, reason)

    told = the_component(status)
    assert (status["sync"], told["verdict"]) == ("Unknown", "Unknown")
    assert told["message"].startswith("staging")
    assert message in told["message"]
    assert "contentHash" not in (told.get("staging") or {})
    assert condition(status, "InSync")["status"] == "Unknown"
    assert not condition(status, "Stalled")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_refresh_waits_for_staging_says_so_and_is_skipped_with_nothing_written(
    world: World, operator: OperatorProcess, fault: str
) -> None:
    until_told(world, fault, FAULTS[fault][0])

    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "1"}}}, fault)
    waiting = world.until(lambda status: status.get("waiting"), fault, within=60)
    status = world.until(lambda status: status.get("refreshes"), fault, within=60)

    ended = status["refreshes"][0]
    assert "model is not known in staging" in waiting["waiting"]
    assert (ended["result"], ended["reason"]) == ("Skipped", "DeadlineMissed")
    assert "model is not known in staging" in ended["message"]
    assert status["handledRefreshAt"] == "1"
    assert not condition(status, "Refreshed")
    records = world.kube.list("v1", "ConfigMap", world.namespace)
    assert [each for each in records if each["metadata"]["name"].startswith("refresh-")] == []


def test_a_staging_that_answers_again_is_compared_again(
    world: World, operator: OperatorProcess, registry: BadRegistry
) -> None:
    until_told(world, "broken", "ServerError")

    registry.heal("broken")

    status = world.until_sync("Drifted", "broken", within=90)
    assert the_component(status)["differences"][0]["fact"] == "present"


def test_a_staging_environment_that_is_not_there_stalls_until_it_is(
    world: World, operator: OperatorProcess, registry: BadRegistry
) -> None:
    world.mirror("later", staging={"environment": staging(world, "later")}, track=[model(world)])
    stalled = condition(until_stalled(world, "EnvironmentMissing", "later"), "Stalled")
    assert stalled["message"].startswith("spec.staging.environment: there is no MirrorEnvironment")

    body = environment(world, "later", usableFrom=[], mlflow={"url": registry.url("empty")})
    world.kube.create(body)
    try:
        stalled = condition(until_stalled(world, "EnvironmentNotUsable", "later"), "Stalled")
        assert f"does not list namespace {world.staging} in usableFrom" in stalled["message"]

        spec = {"usableFrom": [world.staging]}
        world.kube.patch(
            API_VERSION, "MirrorEnvironment", staging(world, "later"), None, {"spec": spec}
        )
        status = world.until_sync("Drifted", "later", within=60)
        assert not condition(status, "Stalled")
    finally:
        world.kube.delete(API_VERSION, "MirrorEnvironment", staging(world, "later"))
    until_stalled(world, "EnvironmentMissing", "later")


def test_productions_environment_is_no_staging(world: World, operator: OperatorProcess) -> None:
    place = {"environment": world.environments["production"]}
    other = {"environment": staging(world, "broken"), "namespace": world.production}

    world.mirror("swapped", production=other, staging=place, track=[model(world)])

    stalled = condition(until_stalled(world, "EnvironmentNotUsable", "swapped"), "Stalled")
    assert "has role Staging; name one with role Production" in stalled["message"]
