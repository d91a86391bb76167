"""Where in a workload's body its containers, the annotations of its pods and its model are, and
where the workload is. Pure.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from stagingmirror.api.types.workload import TemplateKind, WorkloadKind, object_kind
from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.objects.kserve import (
    FIELDS,
    MODEL_CONTAINER,
    MODELS,
    storage_of,
)
from stagingmirror.sources.kubernetes.objects.templates import given_uris

Body = Mapping[str, Any]
# A path in the body; an element of a list by its number.
Path = tuple[str, ...]

TEMPLATES: Mapping[TemplateKind, Path] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Rollout": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    **{kind: ("spec", part) for kind, part in FIELDS.items()},
}

_PLURALS: Mapping[WorkloadKind, str] = {
    "Deployment": "apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "apis/apps/v1/namespaces/{}/statefulsets",
    "CronJob": "apis/batch/v1/namespaces/{}/cronjobs",
    "Rollout": "apis/argoproj.io/v1alpha1/namespaces/{}/rollouts",
    "DaemonSet": "apis/apps/v1/namespaces/{}/daemonsets",
    "InferenceService": "apis/serving.kserve.io/v1beta1/namespaces/{}/inferenceservices",
}


def workload_path(kind: TemplateKind, namespace: str, name: str) -> str:
    """Where the API server has the object in which a workload is declared."""
    return f"/{_PLURALS[object_kind(kind)].format(namespace)}/{name}"


def part_at(body: Body, path: Path) -> Any:
    """What is there; None: nothing."""
    part: Any = body
    for name in path:
        part = part[int(name)] if isinstance(part, list) else (part or {}).get(name)
    return part


def pod_annotations_path(kind: TemplateKind) -> Path:
    """Of the annotations that its pods get."""
    inside = ("annotations",) if kind in FIELDS else ("metadata", "annotations")
    return (*TEMPLATES[kind], *inside)


def containers(body: Body, kind: TemplateKind) -> Iterator[tuple[Path, str, Body]]:
    """Each with its path and name, init containers too."""
    root = TEMPLATES[kind]
    if kind in FIELDS:  # a pod's spec with annotations of its own
        for model in MODELS[kind]:
            if (found := part_at(body, (*root, model))) is not None:
                yield (*root, model), MODEL_CONTAINER, found
    else:
        root = (*root, "spec")
    for group in ("containers", "initContainers"):
        for index, each in enumerate(part_at(body, (*root, group)) or ()):
            yield (*root, group, str(index)), str(each.get("name", "")), each


def managed(path: Path, name: str) -> Path:
    """The path of a container of this name in managedFields' ``fieldsV1``."""
    *way, last = (f"f:{part}" for part in path)
    return (*way, keyed(name) if path[-1].isdecimal() else last)


def keyed(name: str) -> str:
    """An element of a list that is merged by ``name``, as ``fieldsV1`` writes it."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'k:{{"name":"{escaped}"}}'


def container_in(body: Body, kind: TemplateKind, name: str) -> tuple[Path, Body]:
    """The path of a container, and the container. Raises StepFailed (ContainerGone)."""
    for path, each, container in containers(body, kind):
        if each == name:
            return path, container
    who = f"{kind} {body['metadata'].get('name')}"
    raise StepFailed(
        Reason.CONTAINER_GONE, f"{who} has no container {name}; name one that it has in spec.track."
    )


def storage_uri_at(body: Body, kind: TemplateKind) -> Path:
    """Where the one URI is from which it has its model. Raises StepFailed (NotComparable)."""
    found = storage_of(body["spec"]).field if kind == "InferenceService" else ()
    if not found:
        raise StepFailed(
            Reason.NOT_COMPARABLE,
            f"{kind} {body['metadata'].get('name')} has not exactly one storageUri; give it one.",
        )
    return found


def storage_uri_in(body: Body, kind: TemplateKind) -> str | None:
    """As it is declared; of a Deployment of KServe what its pods are made to fetch."""
    if kind == "InferenceService":
        return str(part_at(body, storage_uri_at(body, kind)))
    given = given_uris(part_at(body, TEMPLATES[kind]))
    return given[0] if len(given) == 1 else None
