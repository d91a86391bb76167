"""From Kubernetes' JSON to the few fields that a verdict needs: small, frozen, shared.

An entry is one cached object. Two entries are equal where nothing that we read differs, whatever
their resourceVersions: an event that changes nothing for us wakes no mirror.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from sys import intern
from typing import Any, TypeAlias

from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.sources.kubernetes.objects.templates import containers_of, digest_of
from stagingmirror.sources.kubernetes.subjects import ConfigMap, Container, Pod

Body: TypeAlias = Mapping[str, Any]
REVISION = "deployment.kubernetes.io/revision"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_FINISHED = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Entry:
    """``owner`` is the uid of what made it, or empty."""

    uid: str
    namespace: str
    name: str
    resource_version: str = field(compare=False)
    owner: str


@dataclass(frozen=True, slots=True)
class Declared(Entry):
    """A Deployment, StatefulSet or CronJob.

    ``current`` names its newest template as its controller does: a Deployment's revision, a
    StatefulSet's revision hash, and for CronJobs our own digest. ``pods`` and ``updated`` are what
    the controller counts: pods that are not terminating, and those of the newest template.
    """

    kind: WorkloadKind
    generation: int
    caught_up: bool
    """The controller has seen the newest generation."""
    containers: Mapping[str, Container]
    annotations: Mapping[str, str]
    replicas: int
    current: str
    pods: int
    updated: int
    created: float


@dataclass(frozen=True, slots=True)
class Made(Entry):
    """A ReplicaSet or Job, between a workload and its pods. ``template`` compares with
    ``Declared.current``; ``finished`` is for Jobs (POSIX s).
    """

    template: str
    finished: float | None = None


@dataclass(frozen=True, slots=True)
class Running(Entry):
    """A pod with what only the roll-up needs. ``template`` is its StatefulSet's revision hash."""

    template: str
    finished: bool
    pod: Pod


@dataclass(frozen=True, slots=True)
class Versioned(Entry):
    """Something of which only metadata are watched: each new version is a change."""

    version: str


def workload(kind: WorkloadKind, body: Body) -> Declared:
    metadata, spec, status = _parts(body)
    template = spec["jobTemplate"]["spec"] if kind == "CronJob" else spec
    pod_spec = template["template"]["spec"]
    generation = int(metadata.get("generation") or 0)
    return Declared(
        *_identity(metadata),
        owner="",
        kind=kind,
        generation=generation,
        # A CronJob has no observedGeneration: it is a recipe, nothing has to catch up.
        caught_up=kind == "CronJob" or int(status.get("observedGeneration") or 0) >= generation,
        containers=containers_of(pod_spec),
        annotations={
            intern(key): value
            for key, value in (metadata.get("annotations") or {}).items()
            if key != _LAST_APPLIED
        },
        # What a CronJob runs at a time is no replica count: it is there or not.
        replicas=1 if kind == "CronJob" else int(spec.get("replicas", 1)),
        current=_current(kind, metadata, status, pod_spec),
        pods=int(status.get("replicas") or 0),
        updated=int(status.get("updatedReplicas") or 0),
        created=seconds(metadata.get("creationTimestamp")) or 0.0,
    )


deployment = partial(workload, "Deployment")
stateful_set = partial(workload, "StatefulSet")
cron_job = partial(workload, "CronJob")


def replica_set(body: Body) -> Made:
    """From metadata alone."""
    metadata = body["metadata"]
    revision = (metadata.get("annotations") or {}).get(REVISION, "")
    return Made(*_identity(metadata), owner=_controller(metadata), template=intern(revision))


def job(body: Body) -> Made:
    """Also one made by hand from a CronJob, which names it without calling it its controller."""
    metadata, spec, status = _parts(body)
    owners = metadata.get("ownerReferences") or ()
    owner = next((str(one["uid"]) for one in owners if one.get("kind") == "CronJob"), "")
    return Made(
        *_identity(metadata),
        owner=intern(owner),
        template=digest_of(spec["template"]["spec"]),
        finished=_finished(status),
    )


def pod(body: Body) -> Running:
    metadata, spec, status = _parts(body)
    phase = status.get("phase")
    terminating = metadata.get("deletionTimestamp") is not None
    labels = metadata.get("labels") or {}
    conditions = {one["type"]: one["status"] for one in status.get("conditions") or ()}
    reported = {
        intern(one["name"]): intern(one["imageID"])
        for states in ("containerStatuses", "initContainerStatuses")
        for one in status.get(states) or ()
        if one.get("imageID")
    }
    return Running(
        *_identity(metadata),
        owner=_controller(metadata),
        template=intern(labels.get("controller-revision-hash", "")),
        finished=phase in _FINISHED,
        pod=Pod(
            name=metadata["name"],
            # A pod of a Job is never ready once it has done its work: it has succeeded.
            ready=phase == "Succeeded" or (conditions.get("Ready") == "True" and not terminating),
            terminating=terminating,
            started=seconds(status.get("startTime")),
            containers=containers_of(spec),
            image_ids=reported,
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
    if kind == "StatefulSet":
        return str(status.get("updateRevision") or "")
    return str((metadata.get("annotations") or {}).get(REVISION) or "")


def _finished(status: Body) -> float | None:
    for condition in status.get("conditions") or ():
        if condition["type"] in ("Complete", "Failed") and condition["status"] == "True":
            return seconds(condition.get("lastTransitionTime")) or 0.0
    return None


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
