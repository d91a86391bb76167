"""Refreshes of images: Deployments on both sides, and how far a refresh of them is."""

import asyncio
from typing import Any

from stagingmirror.drift.verdict import Unknown
from stagingmirror.engine.context import Progress
from support.kubernetes.workloads import DIGEST, deployment
from support.stages.stage import Stage

NEW, OLD = (f"registry.example/features@{DIGEST.format(n)}" for n in (2, 1))


def features(stage: Stage, production: str, staging: str, *names: str) -> list[dict[str, Any]]:
    """One Deployment per name on each side, and the track of them all."""
    track = []
    for name in names or ("features",):
        stage.kube.apply(deployment(name, stage.production, production), manager="owner")
        stage.kube.apply(deployment(name, stage.staging, staging), manager="owner")
        place = {"kind": "Deployment", "name": name, "container": "app"}
        track.append({"name": name, "pipelineImage": {"production": place}})
    return track


async def until_drifted(stage: Stage) -> None:
    """Wait until a refresh would do something: staging's pods are seen."""
    async with asyncio.timeout(60):
        while not (await stage.context()).plan.steps:  # noqa: ASYNC110 - pods know no event
            await asyncio.sleep(0.1)


def live(stage: Stage, name: str = "features") -> dict[str, Any]:
    return stage.kube.get("apps/v1", "Deployment", name, stage.staging)


def image_of(body: dict[str, Any]) -> str:
    return str(body["spec"]["template"]["spec"]["containers"][0]["image"])


def states(progress: Progress) -> list[str]:
    return [step["state"] for step in (progress.refresh or {}).get("steps", ())]


async def watched(stage: Stage, production: str, staging: str, *names: str) -> list[dict[str, Any]]:
    """A mirror of them, looked at until every pod runs and the operator sees that: what is not seen
    is not planned. Returns its track.
    """
    track = features(stage, production, staging, *names)
    stage.mirror(track)

    def all_run(_: Progress) -> bool:
        spaces = (stage.production, stage.staging)
        pods = [pod for space in spaces for pod in stage.kube.list("v1", "Pod", space)]
        known = not any(isinstance(each.verdict, Unknown) for each in stage.judged)
        return known and len(pods) == 2 * len(track) and all(_runs(pod) for pod in pods)

    await stage.until(all_run)
    return track


def _runs(pod: dict[str, Any]) -> bool:
    containers = pod["status"].get("containerStatuses", ())
    return bool(containers) and all(each["ready"] for each in containers)
