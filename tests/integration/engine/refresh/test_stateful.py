"""A StatefulSet is refreshed like a Deployment, by the real controller; and rolled back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import stateful_set
from support.stages.image_refreshes import NEW, OLD, image_of
from support.stages.stage import Stage
from support.stages.stages import a_stage

pytestmark = pytest.mark.integration


@pytest.fixture
async def stage(control_plane: Any) -> AsyncIterator[Stage]:
    async with a_stage(control_plane) as stage:
        with Kubelet(stage.kube, (stage.production, stage.staging)):
            yield stage


def index(stage: Stage) -> dict[str, Any]:
    return stage.kube.get("apps/v1", "StatefulSet", "index", stage.staging)


def running(stage: Stage) -> dict[str, str]:
    """The image of each pod that is ready, by the pod's name."""
    pods = stage.kube.list("v1", "Pod", stage.staging, labels="app=index")
    return {
        pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"]
        for pod in pods
        if any(each["ready"] for each in pod["status"].get("containerStatuses", ()))
    }


async def prepared(
    stage: Stage, *, repository: str | None = None, policy: str = "OrderedReady", **spec: Any
) -> None:
    """Two replicas in staging that run what production ran before."""
    ours = stateful_set("index", stage.staging, OLD, replicas=2, policy=policy)
    stage.kube.apply(stateful_set("index", stage.production, NEW), ours, manager="owner")
    image: dict[str, Any] = {
        "production": {"kind": "StatefulSet", "name": "index", "container": "app"}
    }
    if repository is not None:
        image["staging"] = {"repository": repository}
    stage.mirror([{"name": "index", "pipelineImage": image}], **spec)
    await stage.until(lambda _: running(stage) == {"index-0": OLD, "index-1": OLD})


async def test_a_stateful_set_follows_production_pod_by_pod(stage: Stage) -> None:
    await prepared(stage)

    ended = await stage.run("now")

    assert ended["result"] == "Succeeded", ended
    assert image_of(index(stage)) == NEW
    assert running(stage) == {"index-0": NEW, "index-1": NEW}
    context = await stage.context()
    assert [type(judged.verdict).__name__ for judged in context.components] == ["InSync"]


async def test_a_stateful_set_that_cannot_start_is_put_back_to_what_ran(stage: Stage) -> None:
    await prepared(stage, repository="registry.example/never-ready", policy="Parallel")
    before = index(stage)["spec"]

    ended = await stage.run("now")

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    assert index(stage)["spec"] == before
    assert running(stage) == {"index-0": OLD, "index-1": OLD}


async def test_a_stateful_set_that_keeps_pods_back_is_refused_before_anything_is_written(
    stage: Stage,
) -> None:
    await prepared(stage)
    kept = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    patch = {"spec": {"updateStrategy": kept}}
    stage.kube.patch("apps/v1", "StatefulSet", "index", stage.staging, patch)
    before = index(stage)["metadata"]["generation"]

    ended = await stage.run("now")

    assert (ended["result"], ended["reason"]) == ("RolledBack", "Partitioned"), ended
    assert "partition to 0" in ended["message"]
    assert index(stage)["metadata"]["generation"] == before


async def test_a_pod_that_kubernetes_does_not_replace_is_named_and_the_rest_is_put_back(
    stage: Stage,
) -> None:
    """The controller of an ordered StatefulSet waits for ever for a pod that cannot start."""
    await prepared(
        stage, repository="registry.example/never-ready", refresh={"rolloutTimeout": "5s"}
    )
    before = index(stage)["spec"]

    ended = await stage.run("now")

    assert (ended["result"], ended["reason"]) == ("RollbackIncomplete", "ImagePullBackOff"), ended
    assert f"`kubectl -n {stage.staging} delete pod index-1`" in ended["message"]
    assert index(stage)["spec"] == before
    assert running(stage) == {"index-0": OLD}


async def test_once_that_pod_is_deleted_the_stateful_set_is_put_back(stage: Stage) -> None:
    await prepared(stage, repository="registry.example/never-ready")
    stage.ask("now")
    await stage.until(lambda p: "delete pod index-1" in str(p.refresh))

    stage.kube.delete("v1", "Pod", "index-1", stage.staging)
    ended = await stage.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    assert running(stage) == {"index-0": OLD, "index-1": OLD}
