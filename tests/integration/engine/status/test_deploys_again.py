"""Rollouts as people make them, one after another and while no operator runs: each is told, once.

And everything that was counted of a mirror is gone from ``/metrics`` with it.
"""

import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.kubelet import Kubelet, digest_of
from support.kubernetes.workloads import DIGEST, deployment
from support.operators.operator import OperatorProcess, World
from support.resources import resources
from support.sandbox.refreshing import REFRESH, ask, ended

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("told-deploys-again")]

Object = dict[str, Any]

FIRST, SECOND = (f"registry.example/features@{DIGEST.format(n)}" for n in (1, 2))
TRACK = [
    {
        "name": "image",
        "pipelineImage": {
            "production": {"kind": "Deployment", "name": "features", "container": "app"}
        },
    }
]


@pytest.fixture
def unstarted(control_plane: ControlPlane) -> Iterator[World]:
    """Both sides are to run the first image, and a mirror tracks it; no pod runs yet."""
    with World(control_plane) as world:
        for space in (world.production, world.staging):
            world.kube.apply(deployment("features", space, FIRST), manager="helm")
        world.mirror(track=TRACK, refresh=REFRESH)
        yield world


@pytest.fixture
def world(unstarted: World) -> Iterator[World]:
    with Kubelet(unstarted.kube, (unstarted.production, unstarted.staging)):
        yield unstarted


def set_image(world: World, space: str, image: str) -> None:
    """As ``kubectl set image`` does it."""
    containers = {"containers": [{"name": "app", "image": image}]}
    patch(world, space, {"spec": containers})


def restart(world: World, space: str) -> None:
    """As ``kubectl rollout restart`` does it; the mark is of its own each time."""
    mark = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}-{secrets.token_hex(2)}"
    annotations = {"kubectl.kubernetes.io/restartedAt": mark}
    patch(world, space, {"metadata": {"annotations": annotations}})


def patch(world: World, space: str, template: Object) -> None:
    body = {"spec": {"template": template}}
    world.kube.patch(
        *("apps/v1", "Deployment", "features", space, body),
        how="strategic",
        manager="kubectl",
    )


def deploy_of(status: Object, side: str) -> Object:
    found = (each for each in status.get("deploys") or () if each["side"] == side)
    return next(found, {})


