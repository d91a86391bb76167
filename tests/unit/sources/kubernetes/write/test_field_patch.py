"""A field of somebody else's workload: read, patched, owned; rollouts and Jobs judged. All pure."""

from typing import Any

import pytest

from stagingmirror.errors import StepFailed
from stagingmirror.sources.kubernetes.write.field_managers import giving_back, owner_of
from stagingmirror.sources.kubernetes.write.field_patch import (
    RESTARTED_AT,
    Change,
    FieldWrite,
    Restart,
    SetAnnotation,
    SetImage,
    SetVariable,
    patch_for,
    path_of,
    read_field,
    target_of,
)
from stagingmirror.sources.kubernetes.write.loader_jobs import Load, ended, job_of
from stagingmirror.sources.kubernetes.write.rollout_read import Rollout
from stagingmirror.sources.kubernetes.write.rollout_status import is_whole, pending

FROM = {"name": "V", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}


def deployment(env: list[dict[str, Any]] | None = None, **status: Any) -> dict[str, Any]:
    container = {"name": "app", "image": "x:1", "env": env or []}
    return {
        "metadata": {"name": "features", "uid": "u", "resourceVersion": "7", "generation": 3},
        "spec": {"template": {"spec": {"containers": [container, {"name": "side"}]}}},
        "status": status,
    }


def env_patch(body: dict[str, Any], former: Any, target: Any) -> Any:
    change = Change(SetVariable("app", "V", ""), former, target)
    patch = patch_for(body, "Deployment", [change])
    return patch["spec"]["template"]["spec"]["containers"][0]["env"]


def test_a_patch_is_fenced_and_names_nothing_but_its_fields() -> None:
    body = deployment([{"name": "V", "value": "1"}])
    writes: tuple[FieldWrite, ...] = (
        SetImage("app", "x:2"),
        SetVariable("app", "V", "2"),
        SetAnnotation("a/b", "c"),
    )
    texts = ("x:2", "2", "c")
    changes = [
        Change(write, read_field(body, "Deployment", write), target_of(write, text))
        for write, text in zip(writes, texts, strict=True)
    ]

    assert patch_for(body, "Deployment", changes) == {
        "metadata": {"uid": "u", "resourceVersion": "7", "annotations": {"a/b": "c"}},
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {"name": "app", "image": "x:2", "env": [{"name": "V", "value": "2"}]}
                    ]
                }
            }
        },
    }


def test_a_value_in_the_place_of_a_reference_removes_the_reference() -> None:
    assert env_patch(deployment([FROM]), FROM, {"name": "V", "value": "2"}) == [
        {"name": "V", "value": "2", "valueFrom": None}
    ]


def test_a_reference_comes_back_whole_and_without_the_value() -> None:
    body = deployment([{"name": "V", "value": "2"}])

    assert env_patch(body, {"name": "V", "value": "2"}, FROM) == [{**FROM, "value": None}]


def test_another_reference_is_replaced_and_not_merged() -> None:
    other = {"name": "V", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}

    [entry] = env_patch(deployment([other]), other, FROM)

    assert entry["valueFrom"]["$patch"] == "replace"


def test_what_was_absent_is_removed() -> None:
    body = deployment([{"name": "V", "value": "2"}])

    assert env_patch(body, {"name": "V", "value": "2"}, None) == [{"name": "V", "$patch": "delete"}]


def test_a_variable_that_stands_twice_is_never_patched() -> None:
    """A strategic merge patch changes the first one; the container gets the last."""
    body = deployment(
        [{"name": "V", "value": "a"}, {"name": "W", "value": "1"}, {"name": "V", "value": "b"}]
    )

    with pytest.raises(StepFailed, match=r"entries 1, 3") as refused:
        env_patch(body, {"name": "V", "value": "b"}, {"name": "V", "value": "c"})

    assert refused.value.reason == "Ambiguous"


def test_an_empty_value_is_no_difference() -> None:
    body = deployment([{"name": "V"}])

    assert read_field(body, "Deployment", SetVariable("app", "V", "")) == target_of(
        SetVariable("app", "V", ""), ""
    )


def test_a_restart_is_the_templates_annotation_in_a_cron_job_too() -> None:
    template = {"metadata": {"annotations": {RESTARTED_AT: "r0"}}}
    body = {
        "metadata": {"name": "c", "uid": "u", "resourceVersion": "1"},
        "spec": {"jobTemplate": {"spec": {"template": template}}},
    }

    assert read_field(body, "CronJob", Restart()) == "r0"
    patch = patch_for(body, "CronJob", [Change(Restart(), "r0", "r1")])
    inner = patch["spec"]["jobTemplate"]["spec"]["template"]
    assert inner == {"metadata": {"annotations": {RESTARTED_AT: "r1"}}}


def test_a_container_that_is_gone_is_never_added() -> None:
    with pytest.raises(StepFailed, match="has no container gone"):
        read_field(deployment(), "Deployment", SetImage("gone", "x"))


def managed(manager: str, fields: dict[str, Any], at: str = "2026-01-01") -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "time": at, "fieldsV1": fields}


def test_the_owner_of_a_variable_is_found_by_container_and_name() -> None:
    body = deployment()
    path = path_of(body, "Deployment", SetVariable("app", "V", ""))
    fields: dict[str, Any] = {}
    part = fields
    for name in path:
        part = part.setdefault(name, {})
    body["metadata"]["managedFields"] = [managed("kubectl", {}), managed("helm", fields)]

    assert owner_of(body, path) == "helm"
    assert path[-1] == 'k:{"name":"V"}'


