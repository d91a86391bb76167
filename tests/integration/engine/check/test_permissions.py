"""What the operator says of its rights in production where the cluster does not tell them all."""

from collections.abc import Iterator
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from support.kubernetes.authorizer import an_authorizer
from support.kubernetes.rights import bind
from support.kubernetes.workloads import config_map
from support.operators.operator import DATA, World, condition
from support.operators.rigs import make_namespace
from support.resources import resources

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("check-rights")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """On an API server that asks a webhook as well."""
    with (
        an_authorizer(tmp_path_factory.mktemp("authorizer")) as flags,
        ControlPlane("asks-a-webhook", api_server=flags) as plane,
        World(plane) as world,
    ):
        for space in (world.production, world.staging):
            world.kube.create(config_map(DATA, space, {"snapshot": "2026-11-20"}))
        with world.operator() as operator:
            operator.until_leading()
            yield world


def until_read_only_says(world: World, name: str, status: str) -> dict[str, Any]:
    """The condition of this environment."""

    def said() -> dict[str, Any]:
        body = world.kube.get(API_VERSION, "MirrorEnvironment", name)
        return condition(body.get("status") or {}, "KubernetesReadOnly")

    until(lambda: said().get("status") == status, within=60, what=f"it does not say {status}")
    return said()


def test_rights_that_are_not_all_told_are_reviewed_and_what_may_be_read_is_compared(
    world: World,
) -> None:
    said = until_read_only_says(world, world.environments["production"], "True")

    assert said["reason"] == "NoWriteAllowed"
    assert "does not list all of the account's rights" in said["message"]
    world.mirror()
    world.until_sync("InSync")


def test_a_right_to_write_that_is_told_is_one_though_others_may_be_missing(world: World) -> None:
    space = make_namespace(world.kube, "prod")
    writing = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"]}
    bind(world.kube, world.namespace, space, [writing])

    world.kube.create(resources.environment(space, namespaces=[space]))

    said = until_read_only_says(world, space, "False")
    assert said["reason"] == "CanWrite"
    assert space in said["message"]
