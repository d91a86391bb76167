"""All fields of one workload, changed and rolled back exactly, on the real API server."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.actions.patch_workload import NOT_WHOLE, PatchWorkload
from stagingmirror.actions.step import Arrived, Task, Underway
from stagingmirror.actions.tools import Tools
from stagingmirror.errors import ChangedUnderneath, NotAllowed, StepFailed
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.kubernetes.write.field_patch import (
    FieldWrite,
    Restart,
    SetAnnotation,
    SetImage,
    SetVariable,
)
from stagingmirror.sources.kubernetes.write.writer import Writer
from support.kinds.tools import tools_with
from support.kubernetes.workloads import cron_job, deployment

pytestmark = pytest.mark.integration

FIELD = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}
WRITES = (
    SetVariable("app", "FROM", "2"),
    SetVariable("app", "PLAIN", "2"),
    SetVariable("app", "NEW", "2"),
    SetImage("app", "x:2"),
    SetAnnotation("example.com/snapshot", "2"),
)


def tools_of(client: KubernetesClient) -> Tools:
    writer = Writer(
        client,
        productions=frozenset,
        unproven=frozenset,
        is_elsewhere=lambda *_: None,
        leading=lambda: True,
    )
    return tools_with(writer, time.time)


@pytest.fixture
async def tools(control_plane: ControlPlane) -> AsyncIterator[Tools]:
    kubeconfig = str(control_plane.kubeconfig)
    async with await KubernetesClient.connect(kubeconfig=kubeconfig, timeout=10) as client:
        yield tools_of(client)


@pytest.fixture
def owned(kube: Kube, namespace: str) -> str:
    variables = {"FROM": FIELD, "PLAIN": "1", "KEPT": "k"}
    kube.apply(deployment("owned", namespace, "x:1", variables=variables), manager="owner")
    return namespace


def patching(namespace: str, *writes: FieldWrite, kind: Any = "Deployment") -> PatchWorkload:
    return PatchWorkload("p", ("c",), kind, namespace, "owned", writes or WRITES)


async def survey(action: PatchWorkload, tools: Tools) -> Task:
    return Task("r1", await action.survey("r1", tools), {}, {}, time.time())


def template(kube: Kube, namespace: str) -> dict[str, Any]:
    return dict(kube.get("apps/v1", "Deployment", "owned", namespace)["spec"]["template"])


def env(kube: Kube, namespace: str) -> list[dict[str, Any]]:
    return list(template(kube, namespace)["spec"]["containers"][0]["env"])


async def test_every_field_is_changed_in_one_patch_and_restored_exactly(
    kube: Kube, owned: str, tools: Tools
) -> None:
    action = patching(owned)
    before = kube.get("apps/v1", "Deployment", "owned", owned)
    task = await survey(action, tools)

    await action.take(task, tools)

    changed = kube.get("apps/v1", "Deployment", "owned", owned)
    assert changed["metadata"]["generation"] == before["metadata"]["generation"] + 1
    assert {each["name"]: each.get("value") for each in env(kube, owned)} == {
        "FROM": "2",
        "PLAIN": "2",
        "KEPT": "k",
        "NEW": "2",
    }
    assert "valueFrom" not in env(kube, owned)[0]
    await action.roll_back(task, tools)
    after = kube.get("apps/v1", "Deployment", "owned", owned)
    assert after["spec"] == before["spec"]
    assert "example.com/snapshot" not in after["metadata"].get("annotations", {})


async def test_doing_it_twice_is_doing_it_once(kube: Kube, owned: str, tools: Tools) -> None:
    action = patching(owned, Restart())
    task = await survey(action, tools)

    await action.take(task, tools)
    once = kube.get("apps/v1", "Deployment", "owned", owned)["metadata"]["generation"]
    await action.take(task, tools)

    assert kube.get("apps/v1", "Deployment", "owned", owned)["metadata"]["generation"] == once
    await action.roll_back(task, tools)
    await action.roll_back(task, tools)
    assert kube.get("apps/v1", "Deployment", "owned", owned)["metadata"]["generation"] == once + 1


async def test_what_was_never_written_is_not_put_back(kube: Kube, owned: str, tools: Tools) -> None:
    action = patching(owned, *WRITES, Restart())
    task = await survey(action, tools)
    before = kube.get("apps/v1", "Deployment", "owned", owned)["metadata"]["generation"]

    await action.roll_back(task, tools)

    assert kube.get("apps/v1", "Deployment", "owned", owned)["metadata"]["generation"] == before


async def test_a_change_by_somebody_else_is_never_overwritten(
    kube: Kube, owned: str, tools: Tools
) -> None:
    action = patching(owned, SetImage("app", "x:2"))
    task = await survey(action, tools)
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "x:3"}]}}}}
    kube.patch("apps/v1", "Deployment", "owned", owned, patch, how="strategic", manager="rival")

    with pytest.raises(ChangedUnderneath, match="rival changed the image of app"):
        await action.take(task, tools)

    assert template(kube, owned)["spec"]["containers"][0]["image"] == "x:3"


async def test_a_container_that_went_away_is_not_added(
    kube: Kube, owned: str, tools: Tools
) -> None:
    action = patching(owned, SetImage("app", "x:2"))
    task = await survey(action, tools)
    kube.delete("apps/v1", "Deployment", "owned", owned, foreground=False)
    kube.create(deployment("owned", owned, "x:1", container="renamed"))

    with pytest.raises((ChangedUnderneath, StepFailed)):
        await action.take(task, tools)

    names = [each["name"] for each in template(kube, owned)["spec"]["containers"]]
    assert names == ["renamed"]


async def test_a_cron_job_is_written_where_its_template_is(
    kube: Kube, namespace: str, tools: Tools
) -> None:
    kube.apply(cron_job("owned", namespace, "x:1"), manager="owner")
    action = patching(
        namespace, SetImage("load", "x:2"), SetVariable("load", "MODE", "y"), kind="CronJob"
    )
    before = kube.get("batch/v1", "CronJob", "owned", namespace)["spec"]
    task = await survey(action, tools)

    await action.take(task, tools)

    spec = kube.get("batch/v1", "CronJob", "owned", namespace)["spec"]
    container = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["env"]) == ("x:2", [{"name": "MODE", "value": "y"}])
    await action.roll_back(task, tools)
    assert kube.get("batch/v1", "CronJob", "owned", namespace)["spec"] == before


async def test_a_paused_deployment_is_refused_before_anything_is_written(
    kube: Kube, owned: str, tools: Tools
) -> None:
    kube.patch("apps/v1", "Deployment", "owned", owned, {"spec": {"paused": True}})

    with pytest.raises(StepFailed, match="paused"):
        await survey(patching(owned), tools)


async def test_what_never_ran_is_put_back_seen_by_its_controller_and_not_called_verified(
    kube: Kube, owned: str, tools: Tools
) -> None:
    """There is no node here, so no pod was ever ready."""
    action = patching(owned, SetImage("app", "x:2"))
    task = await survey(action, tools)
    assert task.before["whole"] is False
    await action.take(task, tools)

    outcome = await action.roll_back(task, tools)
    task = replace(task, after=outcome.after or {})
    async with asyncio.timeout(60):
        while True:
            outcome = await action.verify_rollback(task, tools)
            if not isinstance(outcome, Underway):
                break
            await asyncio.sleep(0.1)

    assert outcome == Arrived(NOT_WHOLE, caveat=NOT_WHOLE)
    body = kube.get("apps/v1", "Deployment", "owned", owned)
    assert body["status"]["observedGeneration"] == body["metadata"]["generation"] == 3


async def test_without_the_permission_nothing_is_written(
    control_plane: ControlPlane, kube: Kube, owned: str, tools: Tools
) -> None:
    action = patching(owned)
    task = await survey(action, tools)
    account = str(control_plane.service_account(owned, "powerless"))

    async with await KubernetesClient.connect(kubeconfig=account, timeout=10) as client:
        with pytest.raises(NotAllowed):
            await action.take(task, tools_of(client))

    assert template(kube, owned)["spec"]["containers"][0]["image"] == "x:1"
