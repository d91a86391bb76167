"""Refreshing workloads on the real API server: what is written, and what is rolled back."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rig.kube import Refused
from support.kubernetes.kubelet import Kubelet, digest_of
from support.kubernetes.workloads import DIGEST, deployment
from support.operators.waiting import holds
from support.resources import resources
from support.sandbox.image_refreshes import NEW, OLD, features, image_of, live, states, watched
from support.sandbox.refresher import tend
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox

pytestmark = pytest.mark.integration
NEVER = f"registry.example/never-ready@{DIGEST.format(3)}"
_NAME = "kubernetes.io/metadata.name"
_RECORDS = "stagingmirror.dev/record=refresh"
MIRRORS = "stagingmirror.dev/v1alpha1"


@pytest.fixture
async def sandbox(control_plane: Any) -> AsyncIterator[Sandbox]:
    async with a_sandbox(control_plane) as sandbox:
        with Kubelet(sandbox.kube, (sandbox.production, sandbox.staging)):
            yield sandbox


def managers(body: dict[str, Any]) -> set[str]:
    return {entry["manager"] for entry in body["metadata"]["managedFields"]}


async def test_an_image_follows_production_and_its_former_owner_is_told(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD)

    ended = await sandbox.run("now")

    assert ended["result"] == "Succeeded", ended
    assert image_of(live(sandbox)) == NEW
    assert sandbox.status["handledRefreshAt"] == "now"
    (told,) = sandbox.told.news
    assert "owner" in told


async def test_an_image_that_never_gets_ready_is_put_back_and_given_back(sandbox: Sandbox) -> None:
    track = features(sandbox, OLD, OLD)
    # Production runs it (its kubelet is another), staging cannot pull it.
    sandbox.mirror(track)
    await sandbox.until(lambda _: _runs(sandbox, "features"))
    before = live(sandbox)
    track[0]["pipelineImage"]["staging"] = {"repository": "registry.example/never-ready"}
    sandbox.kube.apply(deployment("features", sandbox.production, NEW), manager="owner")
    sandbox.mirror(track)

    ended = await sandbox.run("now")

    after = live(sandbox)
    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    assert after["spec"] == before["spec"]
    assert "stagingmirror" not in managers(after)
    path = f"/apis/apps/v1/namespaces/{sandbox.staging}/deployments/features?fieldManager=owner"
    again = deployment("features", sandbox.staging, OLD)
    sandbox.kube.request("PATCH", path, again, content_type="application/apply-patch+yaml")


async def test_a_hold_in_mid_refresh_stops_before_the_next_write_and_puts_back(
    sandbox: Sandbox,
) -> None:
    await watched(sandbox, NEW, OLD, "one", "two")
    sandbox.ask("now")
    await sandbox.until(lambda p: states(p) == ["Taken", "Pending"])
    hold = resources.hold("ci", sandbox.staging)
    sandbox.kube.create(hold)

    ended = await sandbox.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "Held"), ended
    assert [image_of(live(sandbox, name)) for name in ("one", "two")] == [OLD, OLD]


async def test_suspending_in_mid_refresh_puts_back(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD, "one", "two")
    sandbox.ask("now")
    await sandbox.until(lambda p: states(p) == ["Taken", "Pending"])
    sandbox.patch_refresh(suspend=True)

    ended = await sandbox.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "Suspended"), ended
    assert [image_of(live(sandbox, name)) for name in ("one", "two")] == [OLD, OLD]


async def test_a_deleted_mirror_leaves_staging_as_it_was_and_no_record(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD, "one", "two")
    sandbox.ask("now")
    await sandbox.until(lambda p: states(p) == ["Taken", "Pending"])
    sandbox.kube.delete(MIRRORS, "StagingMirror", "fraud", sandbox.staging)

    assert sandbox.refresher is not None
    await tend(sandbox.refresher)

    assert [image_of(live(sandbox, name)) for name in ("one", "two")] == [OLD, OLD]
    records = sandbox.kube.list("v1", "ConfigMap", sandbox.settings.namespace)
    assert not [each for each in records if each["metadata"]["name"].startswith("refresh-")]


async def test_a_spec_edited_during_a_refresh_changes_nothing_of_that_refresh(
    sandbox: Sandbox,
) -> None:
    track = await watched(sandbox, NEW, OLD, "one", "two")
    sandbox.ask("now")
    await sandbox.until(lambda p: states(p) == ["Taken", "Pending"])
    sandbox.mirror(track[:1])

    ended = await sandbox.run()

    assert ended["result"] == "Succeeded", ended
    assert [image_of(live(sandbox, name)) for name in ("one", "two")] == [NEW, NEW]


def _runs(sandbox: Sandbox, name: str) -> bool:
    pods = sandbox.kube.list("v1", "Pod", sandbox.staging, labels=f"app={name}")
    return any(
        status["ready"] and digest_of(status["image"])
        for pod in pods
        for status in pod["status"].get("containerStatuses", ())
    )


async def test_what_may_not_be_patched_is_reported_and_nothing_is_changed(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD)
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": sandbox.staging},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {_NAME: sandbox.staging}},
                "resourceRules": [
                    {
                        "apiGroups": ["apps"],
                        "apiVersions": ["v1"],
                        "operations": ["UPDATE"],
                        "resources": ["deployments"],
                    }
                ],
            },
            "validations": [{"expression": "false", "reason": "Forbidden"}],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": sandbox.staging},
        "spec": {"policyName": sandbox.staging, "validationActions": ["Deny"]},
    }
    sandbox.kube.create(policy)
    sandbox.kube.create(binding)
    try:
        await _until_denied(sandbox)
        ended = await sandbox.run("now")
    finally:
        for kind in ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"):
            sandbox.kube.delete("admissionregistration.k8s.io/v1", kind, sandbox.staging)

    assert ended["result"] == "RolledBack", ended
    assert ended["reason"] in ("Forbidden", "AdmissionDenied"), ended
    assert image_of(live(sandbox)) == OLD


async def test_a_namespace_that_ends_ends_the_refresh(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD, "one", "two")
    sandbox.ask("now")
    await sandbox.until(lambda p: states(p) == ["Taken", "Pending"])
    sandbox.kube.delete("apps/v1", "Deployment", "two", sandbox.staging)
    sandbox.kube.delete("v1", "Namespace", sandbox.staging)

    assert sandbox.refresher is not None
    assert sandbox.kube.list("v1", "ConfigMap", sandbox.settings.namespace, labels=_RECORDS)
    await sandbox.until_gone()

    async with asyncio.timeout(60):
        while sandbox.kube.list("v1", "ConfigMap", sandbox.settings.namespace, labels=_RECORDS):
            await tend(sandbox.refresher)


async def _until_denied(sandbox: Sandbox) -> None:
    def denied() -> bool:
        try:
            sandbox.kube.patch(
                "apps/v1",
                "Deployment",
                "features",
                sandbox.staging,
                {"metadata": {"labels": {"probe": "x"}}},
            )
        except Refused:
            return True
        return False

    await holds(denied, within=20)
