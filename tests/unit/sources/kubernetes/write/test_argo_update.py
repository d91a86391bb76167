"""A Rollout is verified only where the ReplicaSet with the written template serves alone."""

from typing import Any

import pytest

from stagingmirror.errors import StepFailed
from stagingmirror.sources.kubernetes.write.rollout_read import Rollout, read_rollout
from stagingmirror.sources.kubernetes.write.rollout_status import (
    is_whole,
    pending,
    refuse_unmovable,
)
from support.controllers.argo_rollouts import LABEL, rollout
from support.kinds.tools import Bench

PATH = "/apis/argoproj.io/v1alpha1/namespaces/ml/rollouts/web"
SETS = "/apis/apps/v1/namespaces/ml/replicasets"
PODS = "/api/v1/namespaces/ml/pods"
HEALTHY = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


class Web(Bench):
    """Rollout ``web`` at generation 2, whose status names ``new`` as newest and stable."""

    def __init__(self, *, strategy: Any = None, **status: Any) -> None:
        Bench.__init__(self)
        self.body = self.wire.put(PATH, rollout("web", "ml", "x:2", strategy=strategy))
        self.body["metadata"]["generation"] = 2
        self.body["status"] = {
            "observedGeneration": "2",
            "currentPodHash": "new",
            "stableRS": "new",
            **HEALTHY,
            **status,
        }
        self.made("old", "x:1")
        self.made("new", "x:2")
        for name in ("a", "b"):
            self.pod(name, "new")

    def made(self, name: str, image: str) -> None:
        spec = rollout("web", "ml", image)["spec"]
        owner = {"uid": self.body["metadata"]["uid"], "kind": "Rollout", "controller": True}
        metadata = {"labels": {"app": "web", LABEL: name}, "ownerReferences": [owner]}
        self.wire.put(f"{SETS}/web-{name}", {"metadata": metadata, "spec": spec})

    def pod(self, name: str, made: str, *, ready: bool = True) -> None:
        labels = {"app": "web", LABEL: made}
        status = {"conditions": [{"type": "Ready", "status": str(ready)}]}
        self.wire.put(f"{PODS}/{name}", {"metadata": {"labels": labels}, "status": status})

    async def read(self) -> Rollout:
        return await read_rollout(self.tools.writer, "Rollout", "ml", "web")

    async def pending(self) -> str | None:
        return pending(await self.read(), 2)


async def test_it_has_arrived_where_the_newest_serves_alone() -> None:
    assert await Web().pending() is None


async def test_the_newest_replica_set_must_have_the_written_template() -> None:
    """Its controller notes a pause with the newest generation before it has read the template."""
    web = Web(currentPodHash="old", stableRS="old")
    for name in ("a", "b"):
        web.pod(name, "old")

    assert "ReplicaSet of the change" in (await web.pending() or "arrived")


async def test_a_restart_has_arrived_only_with_pods_that_carry_it() -> None:
    web = Web()
    mark = {"stagingmirror.dev/restarted-at": "r1"}
    web.body["spec"]["template"]["metadata"]["annotations"] = mark

    assert await web.pending() is not None


@pytest.mark.parametrize(
    "status",
    [
        {"stableRS": "old"},
        {"observedGeneration": "1"},
        {"observedGeneration": "5d4f9b"},
        {"replicas": 3},
        {"updatedReplicas": 1},
        {"availableReplicas": 1},
    ],
    ids=str,
)
async def test_it_is_awaited_until_then(status: Any) -> None:
    assert await Web(**status).pending() is not None


async def test_pods_without_traffic_are_not_waited_for() -> None:
    assert await Web(strategy={"blueGreen": {}}, replicas=4).pending() is None


async def test_pods_that_are_counted_and_not_ready_are_waited_for() -> None:
    web = Web()
    web.pod("b", "new", ready=False)

    assert "1 of them ready" in (await web.pending() or "arrived")


async def test_what_is_awaited_names_the_step_of_the_canary() -> None:
    steps = {"canary": {"steps": [{"setWeight": 20}, {"pause": {"duration": 60}}]}}
    web = Web(strategy=steps, stableRS="old", currentStepIndex=1)

    assert "canary step 2 of 2 (pause)" in (await web.pending() or "")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({"abort": True}, "RolloutAborted"),
        ({"conditions": [{"type": "InvalidSpec"}]}, "RolloutInvalid"),
        ({"pauseConditions": [{"reason": "InconclusiveAnalysisRun"}]}, "NeedsPromotion"),
        (
            {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]},
            "ProgressDeadlineExceeded",
        ),
    ],
)
async def test_what_never_arrives_is_reported_at_once(status: Any, reason: str) -> None:
    with pytest.raises(StepFailed) as failed:
        await Web(stableRS="old", **status).pending()

    assert failed.value.reason == reason


async def test_an_abort_of_the_former_template_is_none_of_the_new_one() -> None:
    web = Web(currentPodHash="old", stableRS="old", abort=True)

    assert await web.pending() is not None


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"strategy": {"canary": {"steps": [{"setWeight": 5}, {"pause": {}}]}}}, "NeedsPromotion"),
        ({"strategy": {"canary": {"steps": [{"pause": None}]}}}, "NeedsPromotion"),
        ({"strategy": {"blueGreen": {"autoPromotionEnabled": False}}}, "NeedsPromotion"),
        ({"paused": True}, "Paused"),
        ({"workloadRef": {"kind": "Deployment", "name": "web"}}, "TemplateElsewhere"),
    ],
)
async def test_what_a_refresh_could_not_move_is_left_before_the_first_write(
    spec: Any, reason: str
) -> None:
    web = Web()
    web.body["spec"] |= spec

    with pytest.raises(StepFailed) as failed:
        refuse_unmovable(await web.read())

    assert failed.value.reason == reason
    assert not is_whole(await web.read())


@pytest.mark.parametrize(
    "strategy",
    [
        {"canary": {"steps": [{"pause": {"duration": "10m"}}, {"pause": {"duration": 0}}]}},
        {"blueGreen": {"autoPromotionEnabled": False, "autoPromotionSeconds": 5}},
        {"canary": {}},
    ],
)
async def test_what_goes_on_by_itself_is_moved(strategy: Any) -> None:
    refuse_unmovable(await Web(strategy=strategy).read())
