"""A mirror whose status cannot be written: an admission rule denies it. Others do not notice."""

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Refused
from rig.run import until
from stagingmirror.api.status.unsettled import ANNOTATION, named
from stagingmirror.api.types.base import API_VERSION, GROUP, VERSION
from support.operators.operator import World, a_running_world, emptied, snapshot

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("leader-unwritable")]

ADMISSION = "admissionregistration.k8s.io/v1"


@pytest.fixture
def world(control_plane: ControlPlane) -> Iterator[World]:
    with a_running_world(control_plane) as world:
        yield world


@pytest.fixture
def policy(world: World) -> Iterator[str]:
    """The name of what ``deny`` makes; gone afterwards."""
    name = f"no-status-{world.staging}"
    kind = "ValidatingAdmissionPolicy"
    yield name
    for each in (f"{kind}Binding", kind):
        try:
            world.kube.delete(ADMISSION, each, name)
        except Refused as refused:
            if refused.code != 404:
                raise


def deny(world: World, name: str) -> None:
    rule = {
        "apiGroups": [GROUP],
        "apiVersions": [VERSION],
        "operations": ["UPDATE"],
        "resources": ["stagingmirrors/status"],
    }
    where = f"object.metadata.namespace != '{world.staging}' || object.metadata.name != 'blocked'"
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": where, "message": "not here"}],
    }
    kind, metadata = "ValidatingAdmissionPolicy", {"name": name}
    world.kube.create({"apiVersion": ADMISSION, "kind": kind, "metadata": metadata, "spec": spec})
    binding = {"policyName": name, "validationActions": ["Deny"]}
    world.kube.create(
        {"apiVersion": ADMISSION, "kind": f"{kind}Binding", "metadata": metadata, "spec": binding}
    )
    until(lambda: is_denied(world), within=30, what="the policy is not in force")


def is_denied(world: World) -> bool:
    body = world.read("blocked")
    path = f"/apis/{API_VERSION}/namespaces/{world.staging}/stagingmirrors/blocked/status"
    try:
        world.kube.request("PUT", path, body)
    except Refused as refused:
        return refused.code in (403, 422)
    return False


def check(world: World, name: str) -> subprocess.CompletedProcess[str]:
    command = [
        *(sys.executable, "-m", "stagingmirror", "check", name, "-n", world.staging),
        *("--kubeconfig", str(world.control_plane.kubeconfig)),
        *("--operator-namespace", world.namespace),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def left_out(world: World, name: str) -> bool:
    lease = world.kube.get("coordination.k8s.io/v1", "Lease", "stagingmirror", world.namespace)
    annotation = (lease["metadata"].get("annotations") or {}).get(ANNOTATION)
    return named(annotation, world.staging, name)


def test_a_status_that_cannot_be_written_is_unknown_for_its_own_mirror_alone(
    world: World, policy: str
) -> None:
    for name in ("fraud", "blocked"):
        world.mirror(name)
        world.until_sync("InSync", name)
    deny(world, policy)

    snapshot(world, "2026-11-22")
    world.until_sync("Drifted", "fraud")

    world.until_settled(within=30)
    assert world.status("blocked")["sync"] == "InSync", "the old verdict stands in the API"
    assert left_out(world, "blocked")
    assert not left_out(world, "fraud")
    blocked, fraud = check(world, "blocked"), check(world, "fraud")
    assert (blocked.returncode, fraud.returncode) == (4, 3), (blocked, fraud)
    assert "cannot write this mirror's status" in blocked.stdout

    for kind in ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"):
        world.kube.delete(ADMISSION, kind, policy)
    world.until_sync("Drifted", "blocked", within=60)
    until(lambda: not left_out(world, "blocked"), within=15, what="it is still left out")
    assert world.settled_at() <= time.time()
    emptied(world)
