"""An InferenceService of KServe is refreshed: its real definition, the real API server. Its
controller is played (``KServe``); Deployments have the real one.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from stagingmirror.drift.verdict import Drifted, InSync, Unknown
from support.controllers.crds import INFERENCE_SERVICE, install
from support.controllers.kserve import API, CONTAINER, KServe, inference_service
from support.kubernetes.kubelet import Kubelet
from support.sandbox.image_refreshes import NEW, OLD
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox

pytestmark = pytest.mark.integration


@dataclass(frozen=True, slots=True)
class Scene:
    sandbox: Sandbox
    kserve: KServe

    def service(self) -> dict[str, Any]:
        """Staging's, as it is now."""
        return self.sandbox.kube.get(API, "InferenceService", "ranker", self.sandbox.staging)

    def running(self) -> list[str]:
        pods = self.sandbox.kube.list("v1", "Pod", self.sandbox.staging)
        return sorted(
            pod["spec"]["containers"][0]["image"]
            for pod in pods
            if not pod["metadata"].get("deletionTimestamp")
        )

    async def becomes(self, kind: type, reason: str | None = None) -> Any:
        """Until the verdict is this."""
        found: Any = None
        try:
            async with asyncio.timeout(30):
                while True:
                    found = (await self.sandbox.context()).components[0].verdict
                    why = getattr(found, "why", None)
                    if isinstance(found, kind) and reason in (None, why and why.reason):
                        return found
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not {kind.__name__} {reason}: {found}") from None

    async def prepared(self, *, ours: str | None = OLD, repository: str | None = None) -> None:
        """Staging runs what production ran before."""
        sandbox = self.sandbox
        for space, image in ((sandbox.production, NEW), (sandbox.staging, ours)):
            sandbox.kube.apply(inference_service("ranker", space, image=image), manager="owner")
        place = {"kind": "InferenceService", "name": "ranker", "container": CONTAINER}
        entry: dict[str, Any] = {"production": place}
        if repository is not None:
            entry["staging"] = {"repository": repository}
        sandbox.mirror([{"name": "ranker", "pipelineImage": entry}])
        await self.becomes(Drifted)
        # A token that is there before the first pass is not obeyed.
        await sandbox.step()

    async def refreshed_but_not_loaded(self) -> None:
        """A refresh has begun, and waits for staging's model."""
        self.kserve.sleeping = True
        self.sandbox.ask("now")
        await self.sandbox.until(lambda p: "has not the image of" in str(p.refresh))
        self.kserve.loading.add(self.sandbox.staging)
        self.kserve.sleeping = False
        await self.sandbox.until(lambda p: "has not loaded its model yet" in str(p.refresh))


@pytest.fixture
async def scene(control_plane: Any) -> AsyncIterator[Scene]:
    install(control_plane.kube, INFERENCE_SERVICE)
    async with a_sandbox(control_plane) as sandbox:
        spaces = (sandbox.production, sandbox.staging)
        with Kubelet(sandbox.kube, spaces), KServe(sandbox.kube, spaces) as kserve:
            yield Scene(sandbox, kserve)


async def test_staging_follows_production(scene: Scene) -> None:
    await scene.prepared()

    ended = await scene.sandbox.run("now")

    assert ended["result"] == "Succeeded", ended
    assert scene.service()["spec"]["predictor"]["model"]["image"] == NEW
    assert scene.running() == [NEW]
    await scene.becomes(InSync)


async def test_an_image_that_the_runtime_gave_is_the_runtimes_again(scene: Scene) -> None:
    await scene.prepared(ours=None, repository="registry.example/never-ready")
    before = scene.service()["spec"]

    ended = await scene.sandbox.run("now")

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    assert scene.service()["spec"] == before
    managers = {each["manager"] for each in scene.service()["metadata"]["managedFields"]}
    assert "stagingmirror" not in managers


async def test_a_controller_that_sleeps_verifies_nothing(scene: Scene) -> None:
    """The former version stays Ready and UpToDate, and its Deployment is whole."""
    await scene.prepared()
    scene.kserve.sleeping = True
    scene.sandbox.ask("now")
    await scene.sandbox.until(lambda p: "has not the image of" in str(p.refresh))
    assert scene.running() == [OLD]

    scene.kserve.sleeping = False
    ended = await scene.sandbox.run()
    assert ended["result"] == "Succeeded", ended


async def test_a_model_that_is_not_loaded_yet_is_waited_for(scene: Scene) -> None:
    await scene.prepared()
    await scene.refreshed_but_not_loaded()
    await scene.becomes(Unknown, "RollingOut")

    scene.kserve.loading.clear()
    ended = await scene.sandbox.run()
    assert ended["result"] == "Succeeded", ended


async def test_a_model_that_cannot_be_loaded_is_rolled_back(scene: Scene) -> None:
    await scene.prepared()
    before = scene.service()["spec"]
    await scene.refreshed_but_not_loaded()
    scene.kserve.fails.add(scene.sandbox.staging)
    await scene.sandbox.until(lambda p: "RollBack" in str(p.refresh))
    scene.kserve.fails.clear()
    scene.kserve.loading.clear()
    ended = await scene.sandbox.run()

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ModelNotLoaded"), ended
    assert scene.service()["spec"] == before
    assert scene.running() == [OLD]


async def test_one_that_splits_traffic_is_left_as_it_is(scene: Scene) -> None:
    await scene.prepared()
    split = {"spec": {"predictor": {"canaryTrafficPercent": 10}}}
    scene.sandbox.kube.patch(API, "InferenceService", "ranker", scene.sandbox.staging, split)
    before = scene.service()["metadata"]["generation"]

    ended = await scene.sandbox.run("now")

    assert ended["reason"] == "NeedsPromotion", ended
    assert scene.service()["metadata"]["generation"] == before
