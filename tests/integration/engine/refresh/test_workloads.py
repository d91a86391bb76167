"""Refreshing workloads on the real API server: what is written, and what is rolled back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.kubernetes.kubelet import Kubelet, digest_of
from support.kubernetes.workloads import DIGEST, deployment
from support.resources import resources
from support.stages.image_refreshes import NEW, OLD, features, image_of, live, states, watched
from support.stages.stage import Stage
from support.stages.stages import a_stage

pytestmark = pytest.mark.integration
NEVER = f"registry.example/never-ready@{DIGEST.format(3)}"
MIRRORS = "stagingmirror.dev/v1alpha1"


@pytest.fixture
async def stage(control_plane: Any) -> AsyncIterator[Stage]:
    async with a_stage(control_plane) as stage:
        with Kubelet(stage.kube, (stage.production, stage.staging)):
            yield stage


def managers(body: dict[str, Any]) -> set[str]:
    return {entry["manager"] for entry in body["metadata"]["managedFields"]}


async def test_an_image_follows_production_and_its_former_owner_is_told(stage: Stage) -> None:
    await watched(stage, NEW, OLD)

    ended = await stage.run("now")

    assert ended["result"] == "Succeeded", ended
    assert image_of(live(stage)) == NEW
    assert stage.status["handledRefreshAt"] == "now"
    assert [reason for reason, _ in stage.told.news] == ["TookOver"]
    assert "owner" in stage.told.news[0][1]


async def test_an_image_that_never_gets_ready_is_put_back_and_given_back(stage: Stage) -> None:
    track = features(stage, OLD, OLD)
    # Production runs it (its kubelet is another), staging cannot pull it.
    stage.mirror(track)
    await stage.until(lambda _: _runs(stage, "features"))
    before = live(stage)
    track[0]["pipelineImage"]["staging"] = {"repository": "registry.example/never-ready"}
    stage.kube.apply(deployment("features", stage.production, NEW), manager="owner")
    stage.mirror(track)

    ended = await stage.run("now")

    after = live(stage)
    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    assert after["spec"] == before["spec"]
    assert "stagingmirror" not in managers(after)
    path = f"/apis/apps/v1/namespaces/{stage.staging}/deployments/features?fieldManager=owner"
    again = deployment("features", stage.staging, OLD)
    stage.kube.request("PATCH", path, again, content_type="application/apply-patch+yaml")


async def test_a_hold_in_mid_refresh_stops_before_the_next_write_and_puts_back(
    stage: Stage,
) -> None:
    await watched(stage, NEW, OLD, "one", "two")
    stage.ask("now")
    await stage.until(lambda p: states(p) == ["Taken", "Pending"])
    hold = resources.hold("ci", stage.staging)
    stage.kube.create(hold)

    ended = await stage.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "Held"), ended
    assert [image_of(live(stage, name)) for name in ("one", "two")] == [OLD, OLD]


async def test_suspending_in_mid_refresh_puts_back(stage: Stage) -> None:
    await watched(stage, NEW, OLD, "one", "two")
    stage.ask("now")
    await stage.until(lambda p: states(p) == ["Taken", "Pending"])
    stage.patch_refresh(suspend=True)

    ended = await stage.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "Suspended"), ended
    assert [image_of(live(stage, name)) for name in ("one", "two")] == [OLD, OLD]


async def test_a_deleted_mirror_leaves_staging_as_it_was_and_no_record(stage: Stage) -> None:
    await watched(stage, NEW, OLD, "one", "two")
    stage.ask("now")
    await stage.until(lambda p: states(p) == ["Taken", "Pending"])
    stage.kube.delete(MIRRORS, "StagingMirror", "fraud", stage.staging)

    assert stage.refresher is not None
    await stage.refresher.tend()

    assert [image_of(live(stage, name)) for name in ("one", "two")] == [OLD, OLD]
    records = stage.kube.list("v1", "ConfigMap", stage.settings.namespace)
    assert not [each for each in records if each["metadata"]["name"].startswith("refresh-")]


async def test_a_spec_edited_in_mid_refresh_changes_nothing_of_that_refresh(stage: Stage) -> None:
    track = await watched(stage, NEW, OLD, "one", "two")
    stage.ask("now")
    await stage.until(lambda p: states(p) == ["Taken", "Pending"])
    stage.mirror(track[:1])

    ended = await stage.run()

    assert ended["result"] == "Succeeded", ended
    assert [image_of(live(stage, name)) for name in ("one", "two")] == [NEW, NEW]


def _runs(stage: Stage, name: str) -> bool:
    pods = stage.kube.list("v1", "Pod", stage.staging, labels=f"app={name}")
    return any(
        status["ready"] and digest_of(status["image"])
        for pod in pods
        for status in pod["status"].get("containerStatuses", ())
    )
