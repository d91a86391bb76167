"""A Rollout of Argo Rollouts is refreshed as a Deployment is: its real definition, the real API
server. Its controller is played (``ArgoRollouts``); ReplicaSets have the real one.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from stagingmirror.drift.verdict import Drifted, InSync, Unknown
from support.controllers.argo_rollouts import API, LABEL, ArgoRollouts, rollout
from support.controllers.crds import ROLLOUT, install
from support.kubernetes.kubelet import Kubelet
from support.sandbox.image_refreshes import NEW, OLD, image_of
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox

pytestmark = pytest.mark.integration

TIMED = ({"setWeight": 50}, {"pause": {"duration": "10m"}}, {"setWeight": 100})


@dataclass(frozen=True, slots=True)
class Scene:
    sandbox: Sandbox
    argo: ArgoRollouts

    def canary(self) -> dict[str, Any]:
        """Staging's Rollout as it is now."""
        return self.sandbox.kube.get(API, "Rollout", "ranker", self.sandbox.staging)

    def running(self) -> list[str]:
        """The images of staging's pods that are not being deleted."""
        pods = self.sandbox.kube.list("v1", "Pod", self.sandbox.staging, labels="app=ranker")
        return sorted(
            pod["spec"]["containers"][0]["image"]
            for pod in pods
            if not pod["metadata"].get("deletionTimestamp")
        )

    async def verdict(self) -> Any:
        return (await self.sandbox.context()).components[0].verdict

    async def becomes(self, kind: type, reason: str | None = None) -> Any:
        """Until the verdict is this."""
        found: Any = None
        try:
            async with asyncio.timeout(30):
                while True:
                    found = await self.verdict()
                    if isinstance(found, kind) and reason in (None, _reason(found)):
                        return found
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not {kind.__name__} {reason}: {found}") from None

    async def prepared(self, *, repository: str | None = None, **how: Any) -> None:
        """Two replicas on each side; staging's run what production's ran before."""
        sandbox = self.sandbox
        ours = rollout("ranker", sandbox.staging, OLD, **how)
        sandbox.kube.apply(rollout("ranker", sandbox.production, NEW), ours, manager="owner")
        image: dict[str, Any] = {
            "production": {"kind": "Rollout", "name": "ranker", "container": "app"}
        }
        if repository is not None:
            image["staging"] = {"repository": repository}
        sandbox.mirror([{"name": "ranker", "pipelineImage": image}])
        await self.becomes(Drifted)
        # A token that is there before the first pass is not obeyed.
        await sandbox.step()


@pytest.fixture
async def scene(control_plane: Any) -> AsyncIterator[Scene]:
    install(control_plane.kube, ROLLOUT)
    async with a_sandbox(control_plane) as sandbox:
        spaces = (sandbox.production, sandbox.staging)
        with Kubelet(sandbox.kube, spaces), ArgoRollouts(sandbox.kube, spaces) as argo:
            yield Scene(sandbox, argo)


async def test_staging_follows_production_through_the_steps_of_its_canary(scene: Scene) -> None:
    await scene.prepared(steps=TIMED)

    ended = await scene.sandbox.run("now")

    assert ended["result"] == "Succeeded", ended
    assert image_of(scene.canary()) == NEW
    assert scene.running() == [NEW, NEW]
    status = scene.canary()["status"]
    assert status["stableRS"] == status["currentPodHash"]
    assert isinstance(await scene.verdict(), InSync)


async def test_a_canary_in_progress_is_no_verdict_and_the_refresh_waits_for_its_end(
    scene: Scene,
) -> None:
    await scene.prepared(steps=TIMED)
    scene.argo.holding = True
    scene.sandbox.ask("now")
    await scene.sandbox.until(lambda p: "canary step 2 of 3 (pause)" in str(p.refresh))

    found = await scene.becomes(Unknown, "RollingOut")
    assert "canary step 2 of 3 (pause)" in str(found)
    assert scene.running() == sorted([NEW, OLD])

    scene.argo.holding = False
    ended = await scene.sandbox.run()
    assert ended["result"] == "Succeeded", ended


async def test_one_that_cannot_start_is_rolled_back_to_the_stable_template(scene: Scene) -> None:
    await scene.prepared(repository="registry.example/never-ready", steps=TIMED)
    before = scene.canary()

    ended = await scene.sandbox.run("now")

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    assert scene.canary()["spec"] == before["spec"]
    assert scene.running() == [OLD, OLD]
    managers = {each["manager"] for each in scene.canary()["metadata"]["managedFields"]}
    assert "stagingmirror" not in managers


