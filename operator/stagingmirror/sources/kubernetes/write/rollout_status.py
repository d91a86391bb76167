"""Whether a workload has become what its template names; what will never arrive is reported early.

Judging is pure; ``Rollout`` holds what was read for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.argo import HASH_LABEL, number
from stagingmirror.sources.kubernetes.write import argo_update
from stagingmirror.sources.kubernetes.write.container_trouble import (
    hopeless,
    line,
    statuses,
    trouble,
)
from stagingmirror.sources.kubernetes.write.field_patch import Body
from stagingmirror.sources.kubernetes.write.workload_path import workload_path
from stagingmirror.sources.kubernetes.write.writer import Writer


@dataclass(frozen=True, slots=True)
class Rollout:
    """A workload and the pods of its newest template (none for a CronJob).

    ``in_the_way``: pods of another template that are not ready. The controller of an ordered
    StatefulSet waits for them to be ready before it replaces them: where they never will, for ever.
    ``follows``: the status is of the newest template; of an Argo Rollout, else always.
    """

    kind: WorkloadKind
    body: Body
    pods: tuple[Body, ...]
    in_the_way: tuple[str, ...] = ()
    follows: bool = True


async def read_rollout(writer: Writer, kind: WorkloadKind, namespace: str, name: str) -> Rollout:
    """Read now, from the server that decides."""
    body = await writer.get(workload_path(kind, namespace, name))
    if kind == "CronJob":
        return Rollout(kind, body, ())
    if kind == "Rollout" and body["spec"].get("workloadRef"):
        return Rollout(kind, body, (), follows=False)  # nothing is written there
    selector = (body["spec"].get("selector") or {}).get("matchLabels") or {}
    labels = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    found = await writer.select(f"/api/v1/namespaces/{namespace}/pods", labels)
    made = await _replica_sets(writer, kind, namespace, labels)
    revision = _revision(kind, body, made)
    alive = tuple(pod for pod in found if _is_alive(pod))
    label = _REVISION_LABELS[kind]
    newest = tuple(pod for pod in alive if _labels(pod).get(label) == revision)
    if kind == "Rollout":
        return Rollout(kind, body, newest, follows=argo_update.follows(body, made))
    if kind != "StatefulSet" or body["spec"].get("podManagementPolicy") == "Parallel":
        return Rollout(kind, body, newest)
    in_the_way = sorted(
        str(pod["metadata"]["name"])
        for pod in alive
        if _labels(pod).get(label) != revision and not _is_ready(pod)
    )
    return Rollout(kind, body, newest, tuple(in_the_way))


def refuse_unmovable(rollout: Rollout) -> None:
    """Raises StepFailed where a new template would never reach the pods, or not all of them."""
    spec, name = rollout.body["spec"], _name(rollout)
    if spec.get("paused"):
        raise StepFailed(Reason.PAUSED, f"{name} is paused, so nothing rolls out; resume it.")
    if rollout.kind == "Rollout":
        argo_update.refuse_unmovable(name, spec)
    strategy = spec.get("updateStrategy") or {}
    if strategy.get("type") == "OnDelete":
        raise StepFailed(
            Reason.ON_DELETE, f"{name} replaces pods only on delete; use RollingUpdate."
        )
    partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    if partition > 0:
        raise StepFailed(
            Reason.PARTITIONED,
            f"{name} keeps its former template in every pod below {partition}; set "
            "spec.updateStrategy.rollingUpdate.partition to 0.",
        )


def pending(rollout: Rollout, generation: int, *, was_stuck: bool = False) -> str | None:
    """What is still awaited, for people; None: it has arrived. Raises StepFailed where it never
    will.

    ``generation`` is that of our patch's answer. ``was_stuck``: it stood at its progress deadline
    before; the condition then outlives the patch and proves nothing.
    """
    if rollout.kind == "CronJob":
        return None  # its next Job is made from the template; nothing rolls out
    awaited = unnoticed(rollout, generation)
    if awaited is not None:
        return awaited
    # Before that, pods and conditions are those of the former template.
    status, wanted = rollout.body.get("status") or {}, _wanted(rollout.body)
    refuse_unmovable(rollout)
    if not rollout.follows:
        return f"{_name(rollout)}: its controller has not made the ReplicaSet of the change yet"
    _refuse_hopeless(rollout, was_stuck=was_stuck)
    ready = sum(map(_is_ready, rollout.pods))
    if _has_arrived(rollout, ready, wanted):
        return None
    updated = int(status.get("updatedReplicas") or 0)
    counts = f"{_name(rollout)}: {updated} of {wanted} pods updated, {ready} of them ready"
    if (unplaced := _unplaced(rollout)) is not None:
        return f"{counts}; {unplaced}"
    if not rollout.in_the_way:
        at = argo_update.at(rollout.body) if rollout.kind == "Rollout" else None
        return "; ".join(filter(None, [counts, at, _troubled(rollout)]))
    namespace, pods = rollout.body["metadata"]["namespace"], " ".join(rollout.in_the_way)
    return (
        f"{counts}; Kubernetes does not replace a pod that never gets ready: run "
        f"`kubectl -n {namespace} delete pod {pods}`"
    )


def unnoticed(rollout: Rollout, generation: int) -> str | None:
    """What is awaited where its controller has not seen this generation yet, for people."""
    seen = (rollout.body.get("status") or {}).get("observedGeneration")
    if rollout.kind == "CronJob" or number(seen) >= generation:
        return None
    return f"{_name(rollout)}: its controller has not seen the change yet"


def is_stuck(rollout: Rollout) -> bool:
    """Whether it stands at its progress deadline."""
    conditions = (rollout.body.get("status") or {}).get("conditions") or ()
    return any(condition.get("reason") == _STUCK for condition in conditions)


def running_digests(rollout: Rollout) -> dict[str, list[str]]:
    """Per container the digests that ready pods of the newest template report as running."""
    found: dict[str, set[str]] = {}
    for pod in rollout.pods:
        for status in statuses(pod):
            _, at, digest = str(status.get("imageID", "")).rpartition("@")
            if at and status.get("ready"):
                found.setdefault(str(status["name"]), set()).add(digest)
    return {container: sorted(digests) for container, digests in sorted(found.items())}


_STUCK = Reason.PROGRESS_DEADLINE_EXCEEDED

_COUNTS = ("updatedReplicas", "availableReplicas", "replicas")

_NAMED_IN_STATUS: Mapping[WorkloadKind, str] = {
    "StatefulSet": "updateRevision",
    "Rollout": "currentPodHash",
}
_REVISION_LABELS: Mapping[str, str] = {
    "Deployment": "pod-template-hash",
    "StatefulSet": "controller-revision-hash",
    "DaemonSet": "controller-revision-hash",
    "Rollout": HASH_LABEL,
}


async def _replica_sets(
    writer: Writer, kind: WorkloadKind, namespace: str, labels: str
) -> list[dict[str, Any]]:
    """Those that may be between the workload and its pods."""
    if kind not in ("Deployment", "Rollout"):
        return []
    return await writer.select(f"/apis/apps/v1/namespaces/{namespace}/replicasets", labels)


def _revision(kind: WorkloadKind, body: Body, made: Sequence[Body]) -> str | None:
    """The value of the label that pods of the newest template carry; None: there is none yet."""
    status = body.get("status") or {}
    if kind in _NAMED_IN_STATUS:
        found = status.get(_NAMED_IN_STATUS[kind])
        return None if found is None else str(found)
    at = (body["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision")
    for replica_set in made:
        metadata = replica_set["metadata"]
        owners = [owner.get("uid") for owner in metadata.get("ownerReferences") or ()]
        revision = (metadata.get("annotations") or {}).get("deployment.kubernetes.io/revision")
        if body["metadata"]["uid"] in owners and revision == at:
            return _labels(replica_set).get("pod-template-hash")
    return None


def _refuse_hopeless(rollout: Rollout, *, was_stuck: bool) -> None:
    name = _name(rollout)
    if rollout.kind == "Rollout":
        argo_update.refuse_ended(name, rollout.body)
    for condition in (rollout.body.get("status") or {}).get("conditions") or ():
        kind, reason = condition.get("type"), str(condition.get("reason", ""))
        if kind == "Progressing" and reason == _STUCK and not was_stuck:
            see = _unplaced(rollout) or _troubled(rollout) or "see its pods"
            raise StepFailed(reason, f"{name} made no progress within its deadline; {see}.")
        if kind == "ReplicaFailure" and condition.get("status") == "True":
            said = line(condition.get("message"))
            because = f": {said}" if said else ""
            message = f"{name} may not create pods{because}; see its quota and admission."
            raise StepFailed(reason, message)
    for pod in rollout.pods:
        if (found := hopeless(pod)) is not None:
            reason, why = found
            raise StepFailed(reason, f"{name}: {why}.")


def _troubled(rollout: Rollout) -> str | None:
    """The first container of the new pods that ended and is not ready; None: there is none."""
    return next((found for pod in rollout.pods if (found := trouble(pod)) is not None), None)


def _unplaced(rollout: Rollout) -> str | None:
    """What the scheduler says of the first pod that fits nowhere, and what helps where the former
    pod has what the new one needs; None: all are placed.
    """
    for pod in rollout.pods:
        for condition in (pod.get("status") or {}).get("conditions") or ():
            if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
                said = line(condition.get("message") or condition.get("reason"))
                return f"pod {pod['metadata']['name']} is not scheduled: {said}{_swap(rollout)}"
    return None


def _swap(rollout: Rollout) -> str:
    """A Deployment makes the new pod beside the former one by default: with one GPU there is never
    room for both.
    """
    spec = rollout.body["spec"]
    strategy = spec.get("strategy") or {}
    surge = (strategy.get("rollingUpdate") or {}).get("maxSurge")
    if rollout.kind != "Deployment" or strategy.get("type") == "Recreate" or surge in (0, "0%"):
        return ""
    return " (the former pod keeps its place until then; strategy Recreate frees it first)"


def _has_arrived(rollout: Rollout, ready: int, wanted: int) -> bool:
    """All pods that are wanted are of the newest template, and nothing else runs."""
    status = rollout.body.get("status") or {}
    updated, available, every = (int(status.get(key) or 0) for key in _COUNTS)
    if rollout.kind == "Rollout":
        is_whole = updated == ready == wanted <= available
        return is_whole and argo_update.is_promoted(rollout.body, wanted=wanted)
    return (updated, available, every) == (wanted, wanted, wanted) and _is_current(rollout)


def _is_current(rollout: Rollout) -> bool:
    """A StatefulSet counts as updated only once its current revision is the newest."""
    status = rollout.body.get("status") or {}
    if rollout.kind != "StatefulSet" or not _wanted(rollout.body):
        return True
    return bool(status.get("currentRevision") == status.get("updateRevision"))


def _wanted(body: Body) -> int:
    replicas = body["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def _name(rollout: Rollout) -> str:
    return f"{rollout.kind} {rollout.body['metadata']['name']}"


def _labels(body: Body) -> Mapping[str, Any]:
    return body["metadata"].get("labels") or {}


def _is_ready(pod: Body) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _is_alive(pod: Body) -> bool:
    phase = (pod.get("status") or {}).get("phase")
    return not pod["metadata"].get("deletionTimestamp") and phase not in ("Succeeded", "Failed")


def is_whole(rollout: Rollout) -> bool:
    """Whether it stands as its template is now; what was not whole before a refresh need not be
    after it was rolled back.
    """
    try:
        return pending(rollout, generation_of(rollout.body)) is None
    except StepFailed:
        return False


def generation_of(body: Body) -> int:
    """The generation of its spec."""
    return int(body["metadata"].get("generation") or 0)
