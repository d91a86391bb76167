"""Where in a workload's body its containers and the annotations of its pods are. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.sources.kubernetes.objects.kserve import FIELDS, MODEL_CONTAINER, MODELS

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
