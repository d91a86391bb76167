"""Kubernetes objects as the API server shows them, with only what a test is about spelled out."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.sources.kubernetes.objects import parse
from stagingmirror.sources.kubernetes.objects.kserve import part_of
from stagingmirror.sources.kubernetes.objects.stores import Stores
from stagingmirror.sources.kubernetes.objects.workloads import rolled_up
from stagingmirror.sources.kubernetes.subjects import Workload

Body = dict[str, Any]


def container(image: str = "registry/app:1", **rest: Any) -> Body:
    return {"name": "app", "image": image} | rest


def pod_spec(*containers: Body) -> Body:
    return {"containers": list(containers) or [container()]}


def deployment(name: str = "web", namespace: str = "ml", **how: Any) -> Body:
    """``how``: uid, version, generation, observed, revision, replicas, pods, updated, spec,
    annotations, paused, progressing (the reason of that condition).
    """
    body = _workload("apps/v1", "Deployment", name, namespace, how)
    body["metadata"]["annotations"] = {
        "deployment.kubernetes.io/revision": how.get("revision", "1"),
        **how.get("annotations", {}),
    }
    body["spec"]["paused"] = how.get("paused", False)
    condition = {"type": "Progressing", "reason": how.get("progressing", "NewReplicaSetAvailable")}
    condition["lastUpdateTime"] = "2026-01-01T00:00:00Z"
    body["status"]["conditions"] = [condition]
    return body


def stateful_set(name: str = "db", namespace: str = "ml", **how: Any) -> Body:
    """``how``: as of ``deployment``, and ``former`` (its current revision) and ``strategy``."""
    body = _workload("apps/v1", "StatefulSet", name, namespace, how)
    body["status"]["updateRevision"] = how.get("revision", "db-1")
    body["status"]["currentRevision"] = how.get("former", how.get("revision", "db-1"))
    body["spec"]["updateStrategy"] = how.get("strategy", {"type": "RollingUpdate"})
    return body


def rollout(name: str = "web", namespace: str = "ml", **how: Any) -> Body:
    """``how``: as of ``deployment``; revision and stable are hashes, strategy, status (further
    fields of it), reference (its workloadRef).
    """
    body = _workload("argoproj.io/v1alpha1", "Rollout", name, namespace, how)
    newest = how.get("revision", "aaa")
    body["spec"]["strategy"] = how.get("strategy", {"canary": {}})
    if "reference" in how:
        del body["spec"]["template"]
        body["spec"]["workloadRef"] = {"kind": "Deployment", "name": "web"} | how["reference"]
    body["status"] |= {"currentPodHash": newest, "stableRS": how.get("stable", newest)}
    body["status"] |= {"observedGeneration": str(body["status"]["observedGeneration"])}
    body["status"] |= how.get("status", {})
    return body


def inference_service(name: str = "ranker", namespace: str = "ml", **how: Any) -> Body:
    """``how``: uid, version, generation, transition of its model; of Knative those of ``revisions``
    for its predictor.
    """
    predictor = revisions(**how) if "traffic" in how else {}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": _metadata(name, namespace, how) | {"generation": how.get("generation", 1)},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "onnx"}}}},
        "status": {
            "components": {"predictor": predictor},
            "modelStatus": {"transitionStatus": how.get("transition", "UpToDate")},
        },
    }


def revisions(*, traffic: dict[str, int], **how: Any) -> Body:
    """What Knative shows of a part: percent by revision, newest and ready."""
    newest = how.get("newest", next(iter(traffic), ""))
    return {
        "traffic": [{"revisionName": name, "percent": share} for name, share in traffic.items()],
        "latestCreatedRevision": newest,
        "latestReadyRevision": how.get("ready", newest),
    }


def served_by(service: Body, body: Body, part: str = "predictor") -> Body:
    """The Deployment is one of this InferenceService."""
    reference = {"kind": service["kind"], "uid": service["metadata"]["uid"], "controller": True}
    body["metadata"] |= {"ownerReferences": [reference], "labels": {"component": part}}
    return body


def daemon_set(name: str = "agent", namespace: str = "ml", **how: Any) -> Body:
    """``how``: as of ``deployment``; revision is the generation of its template."""
    body = _workload("apps/v1", "DaemonSet", name, namespace, how)
    generation = {"deprecated.daemonset.template.generation": how.get("revision", "1")}
    body["metadata"]["annotations"] = generation
    body["spec"]["updateStrategy"] = how.get("strategy", {"type": "RollingUpdate"})
    counted = body["status"]
    body["status"] = {
        "observedGeneration": counted["observedGeneration"],
        "desiredNumberScheduled": how.get("replicas", 1),
        "currentNumberScheduled": counted["replicas"],
        "updatedNumberScheduled": counted["updatedReplicas"],
    }
    return body


def cron_job(name: str = "load", namespace: str = "ml", **how: Any) -> Body:
    """``how``: uid, version, spec, schedule, ttl (of its Jobs), limits (of its history)."""
    template = {"template": {"spec": how.get("spec", pod_spec())}}
    if "ttl" in how:
        template["ttlSecondsAfterFinished"] = how["ttl"]
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": _metadata(name, namespace, how) | {"generation": 1},
        "spec": {
            "schedule": how.get("schedule", "@daily"),
            "jobTemplate": {"spec": template},
            **how.get("limits", {}),
        },
        "status": {},
    }


def job(owner: Body | None = None, name: str = "load-1", **how: Any) -> Body:
    """``finished``: when it completed (RFC 3339), or failed where ``failed``; ``ttl``."""
    finished = how.get("finished")
    kind = "Failed" if how.get("failed") else "Complete"
    condition = {"type": kind, "status": "True", "lastTransitionTime": finished}
    spec: Body = {"template": {"spec": how.get("spec", pod_spec())}}
    if "ttl" in how:
        spec["ttlSecondsAfterFinished"] = how["ttl"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": _metadata(name, "ml", how, owner),
        "spec": spec,
        "status": {"conditions": [condition]} if finished else {"active": 1},
    }


def replica_set(owner: Body, revision: str = "1", **how: Any) -> Body:
    metadata = _metadata(f"{owner['metadata']['name']}-{revision}", "ml", how, owner)
    metadata["annotations"] = {"deployment.kubernetes.io/revision": revision}
    if owner["kind"] == "Rollout":
        metadata["labels"] = {"rollouts-pod-template-hash": revision}
        metadata["annotations"] = {"deployment.kubernetes.io/revision": "of a former Deployment"}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata}


def pod(owner: Body | None = None, name: str = "web-1-a", **how: Any) -> Body:
    """``how``: phase, ready, terminating, image_id, revision (of a StatefulSet), spec, started."""
    metadata = _metadata(name, "ml", how, owner)
    metadata["labels"] = {"controller-revision-hash": how.get("revision", "")}
    if "made_for" in how:
        metadata["labels"]["pod-template-generation"] = how["made_for"]
    if how.get("terminating"):
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    image_id = how.get("image_id", "registry/app@sha256:aa")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": how.get("spec", pod_spec()),
        "status": {
            "phase": how.get("phase", "Running"),
            "startTime": how.get("started", "2026-01-01T00:00:00Z"),
            "conditions": [{"type": "Ready", "status": str(how.get("ready", True))}],
            "containerStatuses": [{"name": "app", "imageID": image_id}],
        },
    }


def _workload(api: str, kind: str, name: str, namespace: str, how: Body) -> Body:
    generation = how.get("generation", 1)
    replicas = how.get("replicas", 1)
    pods = how.get("pods", replicas)
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": _metadata(name, namespace, how) | {"generation": generation},
        "spec": {"replicas": replicas, "template": {"spec": how.get("spec", pod_spec())}},
        "status": {
            "observedGeneration": how.get("observed", generation),
            "replicas": pods,
            "updatedReplicas": how.get("updated", pods),
        },
    }


def _metadata(name: str, namespace: str, how: Body, owner: Body | None = None) -> Body:
    metadata: Body = {
        "name": name,
        "namespace": namespace,
        "uid": how.get("uid") or str(uuid4()),
        "resourceVersion": how.get("version", "1"),
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    if owner is not None:
        reference = {"kind": owner["kind"], "uid": owner["metadata"]["uid"], "controller": True}
        metadata["ownerReferences"] = [reference]
    return metadata


def bare_deployment(namespace: str, *, name: str = "web", replicas: int = 0) -> Body:
    """To be applied to a real cluster."""
    labels = {"app": name}
    spec = {"containers": [{"name": "app", "image": "app:1"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def bare_config_map(namespace: str, name: str = "data", **data: str) -> Body:
    """To be applied to a real cluster."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