async def test_an_update_that_is_aborted_is_rolled_back(scene: Scene) -> None:
    await scene.prepared(steps=TIMED)
    before = scene.canary()
    scene.argo.aborts = True

    ended = await scene.sandbox.run("now")

    assert (ended["result"], ended["reason"]) == ("RolledBack", "RolloutAborted"), ended
    assert scene.canary()["spec"] == before["spec"]
    assert scene.running() == [OLD, OLD]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"steps": ({"setWeight": 50}, {"pause": {}})}, "NeedsPromotion"),
        (
            {"strategy": {"blueGreen": {"activeService": "ranker", "autoPromotionEnabled": False}}},
            "NeedsPromotion",
        ),
    ],
    ids=["canary", "blue-green"],
)
async def test_one_that_would_wait_for_a_person_is_left_as_it_is(
    scene: Scene, how: dict[str, Any], reason: str
) -> None:
    await scene.prepared(**how)
    before = scene.canary()["metadata"]["generation"]

    ended = await scene.sandbox.run("now")

    assert ended["reason"] == reason, ended
    assert scene.canary()["metadata"]["generation"] == before
    assert scene.running() == [OLD, OLD]


async def test_production_that_waits_for_promotion_is_unknown_until_somebody_promotes(
    scene: Scene,
) -> None:
    await scene.prepared()
    sandbox = scene.sandbox
    waits = {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}}
    image = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": OLD}]
    at = ("Rollout", "ranker", sandbox.production)
    sandbox.kube.patch(API, *at, {"spec": {"strategy": waits}})
    sandbox.kube.patch(API, *at, image, how="json")

    await scene.becomes(Unknown, "NeedsPromotion")
    scene.argo.promote(sandbox.production, "ranker")

    await scene.becomes(InSync)


async def test_an_aborted_production_runs_what_its_stable_pods_run(scene: Scene) -> None:
    await scene.prepared()
    sandbox = scene.sandbox
    scene.argo.aborts = True
    image = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": OLD}]
    sandbox.kube.patch(API, "Rollout", "ranker", sandbox.production, image, how="json")
    await sandbox.until(lambda _: _aborted(scene))

    await scene.becomes(Drifted)


async def test_a_template_of_a_deployment_is_compared_and_never_written(scene: Scene) -> None:
    await scene.prepared()
    sandbox = scene.sandbox
    named = rollout("ranker", sandbox.staging, OLD, replicas=0)
    del named["spec"]["strategy"]
    sandbox.kube.apply({**named, "apiVersion": "apps/v1", "kind": "Deployment"}, manager="owner")
    sandbox.kube.delete(API, "Rollout", "ranker", sandbox.staging, foreground=True)
    await sandbox.until(lambda _: not scene.running() and _is_gone(scene))
    ours = rollout("ranker", sandbox.staging, OLD)
    del ours["spec"]["template"]
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "ranker"}
    ours["spec"]["workloadRef"] = reference
    sandbox.kube.apply(ours, manager="owner")
    await scene.becomes(Drifted)

    ended = await sandbox.run("now")

    assert ended["reason"] == "TemplateElsewhere", ended
    assert scene.running() == [OLD, OLD]


async def test_an_owner_that_applies_again_meets_no_conflict_after_a_rollback(
    scene: Scene,
) -> None:
    await scene.prepared(repository="registry.example/never-ready")
    await scene.sandbox.run("now")
    newer = rollout("ranker", scene.sandbox.staging, NEW)
    path = f"/apis/{API}/namespaces/{scene.sandbox.staging}/rollouts/ranker?fieldManager=owner"

    scene.sandbox.kube.request("PATCH", path, newer, content_type="application/apply-patch+yaml")

    assert image_of(scene.canary()) == NEW


async def test_dying_after_every_write_leaves_staging_refreshed(scene: Scene) -> None:
    await scene.prepared()

    ended = await scene.sandbox.run_dying("now", within=120)

    assert ended["result"] == "Succeeded", ended
    assert scene.running() == [NEW, NEW]
    made = scene.sandbox.kube.list("apps/v1", "ReplicaSet", scene.sandbox.staging)
    assert len({each["metadata"]["labels"][LABEL] for each in made}) == 2, "one update, not several"


def _is_gone(scene: Scene) -> bool:
    return scene.sandbox.kube.find(API, "Rollout", "ranker", scene.sandbox.staging) is None


def _aborted(scene: Scene) -> bool:
    found = scene.sandbox.kube.get(API, "Rollout", "ranker", scene.sandbox.production)
    return found["status"].get("abort") is True


def _reason(verdict: Any) -> str | None:
    why = getattr(verdict, "why", None)
    return None if why is None else str(why.reason)
