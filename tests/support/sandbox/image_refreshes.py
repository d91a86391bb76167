"""Refreshes of images: Deployments on both sides, and how far a refresh of them is."""

import asyncio
from typing import Any

from stagingmirror.api.status.report import Progress
from stagingmirror.drift.verdict import Unknown
from support.kubernetes.workloads import DIGEST, deployment
from support.operators.operator import World
from support.sandbox.sandbox import Sandbox

NEW, OLD = (f"registry.example/features@{DIGEST.format(n)}" for n in (2, 1))


def features(sandbox: Sandbox, production: str, staging: str, *names: str) -> list[dict[str, Any]]:
    """One Deployment per name on each side, and the track of them all."""
    track = []
    for name in names or ("features",):
        sandbox.kube.apply(deployment(name, sandbox.production, production), manager="owner")
        sandbox.kube.apply(deployment(name, sandbox.staging, staging), manager="owner")
        place = {"kind": "Deployment", "name": name, "container": "app"}
        track.append({"name": name, "pipelineImage": {"production": place}})
    return track


async def until_drifted(sandbox: Sandbox) -> None:
    """Wait until a refresh would do something: staging's pods are seen."""
    async with asyncio.timeout(60):
        while not (await sandbox.context()).plan.steps:  # noqa: ASYNC110 - pods know no event
            await asyncio.sleep(0.1)


def until_all_drifted(world: World) -> None:
    """Wait until a refresh would follow with every component: what is not seen is not planned."""

    def all_drifted(status: dict[str, Any]) -> bool:
        verdicts = [each["verdict"] for each in status.get("components") or ()]
        return bool(verdicts) and all(verdict == "Drifted" for verdict in verdicts)

    world.until(all_drifted, within=60, what="not every component is drifted")


def live(where: Sandbox | World, name: str = "features") -> dict[str, Any]:
    """Staging's Deployment of this name, as it is now."""
    return where.kube.get("apps/v1", "Deployment", name, where.staging)


def image_of(body: dict[str, Any]) -> str:
    return str(body["spec"]["template"]["spec"]["containers"][0]["image"])


def states(progress: Progress) -> list[str]:
    return [step["state"] for step in (progress.refresh.steps if progress.refresh else ())]


async def watched(
    sandbox: Sandbox, production: str, staging: str, *names: str
) -> list[dict[str, Any]]:
    """A mirror of them, looked at until every pod runs and the operator sees that: what is not seen
    is not planned. Returns its track.
    """
    track = features(sandbox, production, staging, *names)
    sandbox.mirror(track)

    def all_run(_: Progress) -> bool:
        spaces = (sandbox.production, sandbox.staging)
        pods = [pod for space in spaces for pod in sandbox.kube.list("v1", "Pod", space)]
        known = not any(isinstance(each.verdict, Unknown) for each in sandbox.judged)
        return known and len(pods) == 2 * len(track) and all(_runs(pod) for pod in pods)

    await sandbox.until(all_run)
    return track


def _runs(pod: dict[str, Any]) -> bool:
    containers = pod["status"].get("containerStatuses", ())
    return bool(containers) and all(each["ready"] for each in containers)
