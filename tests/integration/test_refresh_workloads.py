"""Refreshing an image and a setting on the real API server: what is written and put back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from support import resources
from support.kubelet import Kubelet
from support.stage import DIGEST, Stage, a_stage, config_map, cron_job, deployment

pytestmark = pytest.mark.integration

NEW, OLD = (f"registry.example/features@{DIGEST.format(n)}" for n in (2, 1))


@pytest.fixture
async def stage(control_plane: Any) -> AsyncIterator[Stage]:
    async with a_stage(control_plane) as stage:
        with Kubelet(stage.kube, (stage.production, stage.staging)):
            yield stage


def features(stage: Stage, production: str, staging: str) -> None:
    stage.kube.apply(deployment("features", stage.production, production), manager="owner")
    stage.kube.apply(deployment("features", stage.staging, staging), manager="owner")


def live(stage: Stage, name: str = "features") -> dict[str, Any]:
    return stage.kube.get("apps/v1", "Deployment", name, stage.staging)


def image_of(body: dict[str, Any]) -> str:
    return str(body["spec"]["template"]["spec"]["containers"][0]["image"])


async def test_an_image_follows_production_and_its_former_owner_is_told(stage: Stage) -> None:
    features(stage, NEW, OLD)
    stage.mirror([resources.pipeline_image()])
    await stage.step()

    ended = await stage.run("now")

    assert ended["result"] == "Succeeded", ended
    assert image_of(live(stage)) == NEW
    assert stage.status["handledRefreshAt"] == "now"
    assert [reason for reason, _ in stage.told.news] == ["TookOver"]
    assert "owner" in stage.told.news[0][1]
