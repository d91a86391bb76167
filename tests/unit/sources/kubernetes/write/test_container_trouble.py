"""Which container keeps a rollout from getting on, and what Kubernetes reports of it."""

from typing import Any

import pytest

from stagingmirror.errors import StepFailed
from stagingmirror.sources.kubernetes.write.rollout_read import Rollout
from stagingmirror.sources.kubernetes.write.rollout_status import pending
from support.kubernetes.workloads import deployment

Object = dict[str, Any]


def rollout(*containers: Object, memory: str | None = "512Mi", conditions: Any = ()) -> Rollout:
    body = deployment("fraud-server", "ml", "x:1")
    body["metadata"]["generation"] = 3
    body["status"] = {
        "observedGeneration": 3,
        "updatedReplicas": 1,
        "availableReplicas": 0,
        "replicas": 1,
        "conditions": list(conditions),
    }
    limits = {"memory": memory} if memory else {}
    spec = {"containers": [{"name": "server", "resources": {"limits": limits}}]}
    pod = {
        "metadata": {"name": "fraud-server-b"},
        "spec": spec,
        "status": {"containerStatuses": list(containers)},
    }
    return Rollout("Deployment", body, (pod,))


def server(
    waiting: str | None = None, said: str | None = None, ended: Object | None = None
) -> Object:
    state: Object = (
        {"waiting": {"reason": waiting, "message": said}} if waiting else {"running": {}}
    )
    last = {"terminated": ended} if ended else {}
    return {"name": "server", "image": "r/x:2", "ready": False, "state": state, "lastState": last}


KILLED = {"reason": "OOMKilled", "exitCode": 137}
BACK_OFF = "back-off 5m0s restarting failed container=server pod=fraud-server-b"


@pytest.mark.parametrize(
    ("container", "memory", "told"),
    [
        (
            server("CrashLoopBackOff", BACK_OFF, KILLED),
            "512Mi",
            "container server: CrashLoopBackOff; OOMKilled (its memory limit is 512Mi); raise the "
            "limit, or see why it needs more than before.",
        ),
        (
            server("CrashLoopBackOff", BACK_OFF, KILLED),
            None,
            "container server: CrashLoopBackOff; OOMKilled (it has no memory limit of its own: the "
            "node ran out of memory); raise the limit, or see why it needs more than before.",
        ),
        (
            server("CrashLoopBackOff", BACK_OFF, {"reason": "Error", "exitCode": 2}),
            "512Mi",
            "container server: CrashLoopBackOff; ended with Error, exit code 2; see its logs.",
        ),
        (
            server("ImagePullBackOff", 'Back-off pulling image "r/x:2": not found'),
            "512Mi",
            'container server: ImagePullBackOff; Back-off pulling image "r/x:2": not found; see '
            "that r/x:2 is there.",
        ),
        (
            server("CreateContainerConfigError", 'secret "db" not found'),
            "512Mi",
            'container server: CreateContainerConfigError; secret "db" not found; see what its '
            "environment refers to.",
        ),
    ],
)
def test_a_container_that_never_starts_is_named_with_what_is_reported_of_it(
    container: Object, memory: str | None, told: str
) -> None:
    with pytest.raises(StepFailed) as failed:
        pending(rollout(container, memory=memory), 3)

    assert failed.value.message == f"Deployment fraud-server: {told}"


def test_a_container_that_was_killed_and_starts_again_is_named_while_it_is_waited_for() -> None:
    assert pending(rollout(server(ended=KILLED)), 3) == (
        "Deployment fraud-server: 1 of 1 pods updated, 0 of them ready; container server OOMKilled "
        "(its memory limit is 512Mi)"
    )


def test_a_container_that_is_only_slow_is_not_blamed() -> None:
    done = {"reason": "Completed", "exitCode": 0}

    for each in (server(), server("ContainerCreating"), server(ended=done)):
        assert str(pending(rollout(each), 3)).endswith("0 of them ready")


def test_a_missed_deadline_names_the_container() -> None:
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}

    with pytest.raises(StepFailed, match=r"deadline; container server OOMKilled \(its memory"):
        pending(rollout(server(ended=KILLED), conditions=[late]), 3)


def test_pods_that_may_not_be_created_come_with_the_quota() -> None:
    said = 'pods "fraud-server-b" is forbidden: exceeded quota: compute, requested: memory=4Gi'
    refused = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}

    with pytest.raises(StepFailed, match="exceeded quota: compute, requested: memory=4Gi; see its"):
        pending(rollout(conditions=[{**refused, "message": said}]), 3)


def test_what_is_reported_is_one_bounded_line_that_hides_nothing() -> None:
    said = "no\n\x1b[2J\u202e" + "x" * 5000

    with pytest.raises(StepFailed) as failed:
        pending(rollout(server("ErrImagePull", said)), 3)

    assert failed.value.message.isprintable()
    assert len(failed.value.message) < 400
    assert r"\u202e" in failed.value.message
