"""Admission that changes or refuses what a refresh writes: found before the first write, left and
said; the message names neither us nor somebody else as the one who did it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from rig.kube import PATCHES, Refused
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import config_map, deployment
from support.operators.waiting import holds
from support.sandbox.image_refreshes import NEW, OLD, image_of, live
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox

pytestmark = pytest.mark.integration

Object = dict[str, Any]
API = "admissionregistration.k8s.io/v1"
DATA = "training-data"


@pytest.fixture
async def sandbox(control_plane: Any) -> AsyncIterator[Sandbox]:
    async with a_sandbox(control_plane) as sandbox:
        with Kubelet(sandbox.kube, (sandbox.production, sandbox.staging)):
            yield sandbox


@contextmanager
def policy(sandbox: Sandbox, kind: str, resource: str, spec: Object) -> Iterator[None]:
    """One rule for updates of this resource in staging's namespace."""
    name = f"rule-{sandbox.staging}"
    group = "apps" if resource == "deployments" else ""
    rule = {
        "apiGroups": [group],
        "apiVersions": ["v1"],
        "operations": ["UPDATE"],
        "resources": [resource],
    }
    match = {
        "resourceRules": [rule],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": sandbox.staging}},
    }
    body = {
        "apiVersion": API,
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"failurePolicy": "Fail", "matchConstraints": match, **spec},
    }
    actions = {"validationActions": ["Deny"]} if kind.startswith("Validating") else {}
    binding = {
        "apiVersion": API,
        "kind": f"{kind}Binding",
        "metadata": {"name": name},
        "spec": {"policyName": name, **actions},
    }
    sandbox.kube.apply(body, binding, manager="admin")
    try:
        yield
    finally:
        sandbox.kube.delete(API, f"{kind}Binding", name)
        sandbox.kube.delete(API, kind, name)


PINS = {
    "reinvocationPolicy": "Never",
    "mutations": [
        {
            "patchType": "ApplyConfiguration",
            "applyConfiguration": {
                "expression": (
                    "Object{spec: Object.spec{template: Object.spec.template{spec: "
                    "Object.spec.template.spec{containers: [Object.spec.template.spec.containers{"
                    f'name: "app", image: "{OLD}"}}]}}}}}}}}'
                )
            },
        }
    ],
}
DENIES = {"validations": [{"expression": "false", "message": "frozen"}]}


async def two_components(sandbox: Sandbox) -> None:
    """An image and a ConfigMap's key, both behind production."""
    kube = sandbox.kube
    for space, image, value in (
        (sandbox.production, NEW, "new"),
        (sandbox.staging, OLD, "old"),
    ):
        kube.apply(
            deployment("features", space, image),
            config_map(DATA, space, {"snapshot": value}),
            manager="owner",
        )
    place = {"kind": "Deployment", "name": "features", "container": "app"}
    key = {"configMap": {"name": DATA, "key": "snapshot"}}
    sandbox.mirror(
        [
            {"name": "features", "pipelineImage": {"production": place}},
            {"name": "data", "setting": {"production": key}},
        ]
    )
    sandbox.operator()
    await sandbox.step()
    async with asyncio.timeout(60):
        while len((await sandbox.context()).plan.steps) < 2:  # noqa: ASYNC110 - pods know no event
            await asyncio.sleep(0.1)


def value(sandbox: Sandbox) -> str:
    return str(sandbox.kube.get("v1", "ConfigMap", DATA, sandbox.staging)["data"]["snapshot"])


async def in_force(sandbox: Sandbox, path: str, patch: Object) -> None:
    """A policy counts some time after it was made: until a write is refused or changed by it."""

    def counts() -> bool:
        where = path.format(sandbox.staging)
        try:
            kept = sandbox.kube.request(
                "PATCH", f"{where}?dryRun=All", patch, content_type=PATCHES["strategic"]
            )
        except Refused:
            return True
        return "spec" in kept and image_of(kept) == OLD

    await holds(counts, within=30)


async def until_pinned(sandbox: Sandbox) -> None:
    containers = [{"name": "app", "image": NEW}]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    await in_force(sandbox, "/apis/apps/v1/namespaces/{}/deployments/features", patch)


async def until_denied(sandbox: Sandbox) -> None:
    path = f"/api/v1/namespaces/{{}}/configmaps/{DATA}"
    await in_force(sandbox, path, {"data": {"snapshot": "tried"}})


async def test_an_image_that_a_policy_pins_is_left_and_the_rest_is_refreshed(
    sandbox: Sandbox,
) -> None:
    await two_components(sandbox)
    with policy(sandbox, "MutatingAdmissionPolicy", "deployments", PINS):
        await until_pinned(sandbox)
        before = live(sandbox)["metadata"]

        ended = await sandbox.run("now")

        assert ended["result"] == "Succeeded"
        (left,) = ended["left"]
        assert left["component"] == "features"
        assert "an admission rule of the cluster" in left["why"]
        assert (value(sandbox), image_of(live(sandbox))) == ("new", OLD)
        assert live(sandbox)["metadata"]["generation"] == before["generation"]


async def test_what_a_policy_denies_is_left_and_the_rest_is_refreshed(sandbox: Sandbox) -> None:
    await two_components(sandbox)
    with policy(sandbox, "ValidatingAdmissionPolicy", "configmaps", DENIES):
        await until_denied(sandbox)

        ended = await sandbox.run("now")

    assert ended["result"] == "Succeeded"
    (left,) = ended["left"]
    assert left["component"] == "data"
    assert "an admission rule of the cluster forbids it" in left["why"]
    assert (value(sandbox), image_of(live(sandbox))) == ("old", NEW)
