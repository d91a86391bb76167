"""Whether a workload has become what its template names; what will never arrive is reported early.

Pure.
"""

from collections.abc import Mapping, Sequence

from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.argo import number
from stagingmirror.sources.kubernetes.objects.kserve import FIELDS
from stagingmirror.sources.kubernetes.write import argo_update, kserve_update
from stagingmirror.sources.kubernetes.write.container_trouble import (
    hopeless,
    line,
    statuses,
    trouble,
)
from stagingmirror.sources.kubernetes.write.containers import Body, containers
from stagingmirror.sources.kubernetes.write.field_patch import Change
from stagingmirror.sources.kubernetes.write.rollout_read import Rollout, is_ready


def refuse_unmovable(rollout: Rollout) -> None:
    """Raises StepFailed where a new template would never reach the pods, or not all of them."""
    spec, name = rollout.body["spec"], _name(rollout)
    if spec.get("paused"):
        raise StepFailed(Reason.PAUSED, f"{name} is paused, so nothing rolls out; resume it.")
    if rollout.kind == "Rollout":
        argo_update.refuse_unmovable(name, spec)
    if rollout.kind in FIELDS:
        kserve_update.refuse_unmovable(name, rollout.body, rollout.kind)
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
    if rollout.kind in FIELDS:
        return _pending_service(rollout, was_stuck=was_stuck)
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
    ready = sum(map(is_ready, rollout.pods))
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


def _pending_service(rollout: Rollout, *, was_stuck: bool) -> str | None:
    """It has no generation of its own: see ``not_passed_on``."""
    name, below = _name(rollout), rollout.below
    refuse_unmovable(rollout)
    is_predictor = rollout.kind == "InferenceService"
    if is_predictor and not was_stuck:
        kserve_update.refuse_failed(name, rollout.body)
    if below is None:
        return f"{name}: no Deployment serves its newest version alone yet"
    awaited = pending(below, generation_of(below.body), was_stuck=was_stuck)
    if awaited or not is_predictor:
        return awaited
    return kserve_update.not_loaded(name, rollout.body, wanted=_wanted(below.body))


def not_passed_on(rollout: Rollout, changes: Sequence[Change]) -> str | None:
    """What is awaited where pods are made from another object than the one that is written, for
    people: that it has these fields as they are declared now.
    """
    if rollout.kind not in FIELDS:
        return None
    if rollout.below is None:
        return f"{_name(rollout)}: no Deployment serves its newest version alone yet"
    field = kserve_update.not_passed_on(rollout.body, rollout.kind, rollout.below.body, changes)
    what = f"{rollout.below.body['metadata']['name']} has not the {field} of it yet"
    return f"{_name(rollout)}: Deployment {what}" if field else None


def unnoticed(rollout: Rollout, generation: int) -> str | None:
    """What is awaited where its controller has not seen this generation yet, for people."""
    seen = (rollout.body.get("status") or {}).get("observedGeneration")
    if rollout.kind == "CronJob" or rollout.kind in FIELDS or number(seen) >= generation:
        return None
    return f"{_name(rollout)}: its controller has not seen the change yet"


def is_stuck(rollout: Rollout) -> bool:
    """Whether it stands at its progress deadline, or KServe could not load its model."""
    if rollout.kind == "InferenceService" and kserve_update.is_failed(rollout.body):
        return True
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


def retagged(rollout: Rollout, before: Mapping[str, Sequence[str]]) -> str | None:
    """A container that runs another digest than ``before`` under the same tag; None: there is none.
    Only a digest in the template makes different ``imageID`` the same image. Containers that
    admission adds to pods are ignored here.
    """
    now, of_pods = running_digests(rollout), rollout.below or rollout
    for _, name, container in containers(of_pods.body, of_pods.kind):
        is_pinned = "@" in str(container.get("image", ""))
        if name in before and not is_pinned and not set(now.get(name, ())) <= set(before[name]):
            return name
    return None


_STUCK = Reason.PROGRESS_DEADLINE_EXCEEDED

_COUNTS = ("updatedReplicas", "availableReplicas", "replicas")


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
