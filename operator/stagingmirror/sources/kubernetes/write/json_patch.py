"""Single fields of a custom resource as a JSON patch: the API server merges no list of theirs by
name, so a strategic merge patch is refused and a merge patch would replace all containers.

Pure. Fenced by the body's uid and resourceVersion; each operation follows a ``test`` of what it
replaces, so a patch that is applied to anything else than what was judged changes nothing (422).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stagingmirror.api.types.workload import PARTS, TemplateKind
from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.write.arguments import LISTS, changed_lists
from stagingmirror.sources.kubernetes.write.containers import (
    TEMPLATES,
    Body,
    Path,
    container_in,
    part_at,
    pod_annotations_path,
    storage_uri_at,
)
from stagingmirror.sources.kubernetes.write.field_patch import (
    RESTARTED_AT,
    Change,
    Entry,
    Restart,
    SetAnnotation,
    SetArgument,
    SetImage,
    SetStorageUri,
    SetVariable,
    as_argument,
    refuse_repeated,
)

Operation = dict[str, Any]
# Whole lists as they become, by their paths.
_Lists = dict[Path, list[Any]]
_ANNOTATIONS = ("metadata", "annotations")


def json_patch_for(body: Body, kind: TemplateKind, changes: Sequence[Change]) -> list[Operation]:
    """All these fields. Raises StepFailed (NotThere, ContainerGone, Ambiguous)."""
    metadata = body["metadata"]
    patch = [
        *_tested(("metadata", "uid"), metadata["uid"]),
        *_tested(("metadata", "resourceVersion"), metadata["resourceVersion"]),
    ]
    lists: _Lists = {}
    maps: dict[Path, dict[str, Any]] = {}
    for change in changes:
        refuse_repeated(body, kind, change.write)
        match change.write:
            case SetAnnotation(key=key):
                _map(maps, body, _ANNOTATIONS)[key] = change.target
            case Restart():
                _map(maps, body, _restart_at(body, kind))[RESTARTED_AT] = change.target
            case SetImage() | SetStorageUri() as write:
                path = _text_at(body, kind, write)
                # One that a runtime gives is not there, and is read as an empty text.
                patch += _replaced(path, part_at(body, path), change.target or None)
            case SetVariable() as write:
                _set_variable(lists, body, kind, write, change.target)
            case SetArgument() as write:
                _set_argument(lists, body, kind, write, change.target)
    patch += [
        each
        for path, become in lists.items()
        for each in _replaced(path, part_at(body, path), become or None)
    ]
    return patch + [
        each for path, wanted in maps.items() for each in _annotated(body, path, wanted)
    ]


def _set_variable(
    lists: _Lists, body: Body, kind: TemplateKind, write: SetVariable, target: Entry
) -> None:
    path, container = container_in(body, kind, write.container)
    env = lists.get((*path, "env"), list(container.get("env") or ()))
    lists[*path, "env"] = _with(env, write.variable, target)


def _set_argument(
    lists: _Lists, body: Body, kind: TemplateKind, write: SetArgument, target: Entry
) -> None:
    path, container = container_in(body, kind, write.container)
    now = {field: lists[*path, field] for field in LISTS if (*path, field) in lists}
    changed = changed_lists(
        path, {**container, **now}, write.flag, write.added, as_argument(target)
    )
    for field, words in changed.items():
        lists[*path, field] = words or []


def _restart_at(body: Body, kind: TemplateKind) -> Path:
    """Where no such part is any more, a mark would make one."""
    if kind in PARTS and part_at(body, TEMPLATES[kind]) is None:
        raise StepFailed(
            Reason.NOT_THERE, f"there is no {kind} {body['metadata']['name']} any more; create it."
        )
    return pod_annotations_path(kind)


def _text_at(body: Body, kind: TemplateKind, write: SetImage | SetStorageUri) -> Path:
    if isinstance(write, SetStorageUri):
        return storage_uri_at(body, kind)
    return (*container_in(body, kind, write.container)[0], "image")


def _map(maps: dict[Path, dict[str, Any]], body: Body, path: Path) -> dict[str, Any]:
    return maps.setdefault(path, dict(part_at(body, path) or {}))


def _annotated(body: Body, path: Path, wanted: Mapping[str, Any]) -> Iterator[Operation]:
    kept = {key: value for key, value in wanted.items() if value is not None} or None
    *way, last = path
    if part_at(body, tuple(way)) is None:
        yield from _replaced(tuple(way), None, kept and {last: kept})
    else:
        yield from _replaced(path, part_at(body, path), kept)


def _with(env: Sequence[Body], variable: str, target: Entry) -> list[Body]:
    """The variables of a container with one of them changed where it stands, added or removed."""
    is_there = any(each.get("name") == variable for each in env)
    added = [] if is_there or not isinstance(target, Mapping) else [target]
    changed = [target if each.get("name") == variable else each for each in env]
    return [each for each in (*changed, *added) if isinstance(each, Mapping)]


def _replaced(path: Path, former: object, target: object) -> Iterator[Operation]:
    """``None``: not there."""
    if former is not None:
        yield from _tested(path, former)
    if target is not None:
        verb = "add" if former is None else "replace"
        yield {"op": verb, "path": _pointer(path), "value": target}
    elif former is not None:
        yield {"op": "remove", "path": _pointer(path)}


def _tested(path: Path, value: object) -> Iterator[Operation]:
    yield {"op": "test", "path": _pointer(path), "value": value}


def _pointer(path: Path) -> str:
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path)
