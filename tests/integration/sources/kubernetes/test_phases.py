"""What may be said of a workload in each phase, as the real controllers go through it.

There is no kubelet: tests start and end pods as one would. ``Phases.said`` has every answer that a
reader could have had, taken at each announcement: an answer that was right for a moment is in it.
"""

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.api.types.workload import WorkloadKind
from support.kubernetes.cluster_bodies import bare_deployment
from support.kubernetes.cluster_watch import watching
from support.kubernetes.phases import DIGEST, SETTLED, Body, phases
from support.kubernetes.pods import place, play
from support.operators.waiting import holds

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
async def test_scaling_is_no_rollout(
    control_plane: ControlPlane, kube: Kube, namespace: str, kind: WorkloadKind
) -> None:
    async with phases(control_plane, kube, namespace, kind) as web:
        for replicas in (4, 1, 5, 2, 0, 3):
            web.patch({"replicas": replicas})
            await web.settles("app:1", pods=replicas)

        assert len(web.said) > 12
        assert set(web.said) == {SETTLED}


async def test_what_is_no_part_of_the_template_is_no_rollout(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with phases(control_plane, kube, namespace, "Deployment") as web:
        changes: tuple[Body, ...] = (
            {"paused": True},
            {"paused": False},
            {"minReadySeconds": 1},
            {"revisionHistoryLimit": 3},
        )
        for number, change in enumerate(changes, 2):
            web.patch(change)
            await web.is_at(number)
            await web.is_said(SETTLED)

        assert set(web.said) == {SETTLED}


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
async def test_a_rollout_is_said_until_the_last_pod_of_the_former_template_is_gone(
    control_plane: ControlPlane, kube: Kube, namespace: str, kind: WorkloadKind
) -> None:
    async with phases(control_plane, kube, namespace, kind) as web:
        web.roll_out("app:2")
        await web.is_said("RollingOut")

        def last_one_terminates() -> bool:
            """Everything that Kubernetes waits for has come, but one former pod runs."""
            place(kube, namespace)
            former = [
                pod
                for pod in kube.list("v1", "Pod", namespace)
                if pod["spec"]["containers"][0]["image"] == "app:1"
            ]
            play(kube, namespace, DIGEST, ends=len(former) > 1)
            return len(former) == 1 and bool(former[0]["metadata"].get("deletionTimestamp"))

        await holds(last_one_terminates, within=40)
        assert web.reason() == "RollingOut"
        assert set(web.said) == {"RollingOut"}

        await web.settles("app:2")
        first = web.said.index(SETTLED)
        assert set(web.said[:first]) == {"RollingOut"}
        assert set(web.said[first:]) == {SETTLED}


async def test_a_surge_of_new_pods_is_a_rollout(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    strategy = {"rollingUpdate": {"maxSurge": 2, "maxUnavailable": 0}}
    async with phases(control_plane, kube, namespace, "Deployment", strategy=strategy) as web:
        web.roll_out("app:2")
        await holds(lambda: web.images() == {"app:1", "app:2"})
        await web.is_said("RollingOut")

        await web.settles("app:2")

        first = web.said.index(SETTLED)
        assert set(web.said[:first]) == {"RollingOut"}


async def test_a_recreate_is_a_rollout_also_between_its_pods(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    strategy = {"type": "Recreate"}
    async with phases(control_plane, kube, namespace, "Deployment", strategy=strategy) as web:
        web.roll_out("app:2")
        await web.settles("app:2")

        first = web.said.index(SETTLED)
        assert SETTLED not in web.said[:first]
        assert set(web.said[:first]) <= {"RollingOut", "NothingRuns", "none ready"}


async def test_a_paused_rollout_is_said_to_be_paused(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with phases(control_plane, kube, namespace, "Deployment") as web:
        web.patch({"paused": True})
        await web.settles("app:1")
        web.roll_out("app:2")
        await web.is_said("Paused")
        found = web.workload()
        assert found is not None
        assert found.unsettled is not None
        assert "resume it" in found.unsettled.message

        web.patch({"paused": False})
        await web.settles("app:2")


async def test_a_failed_rollout_is_said_to_have_failed(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    late = {"progressDeadlineSeconds": 2}
    async with phases(control_plane, kube, namespace, "Deployment", **late) as web:
        web.roll_out("app:2")

        await web.is_said("ProgressDeadlineExceeded", within=40)

        assert SETTLED not in web.said


async def test_a_rollout_that_is_undone_before_it_replaced_anything_is_dated_by_its_undoing(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    strategy = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    async with phases(control_plane, kube, namespace, "Deployment", strategy=strategy) as web:
        before = web.workload()
        web.roll_out("app:2")
        await holds(lambda: web.images() == {"app:1", "app:2"})  # the new one never starts
        web.roll_out("app:1")
        await web.is_at(3)
        await web.settles("app:1")
        await holds(lambda: (found := web.workload()) is not None and found.revision == "3")

        after = web.workload()
        assert before is not None
        assert after is not None
        assert [pod.name for pod in after.pods] == [pod.name for pod in before.pods]
        assert (before.revision, after.revision) == ("1", "3")
        assert after.rolled is not None
        assert after.rolled > max(pod.started or 0.0 for pod in after.pods)


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}, "Partitioned"),
        ({"type": "OnDelete"}, "OnDelete"),
    ],
)
async def test_a_stateful_set_that_keeps_former_pods_says_why(
    control_plane: ControlPlane, kube: Kube, namespace: str, strategy: Body, reason: str
) -> None:
    async with phases(
        control_plane, kube, namespace, "StatefulSet", updateStrategy=strategy
    ) as web:
        web.roll_out("app:2")

        def stands_still() -> bool:
            place(kube, namespace)
            play(kube, namespace, DIGEST)
            return web.reason() == reason and web.observed() == 2

        await holds(stands_still)
        assert SETTLED not in web.said

        if reason == "Partitioned":
            web.patch({"updateStrategy": {"rollingUpdate": {"partition": 0}}})
        for number in range(2) if reason == "OnDelete" else ():
            kube.delete("v1", "Pod", f"web-{number}", namespace)
        await web.settles("app:2")


async def test_a_cron_job_that_keeps_no_job_never_shows_one(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    template = bare_deployment(namespace)["spec"]["template"]
    template["spec"]["restartPolicy"] = "Never"
    spec = {
        "schedule": "0 0 1 1 *",
        "suspend": True,
        "successfulJobsHistoryLimit": 0,
        "jobTemplate": {"spec": {"template": template}},
    }
    metadata = {"name": "web", "namespace": namespace}
    kube.apply({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec})
    async with watching(control_plane.kubeconfig, namespace) as seen:
        await holds(lambda: seen.has(namespace, "web", "CronJob"))
        shown: list[int] = []
        seen.heard = lambda: shown.append(len(seen.workload(namespace, "web", "CronJob").pods))
        owner = kube.get("batch/v1", "CronJob", "web", namespace)
        reference = {key: owner[key] for key in ("apiVersion", "kind")} | {"controller": True}
        reference |= {key: owner["metadata"][key] for key in ("name", "uid")}
        job = {"name": "web-1", "namespace": namespace, "ownerReferences": [reference]}
        kube.create(
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": job,
                "spec": spec["jobTemplate"]["spec"],  # type: ignore[index]
            }
        )

        def is_over() -> bool:
            play(kube, namespace, DIGEST, phase="Succeeded")
            jobs = kube.list("batch/v1", "Job", namespace)
            return bool(shown) and not jobs

        await holds(is_over, within=40)
        assert set(shown) == {0}
        assert "successfulJobsHistoryLimit" in seen.workload(namespace, "web", "CronJob").no_pods
