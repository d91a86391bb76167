"""Refreshes in whose way others are: who changes fields, forbids, ends namespaces, or leads too."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rig.kube import Refused
from stagingmirror.engine.context import Progress
from stagingmirror.engine.refresh.start.state import RefreshState
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.operators.killing_client import Killed, KillSwitch
from support.operators.waiting import holds
from support.sandbox.image_refreshes import NEW, OLD, image_of, live, states, watched
from support.sandbox.refresher import tend
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox

pytestmark = pytest.mark.integration
_NAME = "kubernetes.io/metadata.name"
_RECORDS = "stagingmirror.dev/record=refresh"


@pytest.fixture
async def sandbox(control_plane: Any) -> AsyncIterator[Sandbox]:
    async with a_sandbox(control_plane) as sandbox:
        with Kubelet(sandbox.kube, (sandbox.production, sandbox.staging)):
            yield sandbox


async def test_a_field_that_somebody_else_changed_stops_the_refresh(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD, "one", "two")
    sandbox.ask("now")
    await sandbox.until(lambda p: states(p) == ["Taken", "Pending"])
    theirs = "registry.example/features:theirs"
    container = {"name": "app", "image": theirs}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}

    # Between survey and write: the record says what it was, somebody else writes first.
    await _survey_only(sandbox, "two")
    sandbox.kube.patch(
        "apps/v1", "Deployment", "two", sandbox.staging, patch, how="strategic", manager="rival"
    )
    ended = await sandbox.run()

    assert (ended["result"], ended["reason"]) == ("RollbackIncomplete", "ChangedUnderneath"), ended
    assert "rival" in ended["message"]
    assert [image_of(live(sandbox, name)) for name in ("one", "two")] == [OLD, theirs]


async def test_a_field_that_is_set_back_twice_is_left_and_named(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD)
    sandbox.ask("now")

    def revert(progress: Progress) -> bool:
        if image_of(live(sandbox)) == NEW:
            sandbox.kube.apply(deployment("features", sandbox.staging, OLD), manager="argocd")
        return not progress.refresh and bool(sandbox.status.get("refreshes"))

    progress = await sandbox.until(revert)

    ended = sandbox.status["refreshes"][0]
    assert (ended["result"], ended["reason"]) == ("RolledBack", "Contended"), ended
    assert "argocd" in ended["message"]
    assert progress.contended is not None
    assert progress.contended[0] == "Contended"
    assert image_of(live(sandbox)) == OLD


async def test_a_field_that_is_set_back_later_is_told_and_not_written(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD)
    ended = await sandbox.run("now")
    assert ended["result"] == "Succeeded", ended
    sandbox.kube.apply(deployment("features", sandbox.staging, OLD), manager="argocd")

    progress = await sandbox.until(lambda p: p.contended is not None)

    assert progress.contended is not None
    assert "argocd changed app's image of Deployment features" in progress.contended[1]
    assert image_of(live(sandbox)) == OLD


async def test_what_may_not_be_patched_is_told_and_nothing_is_changed(sandbox: Sandbox) -> None:
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


async def test_a_process_that_does_not_lead_any_more_writes_nothing(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD)
    sandbox.ask("now")
    await sandbox.until(lambda p: states(p) == ["Pending"])
    sandbox.leading = False
    before = live(sandbox)["metadata"]["resourceVersion"]
    record = sandbox.record()

    for _ in range(3):
        await sandbox.step()

    assert live(sandbox)["metadata"]["resourceVersion"] == before
    assert sandbox.record() == record


async def test_an_old_leader_that_wakes_up_meets_the_new_ones_record(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD)
    sandbox.ask("now")
    await sandbox.until(lambda p: states(p) == ["Pending"])
    old, context = sandbox.refresher, await sandbox.context()
    sandbox.operator()
    await sandbox.step()
    generation = live(sandbox)["metadata"]["generation"]
    assert old is not None

    progress = await old.advance(context, RefreshState())

    assert progress.waiting is not None
    assert live(sandbox)["metadata"]["generation"] == generation
    assert (await sandbox.run())["result"] == "Succeeded"


async def _survey_only(sandbox: Sandbox, name: str) -> None:
    """Let the next step be surveyed and recorded, and the process die before its write."""
    sandbox.operator(KillSwitch(2))  # the stamp, then the record of the step
    with pytest.raises(Killed):
        await sandbox.step()
    sandbox.operator()


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