def test_giving_back_removes_our_entry_or_makes_it_what_it_was() -> None:
    body = deployment()
    assert giving_back(body, None) is None
    body["metadata"]["managedFields"] = [managed("a", {}), managed("stagingmirror", {"f:x": {}})]

    removed, replaced = giving_back(body, None), giving_back(body, {"f:y": {}})

    assert removed is not None
    assert removed[-1] == {"op": "remove", "path": "/metadata/managedFields/1"}
    assert replaced is not None
    assert replaced[-1]["value"] == {"f:y": {}}
    assert giving_back(body, {"f:x": {}}) is None


def pod(reason: str | None = None) -> dict[str, Any]:
    state = {"waiting": {"reason": reason}} if reason else {"running": {}}
    return {"status": {"containerStatuses": [{"name": "app", "image": "x", "state": state}]}}


def rollout(pods: tuple[dict[str, Any], ...] = (), **status: Any) -> Rollout:
    whole = {"observedGeneration": 3, "updatedReplicas": 1, "availableReplicas": 1, "replicas": 1}
    return Rollout("Deployment", deployment(**{**whole, **status}), pods)


def test_a_rollout_has_arrived_once_every_pod_is_new_and_available() -> None:
    assert pending(rollout(), 3) is None
    assert pending(rollout(replicas=2), 3) is not None
    assert pending(rollout(availableReplicas=0), 3) is not None


def unplaced() -> dict[str, Any]:
    said = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.\npreemption: none."
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    conditions = [{**scheduled, "message": said}]
    return {"metadata": {"name": "features-b"}, "status": {"conditions": conditions}}


def test_a_pod_that_fits_nowhere_comes_with_what_the_scheduler_says_and_what_helps() -> None:
    """One GPU and a RollingUpdate, which makes the new pod beside the former one."""
    waiting = pending(rollout((unplaced(),), updatedReplicas=1, availableReplicas=0), 3)

    assert waiting is not None
    assert "pod features-b is not scheduled: 0/3 nodes are available: 3 Insufficient" in waiting
    assert "strategy Recreate" in waiting
    assert "\n" not in waiting


def test_a_deadline_that_is_missed_for_want_of_a_node_says_so() -> None:
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}

    with pytest.raises(StepFailed, match="Insufficient") as failed:
        pending(rollout((unplaced(),), availableReplicas=0, conditions=[late]), 3)

    assert failed.value.reason == "ProgressDeadlineExceeded"


def test_pods_of_the_former_template_are_not_blamed() -> None:
    behind = rollout((pod("CrashLoopBackOff"),), observedGeneration=2)

    assert "has not seen the change" in str(pending(behind, 3))


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImagePull", "CrashLoopBackOff"])
def test_pods_that_never_start_fail_early(reason: str) -> None:
    with pytest.raises(StepFailed) as failed:
        pending(rollout((pod(reason),), availableReplicas=0), 3)

    assert failed.value.reason == reason


@pytest.mark.parametrize(
    "condition",
    [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"},
        {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"},
    ],
)
def test_conditions_that_end_a_rollout_fail_early(condition: dict[str, str]) -> None:
    broken = rollout(availableReplicas=0, conditions=[condition])

    with pytest.raises(StepFailed):
        pending(broken, 3)
    assert not is_whole(broken)


def test_a_deadline_that_was_exceeded_before_says_nothing() -> None:
    stuck = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}

    assert pending(rollout(availableReplicas=0, conditions=[stuck]), 3, was_stuck=True) is not None


LOAD = Load("r1/s1", "r1", "ml", "load", "load", "SNAPSHOT", "2026", 90.0, True)


def cron_job() -> dict[str, Any]:
    env = [{"name": "SNAPSHOT", "value": "old"}, {"name": "MODE", "value": "x"}]
    pod = {"containers": [{"name": "load", "env": env}]}
    spec = {"suspend": True, "backoffLimit": 2, "template": {"spec": pod}}
    return {"metadata": {"name": "load", "uid": "u"}, "spec": {"jobTemplate": {"spec": spec}}}


def test_a_loaders_job_is_the_template_with_one_variable_and_an_end() -> None:
    template = cron_job()

    job = job_of(template, LOAD)

    assert job["metadata"]["name"] == LOAD.name
    assert job["spec"]["activeDeadlineSeconds"] == 90
    assert job["spec"]["suspend"] is True, "release lets it run"
    assert job["spec"]["template"]["spec"]["containers"][0]["env"] == [
        {"name": "MODE", "value": "x"},
        {"name": "SNAPSHOT", "value": "2026"},
    ]
    assert template == cron_job()


def test_a_job_is_named_by_refresh_and_step_and_by_nothing_else() -> None:
    again = Load("r1/s1", "r1", "ml", "load", "load", "SNAPSHOT", "other", 1.0, True)
    back = Load("r1/s1-back", "r1", "ml", "load", "load", "SNAPSHOT", "2026", 90.0, False)

    assert LOAD.name == again.name != back.name
    assert len(Load("k", "r", "n", "c" * 253, "c", "V", "v", 1.0, True).name) <= 63


def test_only_a_complete_job_has_ended_well() -> None:
    def job(kind: str, reason: str = "") -> dict[str, Any]:
        return {"status": {"conditions": [{"type": kind, "status": "True", "reason": reason}]}}

    assert ended({"status": {}}) is None
    assert ended(job("Complete")).reason is None  # type: ignore[union-attr]
    assert ended(job("Failed", "DeadlineExceeded")).reason == "DeadlineExceeded"  # type: ignore[union-attr]
