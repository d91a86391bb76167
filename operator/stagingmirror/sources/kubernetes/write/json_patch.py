"""Single fields of a custom resource as a JSON patch: the API server merges no list of theirs by
name, so a strategic merge patch is refused and a merge patch would replace all containers.

Pure. Fenced by the body's uid and resourceVersion; each operation follows a ``test`` of what it
replaces, so a patch that is applied to anything else than what was judged changes nothing (422).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stagingmirror.api.types.workload import WorkloadKind
from stagingmirror.sources.kubernetes.write.field_patch import (
    RESTARTED_AT,
    TEMPLATES,
    Body,
    Change,
    Entry,
    Restart,
    SetAnnotation,
    SetImage,
    SetVariable,
    annotations_of,
    container_in,
    refuse_repeated,
    template_of,
)

Operation = dict[str, Any]
_Path = tuple[str, ...]


def json_patch_for(body: Body, kind: WorkloadKind, changes: Sequence[Change]) -> list[Operation]:
    """All these fields. Raises StepFailed (ContainerGone, Ambiguous)."""
    metadata = body["metadata"]
    patch = [
        *_tested(("metadata", "uid"), metadata["uid"]),
        *_tested(("metadata", "resourceVersion"), metadata["resourceVersion"]),
    ]
    lists: dict[str, list[Body]] = {}
    maps: dict[_Path, dict[str, Any]] = {}
    template = TEMPLATES[kind]
    for change in changes:
        refuse_repeated(body, kind, change.write)
        match change.write:
            case SetAnnotation(key=key):
                maps.setdefault((), dict(annotations_of(body)))[key] = change.target
            case Restart():
                former = annotations_of(template_of(body, kind))
                maps.setdefault(template, dict(former))[RESTARTED_AT] = change.target
            case SetImage(container=name):
                place = _container_path(body, kind, name)
                image = container_in(body, kind, name)[1].get("image")
                patch += _replaced((*place, "image"), image, change.target)
            case SetVariable(container=name, variable=variable):
                env = container_in(body, kind, name)[1].get("env") or ()
                lists[name] = _with(lists.get(name, list(env)), variable, change.target)
    for name, env in lists.items():
        former_env = container_in(body, kind, name)[1].get("env")
        patch += _replaced((*_container_path(body, kind, name), "env"), former_env, env or None)
    for owner, wanted in maps.items():
        patch += _annotated(body, owner, wanted)
    return patch


def _annotated(body: Body, owner: _Path, wanted: Mapping[str, Any]) -> Iterator[Operation]:
    """``owner``: the path of what has the metadata."""
    part: Any = body
    for name in owner:
        part = part.get(name) or {}
    kept = {key: value for key, value in wanted.items() if value is not None} or None
    metadata = part.get("metadata")
    if metadata is None:
        yield from _replaced((*owner, "metadata"), None, kept and {"annotations": kept})
    else:
        former = metadata.get("annotations")
        yield from _replaced((*owner, "metadata", "annotations"), former, kept)


def _with(env: Sequence[Body], variable: str, target: Entry) -> list[Body]:
    """The variables of a container with one of them changed where it stands, added or removed."""
    is_there = any(each.get("name") == variable for each in env)
    added = [] if is_there or not isinstance(target, Mapping) else [target]
    changed = [target if each.get("name") == variable else each for each in env]
    return [each for each in (*changed, *added) if isinstance(each, Mapping)]


def _container_path(body: Body, kind: WorkloadKind, name: str) -> _Path:
    group, found = container_in(body, kind, name)
    index = template_of(body, kind)["spec"][group].index(found)
    return (*TEMPLATES[kind], "spec", group, str(index))


def _replaced(path: _Path, former: object, target: object) -> Iterator[Operation]:
    """``None``: not there."""
    if former is not None:
        yield from _tested(path, former)
    if target is not None:
        verb = "add" if former is None else "replace"
        yield {"op": verb, "path": _pointer(path), "value": target}
    elif former is not None:
        yield {"op": "remove", "path": _pointer(path)}


def _tested(path: _Path, value: object) -> Iterator[Operation]:
    yield {"op": "test", "path": _pointer(path), "value": value}


def _pointer(path: _Path) -> str:
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path)
