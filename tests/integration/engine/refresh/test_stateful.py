"""A StatefulSet is refreshed like a Deployment, by the real controller; and rolled back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import stateful_set
from support.sandbox.image_refreshes import NEW, OLD, image_of
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox

pytestmark = pytest.mark.integration


@pytest.fixture
async def sandbox(control_plane: Any) -> AsyncIterator[Sandbox]:
    async with a_sandbox(control_plane) as sandbox:
        with Kubelet(sandbox.kube, (sandbox.production, sandbox.staging)):
            yield sandbox


def index(sandbox: Sandbox) -> dict[str, Any]:
    return sandbox.kube.get("apps/v1", "StatefulSet", "index", sandbox.staging)


def running(sandbox: Sandbox) -> dict[str, str]:
    """The image of each pod that is ready, by the pod's name."""
    pods = sandbox.kube.list("v1", "Pod", sandbox.staging, labels="app=index")
    return {
        pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"]
        for pod in pods
        if any(each["ready"] for each in pod["status"].get("containerStatuses", ()))
    }


async def prepared(
    sandbox: Sandbox, *, repository: str | None = None, policy: str = "OrderedReady", **spec: Any
) -> None:
    """Two replicas in staging that run what production ran before."""
    ours = stateful_set("index", sandbox.staging, OLD, replicas=2, policy=policy)
    sandbox.kube.apply(stateful_set("index", sandbox.production, NEW), ours, manager="owner")
    image: dict[str, Any] = {
        "production": {"kind": "StatefulSet", "name": "index", "container": "app"}
    }
    if repository is not None:
        image["staging"] = {"repository": repository}
    sandbox.mirror([{"name": "index", "pipelineImage": image}], **spec)
    await sandbox.until(lambda _: running(sandbox) == {"index-0": OLD, "index-1": OLD})


async def test_a_stateful_set_follows_production_pod_by_pod(sandbox: Sandbox) -> None:
    await prepared(sandbox)

    ended = await sandbox.run("now")

    assert ended["result"] == "Succeeded", ended
    assert image_of(index(sandbox)) == NEW
    assert running(sandbox) == {"index-0": NEW, "index-1": NEW}
    context = await sandbox.context()
    assert [type(judged.verdict).__name__ for judged in context.components] == ["InSync"]


async def test_a_stateful_set_that_cannot_start_is_put_back_to_what_ran(sandbox: Sandbox) -> None:
    await prepared(sandbox, repository="registry.example/never-ready", policy="Parallel")
    before = index(sandbox)["spec"]

    ended = await sandbox.run("now")

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    assert index(sandbox)["spec"] == before
    assert running(sandbox) == {"index-0": OLD, "index-1": OLD}


async def test_a_stateful_set_that_keeps_pods_back_is_refused_before_anything_is_written(
    sandbox: Sandbox,
) -> None:
    await prepared(sandbox)
    kept = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    patch = {"spec": {"updateStrategy": kept}}
    sandbox.kube.patch("apps/v1", "StatefulSet", "index", sandbox.staging, patch)
    before = index(sandbox)["metadata"]["generation"]

    ended = await sandbox.run("now")

    assert (ended["result"], ended["reason"]) == ("RolledBack", "Partitioned"), ended
    assert "partition to 0" in ended["message"]
    assert index(sandbox)["metadata"]["generation"] == before


async def test_a_pod_that_kubernetes_does_not_replace_is_named_and_the_rest_is_put_back(
    sandbox: Sandbox,
) -> None:
    """The controller of an ordered StatefulSet waits for ever for a pod that cannot start."""
    await prepared(
        sandbox, repository="registry.example/never-ready", refresh={"rolloutTimeout": "5s"}
    )
    before = index(sandbox)["spec"]

    ended = await sandbox.run("now")

    assert (ended["result"], ended["reason"]) == ("RollbackIncomplete", "ImagePullBackOff"), ended
    assert f"`kubectl -n {sandbox.staging} delete pod index-1`" in ended["message"]
    assert index(sandbox)["spec"] == before
    assert running(sandbox) == {"index-0": OLD}


async def test_once_that_pod_is_deleted_the_stateful_set_is_put_back(sandbox: Sandbox) -> None:
    await prepared(sandbox, repository="registry.example/never-ready")
    sandbox.ask("now")
    await sandbox.until(lambda p: "delete pod index-1" in str(p.refresh))

    sandbox.kube.delete("v1", "Pod", "index-1", sandbox.staging)
    ended = await sandbox.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    assert running(sandbox) == {"index-0": OLD, "index-1": OLD}
