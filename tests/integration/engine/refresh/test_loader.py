"""A setting with a loader of staging's own: what it names is there before it is written."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import config_map, cron_job
from support.stages.stage import Stage
from support.stages.stages import a_stage

pytestmark = pytest.mark.integration


@pytest.fixture
async def stage(control_plane: Any) -> AsyncIterator[Stage]:
    async with a_stage(control_plane) as stage:
        with Kubelet(stage.kube, (stage.production, stage.staging)):
            yield stage


async def prepared(stage: Stage, loader: str, staging: dict[str, str]) -> None:
    """Production has a newer snapshot than staging."""
    stage.kube.apply(config_map("training-data", stage.production, {"snapshot": "new"}))
    stage.kube.apply(config_map("training-data", stage.staging, staging), manager="owner")
    stage.kube.apply(cron_job("load", stage.staging, loader), manager="owner")
    place = {"configMap": {"name": "training-data", "key": "snapshot"}}
    load = {"cronJob": "load", "container": "load", "variable": "SNAPSHOT", "timeout": "20s"}
    stage.mirror([{"name": "data", "setting": {"production": place, "load": load}}])
    await stage.step()


def data(stage: Stage) -> dict[str, str]:
    return dict(stage.kube.get("v1", "ConfigMap", "training-data", stage.staging)["data"])


def pods(stage: Stage) -> list[str]:
    """The names of the loader's pods."""
    found = stage.kube.list("v1", "Pod", stage.staging)
    return [pod["metadata"]["name"] for pod in found]


def loads(stage: Stage) -> list[str]:
    """What the loader was asked to load, in order."""
    jobs = stage.kube.list("batch/v1", "Job", stage.staging)
    jobs.sort(key=lambda job: job["metadata"]["creationTimestamp"])
    containers = [job["spec"]["template"]["spec"]["containers"][0] for job in jobs]
    return [env["value"] for c in containers for env in c["env"] if env["name"] == "SNAPSHOT"]


async def test_the_value_is_written_once_its_loader_has_ended_well(stage: Stage) -> None:
    await prepared(stage, "loader:1", {"snapshot": "old", "other": "kept"})

    ended = await stage.run("now")

    assert ended["result"] == "Succeeded", ended
    assert data(stage) == {"snapshot": "new", "other": "kept"}
    assert loads(stage) == ["new"]


async def test_where_the_loader_fails_the_value_is_never_written(stage: Stage) -> None:
    await prepared(stage, "fails:1", {"snapshot": "old"})

    ended = await stage.run("now")

    # The former value could not be loaded again either: nobody knows what is loaded now.
    assert (ended["result"], ended["reason"]) == ("RollbackIncomplete", "LoaderFailed"), ended
    assert data(stage) == {"snapshot": "old"}
    assert sorted(loads(stage)) == ["new", "old"]


async def test_what_staging_never_had_is_not_loaded_again(stage: Stage) -> None:
    await prepared(stage, "fails:1", {"other": "kept"})

    ended = await stage.run("now")

    assert ended["result"] == "RolledBack", ended
    assert "staging had no value before, so what was loaded stays" in ended["message"]
    assert data(stage) == {"other": "kept"}
    assert loads(stage) == ["new"]


async def test_a_loader_that_does_not_end_is_ended_when_the_refresh_is_stopped(
    stage: Stage,
) -> None:
    await prepared(stage, "stays-pending:1", {"other": "kept"})
    stage.ask("now")
    await stage.until(lambda _: bool(loads(stage)))
    stage.patch_refresh(suspend=True)

    ended = await stage.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "Suspended"), ended
    assert loads(stage) == []


async def test_the_former_value_is_loaded_once_the_last_pod_of_the_loader_is_gone(
    stage: Stage,
) -> None:
    """A finalizer holds the pod as its grace period would on a node."""
    await prepared(stage, "stays-pending:1", {"snapshot": "old"})
    body = cron_job("load", stage.staging, "stays-pending:1")
    template = body["spec"]["jobTemplate"]["spec"]["template"]
    template["metadata"] = {"finalizers": ["example.com/grace"]}
    stage.kube.apply(body, manager="owner")
    stage.ask("now")
    await stage.until(lambda _: bool(pods(stage)))
    (pod,) = pods(stage)
    stage.kube.apply(cron_job("load", stage.staging, "loader:1"), manager="owner")
    stage.patch_refresh(suspend=True)

    await stage.until(lambda p: f"pod {pod} to end" in str(p.refresh))

    assert loads(stage) in (["new"], [])
    stage.kube.patch("v1", "Pod", pod, stage.staging, {"metadata": {"finalizers": None}})
    ended = await stage.run()
    assert (ended["result"], ended["reason"]) == ("RolledBack", "Suspended"), ended
    assert loads(stage) == ["old"]
    assert pod not in pods(stage)


async def test_a_value_that_somebody_changes_while_the_loader_runs_is_never_overwritten(
    stage: Stage,
) -> None:
    await prepared(stage, "stays-pending:1", {"snapshot": "old"})
    stage.ask("now")
    await stage.until(lambda _: bool(pods(stage)))
    (pod,) = pods(stage)
    stage.kube.apply(cron_job("load", stage.staging, "loader:1"), manager="owner")
    theirs = config_map("training-data", stage.staging, {"snapshot": "theirs"})
    stage.kube.apply(theirs, manager="rival")
    ended_well = {"status": {"phase": "Succeeded"}}
    stage.kube.patch("v1", "Pod", pod, stage.staging, ended_well, subresource="status")

    ended = await stage.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ChangedUnderneath"), ended
    assert "rival changed snapshot" in ended["message"]
    assert data(stage) == {"snapshot": "theirs"}
    assert sorted(loads(stage)) == ["new", "old"]


async def test_a_loader_that_is_not_there_is_named(stage: Stage) -> None:
    await prepared(stage, "loader:1", {"snapshot": "old"})
    stage.kube.delete("batch/v1", "CronJob", "load", stage.staging)

    ended = await stage.run("now")

    assert ended["result"] in ("RolledBack", "NothingToDo"), ended
    assert "load" in ended["message"]
    assert data(stage) == {"snapshot": "old"}