# The bodies' pods that terminate are to be gone then.
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def seen(*bodies: Body, now: float = NEW_YEAR, part: TemplateKind | None = None) -> Workload:
    """The roll-up of the first body, or of a part of it, where the others are seen too."""
    stores = Stores()
    of = {
        "Deployment": lambda body: stores.deployments.put(parse.deployment(body)),
        "StatefulSet": lambda body: stores.declared["StatefulSet"].put(parse.stateful_set(body)),
        "CronJob": lambda body: stores.declared["CronJob"].put(parse.cron_job(body)),
        "Rollout": lambda body: stores.declared["Rollout"].put(parse.rollout(body)),
        "DaemonSet": lambda body: stores.declared["DaemonSet"].put(parse.daemon_set(body)),
        "InferenceService": lambda body: stores.declared["InferenceService"].put(
            parse.inference_service(body)
        ),
        "ReplicaSet": lambda body: stores.replica_sets.put(parse.replica_set(body)),
        "Job": lambda body: stores.jobs.put(parse.job(body)),
        "Pod": lambda body: stores.pods.put(parse.pod(body)),
    }
    for body in bodies:
        of[body["kind"]](body)
    uid = bodies[0]["metadata"]["uid"]
    declared = (
        stores.deployments.get("ml", uid)
        or stores.declared["StatefulSet"].get("ml", uid)
        or stores.declared["CronJob"].get("ml", uid)
        or stores.declared["Rollout"].get("ml", uid)
        or stores.declared["DaemonSet"].get("ml", uid)
        or stores.declared["InferenceService"].get("ml", uid)
    )
    assert declared is not None
    meant = part_of(declared, part or declared.kind)
    assert meant is not None, f"it has no {part}"
    return rolled_up(meant, stores, now)


def why(found: Workload) -> str | None:
    """The reason for which it is unsettled."""
    return None if found.unsettled is None else found.unsettled.reason


def names(found: Workload) -> list[str]:
    return [one.name for one in found.pods]