def rolled_out(world: World, side: str, image: str) -> Object:
    """The deploy of what the Deployment is now, once it is there."""
    space = world.production if side == "production" else world.staging
    body = world.kube.get("apps/v1", "Deployment", "features", space)
    now = body["metadata"]["generation"]

    def told(status: Object) -> bool:
        deploy = deploy_of(status, side)
        at = world.kube.get("apps/v1", "Deployment", "features", space)
        number = at["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
        caught_up = at["status"].get("observedGeneration", 0) >= now
        is_this = deploy.get("revisions", {}).get("Deployment features", "").endswith(f"/{number}")
        return caught_up and is_this and deploy["verified"] is True

    deploy = deploy_of(world.until(told, within=90), side)
    assert deploy["provenance"]["digest"] == digest_of(image)
    return deploy


def events(world: World) -> list[tuple[str, str]]:
    found = world.kube.list("events.k8s.io/v1", "Event", world.staging)
    return [(each["type"], each["note"]) for each in found if each["reason"] == "Deployed"]


def lines(operator: OperatorProcess) -> list[tuple[str, str]]:
    """Level and message of each line about a deploy."""
    told = (line for line in operator.lines() if line.get("event") == "Deployed")
    return [(line["level"], line["message"]) for line in told]


def until_events(world: World, number: int) -> None:
    until(lambda: len(events(world)) >= number, within=60, what=f"not {number} Events of deploys")


def until_known(world: World) -> None:
    world.until(lambda status: len(status.get("deploys") or ()) == 2, within=90)


MATCHES = (
    "image in staging: Deployment features rolled out with digest sha256:00000000; "
    "verified: as production"
)
DIFFERS = (
    "image in staging: Deployment features rolled out with digest sha256:00000000; "
    "differs from production in digest"
)


def test_a_rollout_in_the_words_of_the_last_one_is_told_as_well(world: World) -> None:
    with world.operator("--log-format=json") as operator:
        operator.until_leading()
        until_known(world)
        told = []
        for image in (None, SECOND, FIRST, None):
            if image is None:
                restart(world, world.staging)
            else:
                set_image(world, world.staging, image)
            told.append(rolled_out(world, "staging", image or FIRST)["message"])
        until_events(world, 4)
        world.until_settled(within=90)

        assert told == [MATCHES, DIFFERS, MATCHES, MATCHES]
        assert Counter(events(world)) == {("Normal", MATCHES): 3, ("Warning", DIFFERS): 1}
        assert Counter(lines(operator)) == {("info", MATCHES): 3, ("warning", DIFFERS): 1}


def test_what_was_rolled_out_while_no_operator_ran_is_told_by_the_next_one_and_once(
    world: World,
) -> None:
    with world.operator("--log-format=json") as first:
        first.until_leading()
        until_known(world)
        set_image(world, world.staging, SECOND)
        rolled_out(world, "staging", SECOND)
        until_events(world, 1)
        first.kill()
    set_image(world, world.staging, FIRST)

    with world.operator("--log-format=json") as second:
        second.until_leading()
        rolled_out(world, "staging", FIRST)
        until_events(world, 2)
        world.until_settled(within=90)
        second.kill()
    with world.operator("--log-format=json") as third:
        third.until_leading()
        world.until_settled(within=90)
        restart(world, world.production)
        rolled_out(world, "production", FIRST)
        until_events(world, 3)  # in their order: what was told before is written before

        assert lines(first) == [("warning", DIFFERS)]
        assert lines(second) == [("info", MATCHES)]
        assert len(lines(third)) == 1
        assert "in production" in lines(third)[0][1]
        assert len(events(world)) == 3


def test_what_ran_before_is_not_told_though_its_other_side_is_seen_only_later(
    unstarted: World,
) -> None:
    world = unstarted
    with Kubelet(world.kube, (world.staging,)), world.operator() as operator:
        operator.until_leading()
        world.until(lambda status: deploy_of(status, "staging").get("verified") is False, within=90)
        set_image(world, world.production, SECOND)
        with Kubelet(world.kube, (world.production,)):
            world.until(lambda status: deploy_of(status, "staging").get("verified"), within=90)
            world.until(lambda status: deploy_of(status, "production").get("verified"), within=90)
            world.until_settled(within=90)

            assert deploy_of(world.status(), "staging")["mismatch"] == ["digest"]
            told = [line["event"] for line in operator.lines()]
            assert "DriftDetected" in told
            assert [each for each in told if each in ("Deployed", "DeployCompared")] == []


SERIES = {
    "stagingmirror_sync",
    "stagingmirror_condition",
    "stagingmirror_component_verdict",
    "stagingmirror_valid_seconds",
    "stagingmirror_last_refresh_timestamp_seconds",
    "stagingmirror_next_refresh_timestamp_seconds",
    "stagingmirror_refreshes_total",
    "stagingmirror_deploys_total",
}


def series_of(operator: OperatorProcess, name: str) -> set[str]:
    """The names of the series that say this name in a label."""
    told = operator.get("/metrics")[1].splitlines()
    return {line.partition("{")[0] for line in told if f'"{name}"' in line}


def test_of_a_mirror_that_was_refreshed_rolled_out_and_held_no_series_is_left(
    world: World,
) -> None:
    with world.operator() as operator:
        operator.until_leading()
        until_known(world)
        set_image(world, world.production, SECOND)
        world.until_sync("Drifted", within=90)
        ask(world, "now")
        assert ended(world)["result"] == "Succeeded"
        hold = {"mirrors": ["fraud"], "components": ["image"], "until": "2099-01-01T00:00:00Z"}
        world.kube.create(resources.hold("ci-1", world.staging, **hold))
        world.until_sync("Held", within=90)
        rolled_out(world, "staging", SECOND)
        until(lambda: series_of(operator, "fraud") >= SERIES, within=60, what="a series is missing")
        assert series_of(operator, "ci-1") == {"stagingmirror_hold_expiry_timestamp_seconds"}

        world.kube.delete(API_VERSION, "StagingMirror", "fraud", world.staging)
        world.kube.delete(API_VERSION, "MirrorHold", "ci-1", world.staging)

        until(lambda: not series_of(operator, "fraud"), within=60, what="series are left")
        until(lambda: not series_of(operator, "ci-1"), within=60, what="the hold's is left")
        world.mirror("other", track=TRACK)
        world.until_sync("InSync", "other", within=90)
        assert series_of(operator, "other")
        assert series_of(operator, "fraud") == set()
