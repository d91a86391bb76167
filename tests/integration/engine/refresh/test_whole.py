"""Refreshing all three kinds at once, with two real MLflow servers; dying at every write of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from rig.mlflow_server import MlflowServer
from support.kubernetes.kubelet import Kubelet
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox
from support.sandbox.three_kinds import ThreeKinds

pytestmark = pytest.mark.integration


@dataclass(frozen=True, slots=True)
class Scene:
    sandbox: Sandbox
    world: ThreeKinds

    async def produce(self) -> None:
        await asyncio.to_thread(self.world.produce)

    async def verdicts(self) -> list[str]:
        context = await self.sandbox.context()
        return [type(judged.verdict).__name__ for judged in context.components]


@pytest.fixture
async def scene(
    control_plane: Any, mlflow_production: MlflowServer, mlflow_staging: MlflowServer
) -> AsyncIterator[Scene]:
    servers = (mlflow_production, mlflow_staging)
    async with a_sandbox(control_plane, *servers) as sandbox:
        places = (sandbox.production, sandbox.staging)
        with Kubelet(sandbox.kube, places):
            world = ThreeKinds(sandbox.kube, *places, servers, sandbox.mirror)
            await asyncio.to_thread(world.begin)
            await sandbox.step()
            yield Scene(sandbox, world)


def since(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after}


async def test_model_image_and_setting_arrive_together(scene: Scene) -> None:
    await scene.produce()

    ended = await scene.sandbox.run("now")

    assert ended["result"] == "Succeeded", ended
    assert scene.world.seen() == scene.world.wanted()
    assert await scene.verdicts() == ["InSync"] * 3


async def test_dying_after_every_write_ends_as_if_nothing_had_happened(scene: Scene) -> None:
    before = scene.world.rollouts()
    await scene.produce()

    ended = await scene.sandbox.run_dying("now", within=200)

    assert ended["result"] == "Succeeded", ended
    assert scene.world.seen() == scene.world.wanted()
    assert since(before, scene.world.rollouts()) == {"server": 1, "trainer": 1}
    assert await scene.verdicts() == ["InSync"] * 3
    assert len(scene.sandbox.deaths) > 20, scene.sandbox.deaths


async def test_dying_after_every_write_of_the_way_back_leaves_staging_as_it_was(
    scene: Scene,
) -> None:
    before, rollouts = scene.world.seen(), scene.world.rollouts()
    scene.world.repository = "registry.example/never-ready"
    await asyncio.to_thread(scene.world.track)
    await scene.produce()

    ended = await scene.sandbox.run_dying("now", within=240)

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    # The copy stays, named by nothing; the loader ran again with the former value.
    left = {"versions": before["versions"] + 1, "jobs": before["jobs"] + 2}
    assert scene.world.seen() == {**before, **left}
    assert since(rollouts, scene.world.rollouts()) == {"server": 2, "trainer": 2}
