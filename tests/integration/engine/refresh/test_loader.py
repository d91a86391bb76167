"""A setting with a loader of staging's own: what it names is there before it is written."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import config_map, cron_job
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox

pytestmark = pytest.mark.integration


@pytest.fixture
async def sandbox(control_plane: Any) -> AsyncIterator[Sandbox]:
    async with a_sandbox(control_plane) as sandbox:
        with Kubelet(sandbox.kube, (sandbox.production, sandbox.staging)):
            yield sandbox


async def prepared(sandbox: Sandbox, loader: str, staging: dict[str, str]) -> None:
    """Production has a newer snapshot than staging."""
    sandbox.kube.apply(config_map("training-data", sandbox.production, {"snapshot": "new"}))
    sandbox.kube.apply(config_map("training-data", sandbox.staging, staging), manager="owner")
    sandbox.kube.apply(cron_job("load", sandbox.staging, loader), manager="owner")
    place = {"configMap": {"name": "training-data", "key": "snapshot"}}
    load = {"cronJob": "load", "container": "load", "variable": "SNAPSHOT", "timeout": "20s"}
    sandbox.mirror([{"name": "data", "setting": {"production": place, "load": load}}])
    await sandbox.step()


def data(sandbox: Sandbox) -> dict[str, str]:
    return dict(sandbox.kube.get("v1", "ConfigMap", "training-data", sandbox.staging)["data"])


def pods(sandbox: Sandbox) -> list[str]:
    """The names of the loader's pods."""
    found = sandbox.kube.list("v1", "Pod", sandbox.staging)
    return [pod["metadata"]["name"] for pod in found]


def loads(sandbox: Sandbox) -> list[str]:
    """What the loader was asked to load, in order."""
    jobs = sandbox.kube.list("batch/v1", "Job", sandbox.staging)
    jobs.sort(key=lambda job: job["metadata"]["creationTimestamp"])
    containers = [job["spec"]["template"]["spec"]["containers"][0] for job in jobs]
    return [env["value"] for c in containers for env in c["env"] if env["name"] == "SNAPSHOT"]


async def test_the_value_is_written_once_its_loader_has_ended_well(sandbox: Sandbox) -> None:
    await prepared(sandbox, "loader:1", {"snapshot": "old", "other": "kept"})

    ended = await sandbox.run("now")

    assert ended["result"] == "Succeeded", ended
    assert data(sandbox) == {"snapshot": "new", "other": "kept"}
    assert loads(sandbox) == ["new"]


async def test_where_the_loader_fails_the_value_is_never_written(sandbox: Sandbox) -> None:
    await prepared(sandbox, "fails:1", {"snapshot": "old"})

    ended = await sandbox.run("now")

    # The former value could not be loaded again either: nobody knows what is loaded now.
    assert (ended["result"], ended["reason"]) == ("RollbackIncomplete", "LoaderFailed"), ended
    assert data(sandbox) == {"snapshot": "old"}
    assert sorted(loads(sandbox)) == ["new", "old"]


async def test_what_staging_never_had_is_not_loaded_again(sandbox: Sandbox) -> None:
    await prepared(sandbox, "fails:1", {"other": "kept"})

    ended = await sandbox.run("now")

    assert ended["result"] == "RolledBack", ended
    assert "staging had no value before, so what was loaded stays" in ended["message"]
    assert data(sandbox) == {"other": "kept"}
    assert loads(sandbox) == ["new"]


async def test_a_loader_that_does_not_end_is_ended_when_the_refresh_is_stopped(
    sandbox: Sandbox,
) -> None:
    await prepared(sandbox, "stays-pending:1", {"other": "kept"})
    sandbox.ask("now")
    await sandbox.until(lambda _: bool(loads(sandbox)))
    sandbox.patch_refresh(suspend=True)

    ended = await sandbox.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "Suspended"), ended
    assert loads(sandbox) == []


async def test_the_former_value_is_loaded_once_the_last_pod_of_the_loader_is_gone(
    sandbox: Sandbox,
) -> None:
    """A finalizer holds the pod as its grace period would on a node."""
    await prepared(sandbox, "stays-pending:1", {"snapshot": "old"})
    body = cron_job("load", sandbox.staging, "stays-pending:1")
    template = body["spec"]["jobTemplate"]["spec"]["template"]
    template["metadata"] = {"finalizers": ["example.com/grace"]}
    sandbox.kube.apply(body, manager="owner")
    sandbox.ask("now")
    await sandbox.until(lambda _: bool(pods(sandbox)))
    (pod,) = pods(sandbox)
    sandbox.kube.apply(cron_job("load", sandbox.staging, "loader:1"), manager="owner")
    sandbox.patch_refresh(suspend=True)

    await sandbox.until(lambda p: f"pod {pod} to end" in str(p.refresh))

    assert loads(sandbox) in (["new"], [])
    sandbox.kube.patch("v1", "Pod", pod, sandbox.staging, {"metadata": {"finalizers": None}})
    ended = await sandbox.run()
    assert (ended["result"], ended["reason"]) == ("RolledBack", "Suspended"), ended
    assert loads(sandbox) == ["old"]
    assert pod not in pods(sandbox)


async def test_a_value_that_somebody_changes_while_the_loader_runs_is_never_overwritten(
    sandbox: Sandbox,
) -> None:
    await prepared(sandbox, "stays-pending:1", {"snapshot": "old"})
    sandbox.ask("now")
    await sandbox.until(lambda _: bool(pods(sandbox)))
    (pod,) = pods(sandbox)
    sandbox.kube.apply(cron_job("load", sandbox.staging, "loader:1"), manager="owner")
    theirs = config_map("training-data", sandbox.staging, {"snapshot": "theirs"})
    sandbox.kube.apply(theirs, manager="rival")
    ended_well = {"status": {"phase": "Succeeded"}}
    sandbox.kube.patch("v1", "Pod", pod, sandbox.staging, ended_well, subresource="status")

    ended = await sandbox.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ChangedUnderneath"), ended
    assert "rival changed snapshot" in ended["message"]
    assert data(sandbox) == {"snapshot": "theirs"}
    assert sorted(loads(sandbox)) == ["new", "old"]


async def test_a_loader_that_is_not_there_is_named(sandbox: Sandbox) -> None:
    await prepared(sandbox, "loader:1", {"snapshot": "old"})
    sandbox.kube.delete("batch/v1", "CronJob", "load", sandbox.staging)

    ended = await sandbox.run("now")

    assert ended["result"] in ("RolledBack", "NothingToDo"), ended
    assert "load" in ended["message"]
    assert data(sandbox) == {"snapshot": "old"}
