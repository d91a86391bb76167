"""Refreshes in whose way others are: who changes fields, forbids, ends namespaces, or leads too."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rig.kube import Refused
from stagingmirror.engine.context import Progress
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.operators.axe import Axe, Killed
from support.operators.waiting import holds
from support.stages.image_refreshes import NEW, OLD, image_of, live, states, watched
from support.stages.stage import Stage
from support.stages.stages import a_stage

pytestmark = pytest.mark.integration
_NAME = "kubernetes.io/metadata.name"
_RECORDS = "stagingmirror.dev/record=refresh"


@pytest.fixture
async def stage(control_plane: Any) -> AsyncIterator[Stage]:
    async with a_stage(control_plane) as stage:
        with Kubelet(stage.kube, (stage.production, stage.staging)):
            yield stage


async def test_a_field_that_somebody_else_changed_stops_the_refresh(stage: Stage) -> None:
    await watched(stage, NEW, OLD, "one", "two")
    stage.ask("now")
    await stage.until(lambda p: states(p) == ["Taken", "Pending"])
    theirs = "registry.example/features:theirs"
    container = {"name": "app", "image": theirs}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}

    # Between survey and write: the record says what it was, somebody else writes first.
    await _survey_only(stage, "two")
    stage.kube.patch(
        "apps/v1", "Deployment", "two", stage.staging, patch, how="strategic", manager="rival"
    )
    ended = await stage.run()

    assert (ended["result"], ended["reason"]) == ("RollbackIncomplete", "ChangedUnderneath"), ended
    assert "rival" in ended["message"]
    assert [image_of(live(stage, name)) for name in ("one", "two")] == [OLD, theirs]


async def test_a_field_that_is_set_back_twice_is_left_and_named(stage: Stage) -> None:
    await watched(stage, NEW, OLD)
    stage.ask("now")

    def revert(progress: Progress) -> bool:
        if image_of(live(stage)) == NEW:
            stage.kube.apply(deployment("features", stage.staging, OLD), manager="argocd")
        return not progress.refresh and bool(stage.status.get("refreshes"))

    progress = await stage.until(revert)

    ended = stage.status["refreshes"][0]
    assert (ended["result"], ended["reason"]) == ("RolledBack", "Contended"), ended
    assert "argocd" in ended["message"]
    assert progress.contended is not None
    assert progress.contended[0] == "Contended"
    assert image_of(live(stage)) == OLD


async def test_a_field_that_is_set_back_later_is_told_and_not_written(stage: Stage) -> None:
    await watched(stage, NEW, OLD)
    ended = await stage.run("now")
    assert ended["result"] == "Succeeded", ended
    stage.kube.apply(deployment("features", stage.staging, OLD), manager="argocd")

    progress = await stage.until(lambda p: p.contended is not None)

    assert progress.contended is not None
    assert "argocd changed app's image of Deployment features" in progress.contended[1]
    assert image_of(live(stage)) == OLD


async def test_what_may_not_be_patched_is_told_and_nothing_is_changed(stage: Stage) -> None:
    await watched(stage, NEW, OLD)
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": stage.staging},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {_NAME: stage.staging}},
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
        "metadata": {"name": stage.staging},
        "spec": {"policyName": stage.staging, "validationActions": ["Deny"]},
    }
    stage.kube.create(policy)
    stage.kube.create(binding)
    try:
        await _until_denied(stage)
        ended = await stage.run("now")
    finally:
        for kind in ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"):
            stage.kube.delete("admissionregistration.k8s.io/v1", kind, stage.staging)

    assert ended["result"] == "RolledBack", ended
    assert ended["reason"] in ("Forbidden", "AdmissionDenied"), ended
    assert image_of(live(stage)) == OLD


async def test_a_namespace_that_ends_ends_the_refresh(stage: Stage) -> None:
    await watched(stage, NEW, OLD, "one", "two")
    stage.ask("now")
    await stage.until(lambda p: states(p) == ["Taken", "Pending"])
    stage.kube.delete("apps/v1", "Deployment", "two", stage.staging)
    stage.kube.delete("v1", "Namespace", stage.staging)

    assert stage.refresher is not None
    assert stage.kube.list("v1", "ConfigMap", stage.settings.namespace, labels=_RECORDS)
    await stage.until_gone()

    async with asyncio.timeout(60):
        while stage.kube.list("v1", "ConfigMap", stage.settings.namespace, labels=_RECORDS):
            await stage.refresher.tend()


async def test_a_process_that_does_not_lead_any_more_writes_nothing(stage: Stage) -> None:
    await watched(stage, NEW, OLD)
    stage.ask("now")
    await stage.until(lambda p: states(p) == ["Pending"])
    stage.leading = False
    before = live(stage)["metadata"]["resourceVersion"]
    record = stage.record()

    for _ in range(3):
        await stage.step()

    assert live(stage)["metadata"]["resourceVersion"] == before
    assert stage.record() == record


async def test_an_old_leader_that_wakes_up_meets_the_new_ones_record(stage: Stage) -> None:
    await watched(stage, NEW, OLD)
    stage.ask("now")
    await stage.until(lambda p: states(p) == ["Pending"])
    old, context = stage.refresher, await stage.context()
    stage.operator()
    await stage.step()
    generation = live(stage)["metadata"]["generation"]
    assert old is not None

    progress = await old.advance(context)

    assert progress.waiting is not None
    assert live(stage)["metadata"]["generation"] == generation
    assert (await stage.run())["result"] == "Succeeded"


async def _survey_only(stage: Stage, name: str) -> None:
    """Let the next step be surveyed and recorded, and the process die before its write."""
    stage.operator(Axe(2))  # the stamp, then the record of the step
    with pytest.raises(Killed):
        await stage.step()
    stage.operator()


async def _until_denied(stage: Stage) -> None:
    def denied() -> bool:
        try:
            stage.kube.patch(
                "apps/v1",
                "Deployment",
                "features",
                stage.staging,
                {"metadata": {"labels": {"probe": "x"}}},
            )
        except Refused:
            return True
        return False

    await holds(denied, within=20)
