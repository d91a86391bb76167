"""From Kubernetes' JSON to entries: small, frozen, shared. Pure."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from math import inf
from sys import intern
from typing import Any, TypeAlias

from pydantic_core import to_json

from stagingmirror.api.types.workload import CUSTOM, WorkloadKind
from stagingmirror.sources.kubernetes.objects.argo import HASH_LABEL, number, update_of
from stagingmirror.sources.kubernetes.objects.controllers import (
    counts,
    halted,
    longest_gap,
    progressing,
    prunes,
)
from stagingmirror.sources.kubernetes.objects.entries import Declared, Made, Running, Versioned
from stagingmirror.sources.kubernetes.objects.kserve import named_parts, serving_of
from stagingmirror.sources.kubernetes.objects.serving.pods import settings_of
from stagingmirror.sources.kubernetes.objects.templates import (
    config_maps_of,
    containers_of,
    digest_of,
    given_uris,
)
from stagingmirror.sources.kubernetes.subjects import LOADER, ConfigMap, Pod

Body: TypeAlias = Mapping[str, Any]
REVISION = "deployment.kubernetes.io/revision"
_TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_REVISIONS = {"StatefulSet": "updateRevision", "Rollout": "currentPodHash"}
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_FINISHED = frozenset({"Succeeded", "Failed"})
# Nothing tells whether their newest version was seen: a CronJob is a recipe, nothing has to catch
# up, and KServe writes the observedGeneration of another object.
_NO_GENERATION = frozenset({"CronJob", "InferenceService"})
_PART = "component"
# Where the template is another object's.
_NO_TEMPLATE: Body = {"spec": {"containers": ()}}


def workload(kind: WorkloadKind, body: Body) -> Declared:
    metadata, spec, status = _parts(body)
    is_recipe = kind == "CronJob"
    of_pods = spec["jobTemplate"]["spec"] if is_recipe else spec
    template = of_pods.get("template") or _NO_TEMPLATE if kind in CUSTOM else of_pods["template"]
    pod_spec = template["spec"]
    progress = progressing(status)
    generation = int(metadata.get("generation") or 0)
    replicas, pods, updated = counts(kind, spec, status)
    return Declared(
        *_identity(metadata),
        owner="",
        kind=kind,
        generation=generation,
        caught_up=kind in _NO_GENERATION or number(status.get("observedGeneration")) >= generation,
        containers=containers_of(pod_spec),
        annotations={
            intern(key): value
            for key, value in (metadata.get("annotations") or {}).items()
            if key != _LAST_APPLIED
        },
        replicas=replicas,
        current=_current(kind, metadata, status, pod_spec),
        pods=pods,
        updated=updated,
        template=hash(to_json(template)),
        former=str(status.get("stableRS" if kind == "Rollout" else "currentRevision") or ""),
        halted=halted(kind, spec, status),
        rolled=seconds(progress.get("lastUpdateTime")) if _is_complete(progress) else None,
        prunes=prunes(spec) if is_recipe else frozenset(),
        gap=longest_gap(spec) if is_recipe else inf,
        keeps=_kept(of_pods),
        loads=intern((metadata.get("labels") or {}).get(LOADER, "")),
        config_maps=config_maps_of(pod_spec),
        made_by=_controller(metadata),
        part=intern((metadata.get("labels") or {}).get(_PART, "")),
        update=update_of(spec, status) if kind == "Rollout" else None,
        serving=serving_of(spec, status) if kind == "InferenceService" else None,
        given=given_uris(template) if kind == "Deployment" else (),
        settings=settings_of(pod_spec),
    )


deployment = partial(workload, "Deployment")
stateful_set = partial(workload, "StatefulSet")
cron_job = partial(workload, "CronJob")
daemon_set = partial(workload, "DaemonSet")


def custom(kind: WorkloadKind, body: Body) -> Declared:
    """One that its definition lets through and that has not the shape of its kind is one that no
    controller has seen: it makes no LIST of others unreadable.
    """
    try:
        return workload(kind, body)
    except (KeyError, TypeError, ValueError, AttributeError):
        spec = body.get("spec")
        parts = named_parts(spec) if isinstance(spec, Mapping) else {}
        return workload(kind, {"metadata": body["metadata"], "spec": parts})


rollout = partial(custom, "Rollout")
inference_service = partial(custom, "InferenceService")


def replica_set(body: Body) -> Made:
    """From metadata alone. Of a Rollout the label with its hash counts: it copies annotations."""
    metadata = body["metadata"]
    template = (metadata.get("annotations") or {}).get(REVISION, "")
    if any(one.get("kind") == "Rollout" for one in metadata.get("ownerReferences") or ()):
        template = (metadata.get("labels") or {}).get(HASH_LABEL, "")
    return Made(*_identity(metadata), owner=_controller(metadata), template=intern(template))


def job(body: Body) -> Made:
    """Also one made by hand from a CronJob, which names it without calling it its controller."""
    metadata, spec, status = _parts(body)
    owners = metadata.get("ownerReferences") or ()
    owner = next((str(one["uid"]) for one in owners if one.get("kind") == "CronJob"), "")
    ended = _ended(status)
    return Made(
        *_identity(metadata),
        owner=intern(owner),
        template=digest_of(spec["template"]["spec"]),
        finished=(seconds(ended.get("lastTransitionTime")) or 0.0) if ended else None,
        succeeded=bool(ended) and ended["type"] == "Complete",
        controlled=bool(owner) and _controller(metadata) == owner,
        kept=_kept(spec),
    )


def pod(body: Body) -> Running:
    metadata, spec, status = _parts(body)
    phase = status.get("phase")
    until = seconds(metadata.get("deletionTimestamp"))
    terminating = until is not None
    labels = metadata.get("labels") or {}
    conditions = {one["type"]: one["status"] for one in status.get("conditions") or ()}
    states = [
        one
        for group in ("containerStatuses", "initContainerStatuses")
        for one in status.get(group) or ()
    ]
    return Running(
        *_identity(metadata),
        owner=_controller(metadata),
        template=intern(labels.get("controller-revision-hash", "")),
        finished=phase in _FINISHED,
        until=until,
        template_generation=intern(labels.get("pod-template-generation", "")),
        pod=Pod(
            name=metadata["name"],
            # A pod of a Job is never ready once it has done its work: it has succeeded.
            ready=phase == "Succeeded" or (conditions.get("Ready") == "True" and not terminating),
            terminating=terminating,
            started=seconds(status.get("startTime")),
            containers=containers_of(spec),
            image_ids={
                intern(one["name"]): intern(one["imageID"]) for one in states if one.get("imageID")
            },
            restarted=max(filter(None, map(_started, states)), default=None),
            created=seconds(metadata.get("creationTimestamp")),
            settings=settings_of(spec),
            node=intern(spec.get("nodeName") or ""),
        ),
    )


def metadata_of(body: Body) -> Versioned:
    """From metadata alone: that it is there, and in which version."""
    identity = _identity(body["metadata"])
    return Versioned(*identity, owner="", version=identity[-1])


def config_map(body: Body) -> ConfigMap:
    metadata = body["metadata"]
    return ConfigMap(
        namespace=metadata["namespace"],
        name=metadata["name"],
        resource_version=version_of(metadata),
        data=dict(body.get("data") or {}),
        changed=_changed(metadata.get("managedFields") or ()),
        binary=frozenset(body.get("binaryData") or ()),
        immutable=bool(body.get("immutable")),
    )


def seconds(text: str | None) -> float | None:
    """RFC 3339 to POSIX seconds. Kubernetes cuts fractions off: the truth is within a second
    after.
    """
    return datetime.fromisoformat(text).timestamp() if text else None


def version_of(metadata: Body) -> str:
    """The resourceVersion. ValueError or TypeError where it is no number."""
    version: str = metadata["resourceVersion"]
    int(version)
    return version


def _parts(body: Body) -> tuple[Body, Body, Body]:
    return body["metadata"], body["spec"], body.get("status") or {}


def _identity(metadata: Body) -> tuple[str, str, str, str]:
    return (
        metadata["uid"],
        intern(metadata["namespace"]),
        metadata["name"],
        version_of(metadata),
    )


def _controller(metadata: Body) -> str:
    owners = metadata.get("ownerReferences") or ()
    return intern(next((str(one["uid"]) for one in owners if one.get("controller")), ""))


def _current(kind: WorkloadKind, metadata: Body, status: Body, pod_spec: Body) -> str:
    if kind == "CronJob":
        return digest_of(pod_spec)
    if kind in _REVISIONS:
        return str(status.get(_REVISIONS[kind]) or "")
    annotation = _TEMPLATE_GENERATION if kind == "DaemonSet" else REVISION
    return str((metadata.get("annotations") or {}).get(annotation) or "")


def _started(container: Body) -> float | None:
    state = container.get("state") or {}
    run = state.get("running") or state.get("terminated") or {}
    return seconds(run.get("startedAt"))


def _kept(job: Body) -> float:
    seconds_kept = job.get("ttlSecondsAfterFinished")
    return inf if seconds_kept is None else float(seconds_kept)


def _ended(status: Body) -> Body:
    """The condition with which a Job ended; empty: it has not."""
    for condition in status.get("conditions") or ():
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True":
            return dict(condition)
    return {}


def _is_complete(rollout: Body) -> bool:
    return rollout.get("reason") == "NewReplicaSetAvailable"


def _changed(managed: Any) -> dict[str, float]:
    """Per key the newest write by any manager. A manager's time is that of its newest write of any
    of its keys, so this can be later than the truth, never earlier.
    """
    changed: dict[str, float] = {}
    for one in managed:
        at = seconds(one.get("time"))
        if at is None:
            continue
        for key in (one.get("fieldsV1") or {}).get("f:data") or {}:
            if key.startswith("f:"):
                changed[key[2:]] = max(at, changed.get(key[2:], at))
    return changed
