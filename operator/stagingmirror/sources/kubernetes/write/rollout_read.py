"""What is read of a workload to judge whether it has become what its template names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.errors import NotThere
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.argo import HASH_LABEL
from stagingmirror.sources.kubernetes.objects.kserve import FIELDS
from stagingmirror.sources.kubernetes.write import argo_update, kserve_update
from stagingmirror.sources.kubernetes.write.containers import (
    TEMPLATES,
    Body,
    part_at,
    workload_path,
)
from stagingmirror.sources.kubernetes.write.writer import Writer


@dataclass(frozen=True, slots=True)
class Rollout:
    """A workload and the pods of its newest template (none for a CronJob).

    ``in_the_way``: pods of another template that are not ready. The controller of an ordered
    StatefulSet waits for them to be ready before it replaces them: where they never will, for ever.
    ``follows``: the status is of the newest template; of an Argo Rollout, else always. ``below``:
    of a part of an InferenceService, the Deployment that serves it alone; None: there is none.
    """

    kind: TemplateKind
    body: Body
    pods: tuple[Body, ...]
    in_the_way: tuple[str, ...] = ()
    follows: bool = True
    below: "Rollout | None" = None


async def read_rollout(writer: Writer, kind: TemplateKind, namespace: str, name: str) -> Rollout:
    """Read now, from the server that decides. Raises NotThere."""
    body = await writer.get(workload_path(kind, namespace, name))
    if kind == "CronJob":
        return Rollout(kind, body, ())
    if kind in FIELDS:
        return await _read_service(writer, kind, namespace, body)
    if kind == "Rollout" and body["spec"].get("workloadRef"):
        return Rollout(kind, body, (), follows=False)  # nothing is written there
    return await _read_pods(writer, kind, namespace, body)


async def _read_pods(
    writer: Writer, kind: TemplateKind, namespace: str, body: dict[str, Any]
) -> Rollout:
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
        if _labels(pod).get(label) != revision and not is_ready(pod)
    )
    return Rollout(kind, body, newest, tuple(in_the_way))


async def _read_service(
    writer: Writer, kind: TemplateKind, namespace: str, body: dict[str, Any]
) -> Rollout:
    if part_at(body, TEMPLATES[kind]) is None:
        called = f"{namespace}/{body['metadata']['name']}"
        raise NotThere(Reason.NOT_THERE, f"InferenceService {called} has no {FIELDS[kind]}.")
    service = Rollout(kind, body, ())
    name = kserve_update.served_by(body, kind)
    if name is None:
        path = workload_path("Deployment", namespace, "").rstrip("/")
        found = await writer.select(path, kserve_update.labels(body))
        name = kserve_update.deployment_of(body, kind, found)
    if name is None:
        return service
    try:
        below = await read_rollout(writer, "Deployment", namespace, name)
    except NotThere:
        return service
    return replace(service, pods=below.pods, below=below)


_NAMED_IN_STATUS: Mapping[TemplateKind, str] = {
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
    writer: Writer, kind: TemplateKind, namespace: str, labels: str
) -> list[dict[str, Any]]:
    """Those that may be between the workload and its pods."""
    if kind not in ("Deployment", "Rollout"):
        return []
    return await writer.select(f"/apis/apps/v1/namespaces/{namespace}/replicasets", labels)


def _revision(kind: TemplateKind, body: Body, made: Sequence[Body]) -> str | None:
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


def is_ready(pod: Body) -> bool:
    """Whether it is ready."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)


def _labels(body: Body) -> Mapping[str, Any]:
    return body["metadata"].get("labels") or {}


def _is_alive(pod: Body) -> bool:
    phase = (pod.get("status") or {}).get("phase")
    return not pod["metadata"].get("deletionTimestamp") and phase not in ("Succeeded", "Failed")
