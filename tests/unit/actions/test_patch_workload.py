"""A workload that was patched: what counts as arrived, as set back, and as rolled back."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.patch_workload import NOT_WHOLE, PatchWorkload
from stagingmirror.actions.step import Arrived, Reverted, Task, Underway
from stagingmirror.errors import ChangedUnderneath, StepFailed
from stagingmirror.sources.kubernetes.write.field_patch import FieldWrite, SetAnnotation, SetImage
from support.kinds.tools import Bench
from support.kubernetes.workloads import DIGEST, deployment

PATH = "/apis/apps/v1/namespaces/ml/deployments/server"
OLD, NEW, THEIRS = "x:1", "x:2", "x:3"
IMAGE = SetImage("app", NEW)


def patching(*writes: FieldWrite) -> PatchWorkload:
    return PatchWorkload("p", ("c",), "Deployment", "ml", "server", writes or (IMAGE,))


class Patched(Bench):
    """Deployment ``server``, whole at generation 1, with one pod of its newest template."""

    def __init__(self, *, whole: bool = True) -> None:
        Bench.__init__(self)
        body = deployment("server", "ml", OLD)
        body["metadata"] |= {
            "generation": 1,
            "annotations": {"deployment.kubernetes.io/revision": "1"},
        }
        self.body = self.wire.put(PATH, body)
        metadata = {
            "labels": {"app": "server", "pod-template-hash": "a"},
            "ownerReferences": [{"uid": "server"}],
            "annotations": {"deployment.kubernetes.io/revision": "1"},
        }
        self.wire.put("/apis/apps/v1/namespaces/ml/replicasets/a", {"metadata": metadata})
        self.rolled_out(1, available=int(whole))
        self.pod(1, ready=whole)

    def pod(self, digest: int, *, ready: bool = True, waiting: str | None = None) -> None:
        status = {
            "name": "app",
            "imageID": f"x@{DIGEST.format(digest)}",
            "ready": ready,
            "state": {"waiting": {"reason": waiting}} if waiting else {},
        }
        labels = {"app": "server", "pod-template-hash": "a"}
        pod = {"metadata": {"labels": labels}, "status": {"containerStatuses": [status]}}
        self.wire.put("/api/v1/namespaces/ml/pods/a-1", pod)

    def rolled_out(self, generation: int, *, available: int = 1) -> None:
        self.body["status"] = {
            "observedGeneration": generation,
            "updatedReplicas": 1,
            "availableReplicas": available,
            "replicas": 1,
        }

    def image(self, image: str) -> None:
        self.body["spec"]["template"]["spec"]["containers"][0]["image"] = image
        self.body["metadata"]["generation"] += 1

    async def surveyed(self, action: PatchWorkload | None = None) -> Task:
        before = await (action or patching()).survey("r1", self.tools)
        return Task("r1", before, {}, {}, 0.0)

    async def roll_back(self, task: Task) -> Task:
        while True:
            outcome = await patching().roll_back(task, self.tools)
            assert outcome.after is not None
            task = replace(task, after=outcome.after)
            if isinstance(outcome, Arrived):
                return task


@pytest.mark.parametrize("whole", [True, False])
async def test_nothing_is_as_before_until_the_controller_has_seen_it(whole: bool) -> None:
    patched = Patched(whole=whole)
    task = await patched.surveyed()
    patched.image(NEW)
    patched.image(OLD)

    task = await patched.roll_back(task)

    outcome = await patching().verify_rollback(task, patched.tools)
    assert outcome == Underway("Deployment server: its controller has not seen the change yet")


async def test_what_was_whole_is_put_back_once_it_is_whole_again() -> None:
    patched = Patched()
    task = await patched.roll_back(await patched.surveyed())
    patched.rolled_out(1, available=0)
    assert isinstance(await patching().verify_rollback(task, patched.tools), Underway)

    patched.rolled_out(1)

    assert await patching().verify_rollback(task, patched.tools) == Arrived("runs what it ran")


async def test_what_was_not_whole_before_is_never_called_verified() -> None:
    patched = Patched(whole=False)
    task = await patched.roll_back(await patched.surveyed())

    outcome = await patching().verify_rollback(task, patched.tools)

    assert outcome == Arrived(NOT_WHOLE, caveat=NOT_WHOLE)


@pytest.mark.parametrize("whole", [True, False])
async def test_another_image_under_the_same_tag_is_not_what_ran(whole: bool) -> None:
    patched = Patched(whole=True)
    task = await patched.surveyed()
    task = await patched.roll_back(replace(task, before={**task.before, "whole": whole}))
    patched.pod(2)

    with pytest.raises(StepFailed, match="another image under the same tag"):
        await patching().verify_rollback(task, patched.tools)


async def test_a_field_that_is_what_it_was_is_set_back_and_another_value_is_somebodys() -> None:
    patched = Patched()
    task = replace(await patched.surveyed(), after={"generation": 2})
    action = patching()

    assert isinstance(await action.verify(task, patched.tools), Reverted)
    patched.image(THEIRS)
    with pytest.raises(ChangedUnderneath, match="somebody changed the image of app"):
        await action.verify(task, patched.tools)


@pytest.mark.parametrize("spec", [{}, {"paused": True}])
async def test_an_annotation_waits_for_no_pods(spec: dict[str, Any]) -> None:
    patched = Patched(whole=False)
    patched.body["spec"] |= spec
    patched.pod(1, ready=False, waiting="CrashLoopBackOff")
    action = patching(SetAnnotation("example.com/snapshot", "2"))
    task = await patched.surveyed(action)
    patched.body["metadata"]["annotations"]["example.com/snapshot"] = "2"

    assert isinstance(await action.verify(task, patched.tools), Arrived)

    del patched.body["metadata"]["annotations"]["example.com/snapshot"]
    assert await action.verify_rollback(task, patched.tools) == Arrived("as before")


def pins(patched: Patched, image: str) -> None:
    """Admission makes this of every image, in the name of whoever writes."""

    def admit(body: dict[str, Any]) -> None:
        body["spec"]["template"]["spec"]["containers"][0]["image"] = image
        fields: dict[str, Any] = {"f:containers": {'k:{"name":"app"}': {"f:image": {}}}}
        written = {"f:spec": {"f:template": {"f:spec": fields}}}
        body["metadata"]["managedFields"] = [
            {"manager": "stagingmirror", "operation": "Update", "fieldsV1": written}
        ]

    patched.wire.admit = admit


async def test_what_admission_makes_of_an_image_is_known_before_it_is_written() -> None:
    patched = Patched()
    task = await patched.surveyed()
    pins(patched, THEIRS)

    with pytest.raises(StepFailed) as refused:
        await patching().rehearse(task, patched.tools)

    assert refused.value.reason == "RewrittenByAdmission"
    assert "the image of app of Deployment server" in refused.value.message
    assert patched.wire.calls == []


async def test_what_admission_made_of_our_image_is_taken_back_as_ours() -> None:
    patched = Patched()
    task = await patched.surveyed()
    pins(patched, THEIRS)
    for call in (patching().take, patching().take):  # also where the first answer was lost
        with pytest.raises(StepFailed, match="admission rule"):
            await call(task, patched.tools)
    patched.wire.admit = lambda body: None

    outcome = await patching().roll_back(task, patched.tools)

    assert isinstance(outcome, Arrived)
    assert patched.body["spec"]["template"]["spec"]["containers"][0]["image"] == OLD


async def test_an_image_that_admission_keeps_as_it_was_is_nobodys_revert() -> None:
    patched = Patched()
    task = replace(await patched.surveyed(), after={"generation": 2})
    pins(patched, OLD)
    with pytest.raises(StepFailed, match="admission rule"):
        await patching().take(task, patched.tools)

    with pytest.raises(StepFailed, match="admission rule"):
        await patching().verify(task, patched.tools)


async def test_a_patch_of_a_paused_leader_that_comes_after_the_rollback_is_fenced() -> None:
    patched = Patched()
    task, version = await patched.surveyed(), patched.body["metadata"]["resourceVersion"]

    task = await patched.roll_back(task)

    assert patched.body["metadata"]["resourceVersion"] != version
    assert isinstance(await patching().verify_rollback(task, patched.tools), Arrived)
    assert patched.body["metadata"].get("labels", {}) == {}


async def test_a_process_that_dies_after_each_write_of_the_fence_gets_to_its_end() -> None:
    patched = Patched()
    task = await patched.surveyed()

    for _ in ("the mark is made", "it is there, and is noted"):
        outcome = await patching().roll_back(task, patched.tools)
        assert outcome == Underway("is fenced", after={"fenced": True})
    assert len(patched.wire.calls) == 1
    task = replace(task, after={"fenced": True})
    assert isinstance(await patching().roll_back(task, patched.tools), Arrived)


async def test_every_field_that_was_set_back_is_named_with_who_did_it() -> None:
    patched = Patched()
    action = patching(IMAGE, SetAnnotation("team/a", "2"), SetAnnotation("team/b", "2"))
    task = replace(await patched.surveyed(action), after={"generation": 2})

    outcome = await action.verify(task, patched.tools)

    assert outcome == Reverted(
        "somebody",
        "somebody changed the image of app, annotation team/a, annotation team/b of Deployment "
        "server",
    )
