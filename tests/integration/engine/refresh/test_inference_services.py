"""An InferenceService of KServe is refreshed: its real definition, the real API server. Its
controller is played (``KServe``); Deployments have the real one.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from stagingmirror.api.types.workload import ServicePart
from stagingmirror.drift.verdict import Drifted, InSync, Unknown
from support.controllers.crds import INFERENCE_SERVICE, install
from support.controllers.kserve import (
    API,
    CONTAINER,
    KServe,
    custom_part,
    inference_service,
)
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

    def running(self, part: str = "predictor") -> list[str]:
        pods = self.sandbox.kube.list("v1", "Pod", self.sandbox.staging)
        return sorted(
            pod["spec"]["containers"][0]["image"]
            for pod in pods
            if not pod["metadata"].get("deletionTimestamp")
            and pod["metadata"]["labels"]["component"] == part
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

    async def all_drifted(self) -> None:
        async with asyncio.timeout(30):
            while True:
                components = (await self.sandbox.context()).components
                if all(isinstance(each.verdict, Drifted) for each in components):
                    return
                await asyncio.sleep(0.1)

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

    async def prepared_parts(self, part: ServicePart) -> str:
        """Both sides run one predictor; of this part staging runs what production ran before. The
        field of the part.
        """
        sandbox, field = self.sandbox, part.lower()
        for space, image in ((sandbox.production, NEW), (sandbox.staging, OLD)):
            parts: dict[str, Any] = {field: custom_part(image)}
            body = inference_service("ranker", space, image=OLD, **parts)
            sandbox.kube.apply(body, manager="owner")
        place = {"kind": "InferenceService", "name": "ranker", "container": CONTAINER}
        sandbox.mirror([{"name": field, "pipelineImage": {"production": place | {"part": part}}}])
        await self.becomes(Drifted)
        await sandbox.step()
        return field

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


@pytest.mark.parametrize("part", ["Transformer", "Explainer"])
async def test_a_part_follows_production_and_its_predictor_stays(
    scene: Scene, part: ServicePart
) -> None:
    field = await scene.prepared_parts(part)
    predictor = scene.service()["spec"]["predictor"]
    scene.kserve.loading.add(scene.sandbox.staging)  # of the predictor, which is no matter of it

    ended = await scene.sandbox.run("now")

    assert ended["result"] == "Succeeded", ended
    spec = scene.service()["spec"]
    assert spec[field]["containers"] == [{"name": CONTAINER, "image": NEW}]
    assert spec["predictor"] == predictor
    assert (scene.running(field), scene.running()) == ([NEW], [OLD])
    await scene.becomes(InSync)


async def test_a_part_is_verified_by_its_own_deployment_alone(scene: Scene) -> None:
    field = await scene.prepared_parts("Transformer")
    scene.kserve.sleeping = True
    scene.sandbox.ask("now")
    await scene.sandbox.until(lambda p: "ranker-transformer has not the image of" in str(p.refresh))
    assert scene.running(field) == [OLD]

    scene.kserve.sleeping = False
    ended = await scene.sandbox.run()
    assert ended["result"] == "Succeeded", ended


async def test_a_part_that_cannot_start_is_rolled_back(scene: Scene) -> None:
    field = await scene.prepared_parts("Transformer")
    before = scene.service()["spec"]
    never = {"staging": {"repository": "registry.example/never-ready"}}
    place = {"kind": "InferenceService", "name": "ranker", "container": CONTAINER}
    entry = {"production": place | {"part": "Transformer"}} | never
    scene.sandbox.mirror([{"name": field, "pipelineImage": entry}])
    await scene.becomes(Drifted)

    ended = await scene.sandbox.run("now")

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    assert scene.service()["spec"] == before
    assert scene.running(field) == [OLD]
    managers = {each["manager"] for each in scene.service()["metadata"]["managedFields"]}
    assert "stagingmirror" not in managers


async def test_predictor_and_transformer_are_refreshed_as_one_set(scene: Scene) -> None:
    await scene.prepared_parts("Transformer")
    production = scene.sandbox.production
    body = inference_service("ranker", production, image=NEW, transformer=custom_part(NEW))
    scene.sandbox.kube.apply(body, manager="owner")
    place = {"kind": "InferenceService", "name": "ranker", "container": CONTAINER}
    images = {"transformer": place | {"part": "Transformer"}, "predictor": place}
    scene.sandbox.mirror(
        [{"name": name, "pipelineImage": {"production": each}} for name, each in images.items()]
    )
    await scene.all_drifted()

    ended = await scene.sandbox.run("now")

    assert ended["result"] == "Succeeded", ended
    assert (scene.running("transformer"), scene.running()) == ([NEW], [NEW])


async def test_a_part_that_staging_does_not_have_is_drift_that_a_refresh_leaves(
    scene: Scene,
) -> None:
    await scene.prepared_parts("Transformer")
    gone = {"spec": {"transformer": None}}
    scene.sandbox.kube.patch(API, "InferenceService", "ranker", scene.sandbox.staging, gone)
    verdict = await scene.becomes(Drifted)
    while [each.fact for each in verdict.differences] != ["present"]:
        verdict = await scene.becomes(Drifted)

    ended = await scene.sandbox.run("now")

    assert "Transformer" in str(ended), ended
    assert "transformer" not in scene.service()["spec"]
