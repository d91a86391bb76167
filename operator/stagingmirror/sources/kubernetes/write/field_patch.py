"""Single fields of a workload that others own: read from its body, and as a patch that changes
nothing else.

Pure. A field is changed as ``kubectl set image`` would: a strategic merge patch by container and
variable name. Not server-side apply: without force the first write conflicts with the owner, with
force a later apply of ours that leaves a field out deletes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Annotated, Any, Literal

from pydantic import Field

from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.drift.command.edits import wanted
from stagingmirror.drift.command.flags import Form, folded
from stagingmirror.drift.steps import Value
from stagingmirror.drift.wording import shown
from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.write.arguments import argument_in, changed_lists, list_of
from stagingmirror.sources.kubernetes.write.containers import (
    TEMPLATES,
    Body,
    Path,
    container_in,
    keyed,
    managed,
    part_at,
    pod_annotations_path,
    storage_uri_at,
    storage_uri_in,
)


@dataclass(frozen=True, slots=True)
class SetVariable:
    container: str
    variable: str
    value: Value
    type: Literal["variable"] = "variable"


@dataclass(frozen=True, slots=True)
class SetImage:
    container: str
    value: str
    type: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class SetArgument:
    """``added``: how the flag is given where it is not there; None: it is there."""

    container: str
    flag: str
    value: str
    added: Form | None
    type: Literal["argument"] = "argument"


@dataclass(frozen=True, slots=True)
class SetAnnotation:
    key: str
    value: str
    type: Literal["annotation"] = "annotation"


@dataclass(frozen=True, slots=True)
class Restart:
    """New pods from the same template, as ``kubectl rollout restart`` does."""

    type: Literal["restart"] = "restart"


@dataclass(frozen=True, slots=True)
class SetStorageUri:
    """The one URI from which an InferenceService has its model."""

    value: str
    type: Literal["storageUri"] = "storageUri"


# One field of a workload with what is written into it; ``type`` is its tag in records.
FieldWrite = Annotated[
    SetVariable | SetArgument | SetImage | SetAnnotation | SetStorageUri | Restart,
    Field(discriminator="type"),
]

# A field as it stands in a body: a variable's whole entry (``valueFrom`` included), an argument's
# value, an image, an annotation's text. None: the field is not there.
Entry = Mapping[str, Any] | str | None

STORAGE_URI = "storageUri"
# The pod template's annotation that makes new pods. Its value is that of the refresh, never a time:
# a restart that is done again after a crash then changes nothing.
RESTARTED_AT = "stagingmirror.dev/restarted-at"


@dataclass(frozen=True, slots=True)
class Change:
    """One field: what it must be now (``former``) and what it is to become (``target``)."""

    write: FieldWrite
    former: Entry
    target: Entry


def read_field(body: Body, kind: TemplateKind, write: FieldWrite) -> Entry:
    """The field as it stands. Raises StepFailed (ContainerGone)."""
    match write:
        case SetAnnotation(key=key):
            return annotations_of(body).get(key)
        case Restart():
            return (part_at(body, pod_annotations_path(kind)) or {}).get(RESTARTED_AT)
        case SetStorageUri():
            return storage_uri_in(body, kind)
        case SetImage(container=container):
            return str(container_in(body, kind, container)[1].get("image", ""))
        case SetVariable(container=container, variable=variable):
            entries = container_in(body, kind, container)[1].get("env") or ()
            found = [entry for entry in entries if entry.get("name") == variable]
            return _plain(found[-1]) if found else None
        case SetArgument(container=container, flag=flag):
            return argument_in(container_in(body, kind, container)[1], flag)


def refuse_repeated(body: Body, kind: TemplateKind, write: FieldWrite) -> None:
    """Raises StepFailed (Ambiguous) where the variable stands more than once: a strategic merge
    patch changes the first one, and the container gets the last.
    """
    if not isinstance(write, SetVariable):
        return
    entries = container_in(body, kind, write.container)[1].get("env") or ()
    places = [str(at) for at, each in enumerate(entries, 1) if each.get("name") == write.variable]
    if len(places) > 1:
        raise StepFailed(
            Reason.AMBIGUOUS,
            f"variable {write.variable} stands {len(places)} times in env of container "
            f"{write.container} of {kind} {body['metadata'].get('name')} (entries "
            f"{', '.join(places[:5])}); only the last one counts: remove the others.",
        )


def target_of(write: FieldWrite, value: str) -> Entry:
    """The field with ``value`` in it; of a restart ``value`` is the refresh's own token."""
    if isinstance(write, SetVariable):
        return _plain({"name": write.variable, "value": value})
    if isinstance(write, SetArgument):
        return wanted(value, write.added)
    return value


def patch_for(body: Body, kind: TemplateKind, changes: Sequence[Change]) -> dict[str, Any]:
    """One strategic merge patch for all these fields, fenced by the body's resourceVersion.

    The resourceVersion is not optional: without it a patch that names a container which is gone
    *adds* one. Raises StepFailed (ContainerGone, Ambiguous).
    """
    metadata = body["metadata"]
    fence = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}
    patch: dict[str, Any] = {"metadata": fence}
    for change in changes:
        refuse_repeated(body, kind, change.write)
        match change.write:
            case SetAnnotation(key=key):
                fence.setdefault("annotations", {})[key] = change.target
            case Restart():
                template = _inside(patch, kind).setdefault("metadata", {})
                template.setdefault("annotations", {})[RESTARTED_AT] = change.target
            case SetStorageUri():
                storage_uri_at(body, kind)
            case SetImage(container=container):
                _patched_container(patch, body, kind, container)["image"] = change.target
            case SetVariable(container=container) as write:
                env = _patched_container(patch, body, kind, container).setdefault("env", [])
                env.append(_variable_patch(write.variable, read_field(body, kind, write), change))
            case SetArgument(container=container, flag=flag, added=added):
                part = _patched_container(patch, body, kind, container)
                at, whole = container_in(body, kind, container)
                part |= changed_lists(
                    at, {**whole, **part}, flag, added, as_argument(change.target)
                )
    return patch


def field_of(write: FieldWrite) -> str:
    """The field as places and messages name it."""
    match write:
        case SetVariable(container=container, variable=variable):
            return f"variable {variable} of {container}"
        case SetArgument(container=container, flag=flag):
            return argument_field(container, flag)
        case SetImage(container=container):
            return f"image of {container}"
        case SetAnnotation(key=key):
            return f"annotation {key}"
        case SetStorageUri():
            return STORAGE_URI
        case Restart():
            return "restart annotation"


def argument_field(container: str, flag: str) -> str:
    """One for all spellings of a flag."""
    return f"argument {folded(flag)} of {container}"


def describe(write: FieldWrite) -> str:
    """The field and what is written into it, as a plan shows it."""
    if isinstance(write, Restart):
        return "restart"
    return f"{field_of(write).removeprefix('variable ')} → {shown(write.value)}"


def in_order(writes: Iterable[FieldWrite]) -> tuple[FieldWrite, ...]:
    """Each once, in an order that does not depend on who requests them; a restart comes last."""
    unique = dict.fromkeys(writes)
    return tuple(sorted(unique, key=lambda write: (isinstance(write, Restart), field_of(write))))


def path_of(body: Body, kind: TemplateKind, write: FieldWrite) -> tuple[str, ...]:
    """The field's path in managedFields' ``fieldsV1``."""
    match write:
        case SetAnnotation(key=key):
            return ("f:metadata", "f:annotations", f"f:{key}")
        case Restart():
            place = (f"f:{name}" for name in pod_annotations_path(kind))
            return (*place, f"f:{RESTARTED_AT}")
        case SetStorageUri():
            # A list without keys is one field.
            way = takewhile(lambda name: not name.isdecimal(), storage_uri_at(body, kind))
            return tuple(f"f:{name}" for name in way)
        case SetImage(container=container):
            return (*_managed(body, kind, container), "f:image")
        case SetVariable(container=container, variable=variable):
            return (*_managed(body, kind, container), "f:env", keyed(variable))
        case SetArgument(container=container, flag=flag):
            # A list without keys is one field.
            field = list_of(container_in(body, kind, container)[1], flag)
            return (*_managed(body, kind, container), f"f:{field}")


def annotations_of(body: Body) -> Mapping[str, str]:
    """Of an object or a template."""
    return (body.get("metadata") or {}).get("annotations") or {}


def _managed(body: Body, kind: TemplateKind, name: str) -> Path:
    return managed(container_in(body, kind, name)[0], name)


def _inside(patch: dict[str, Any], kind: TemplateKind) -> dict[str, Any]:
    part = patch
    for name in TEMPLATES[kind]:
        part = part.setdefault(name, {})
    return part


def _patched_container(
    patch: dict[str, Any], body: Body, kind: TemplateKind, name: str
) -> dict[str, Any]:
    group = container_in(body, kind, name)[0][-2]
    listed: list[dict[str, Any]] = _inside(patch, kind).setdefault("spec", {}).setdefault(group, [])
    for container in listed:
        if container["name"] == name:
            return container
    listed.append({"name": name})
    return listed[-1]


def _variable_patch(variable: str, current: Entry, change: Change) -> dict[str, Any]:
    target = change.target
    if not isinstance(target, Mapping):
        return {"name": variable, "$patch": "delete"}
    before = current if isinstance(current, Mapping) else {}
    if "valueFrom" not in target:
        emptied = {"valueFrom": None} if "valueFrom" in before else {}
        return {"name": variable, "value": target.get("value", ""), **emptied}
    # Merged into another valueFrom it would have two sources.
    whole = {"$patch": "replace"} if "valueFrom" in before else {}
    emptied = {"value": None} if "value" in before else {}
    return {"name": variable, "valueFrom": {**whole, **target["valueFrom"]}, **emptied}


def as_argument(target: Entry) -> Mapping[str, Any] | None:
    return target if isinstance(target, Mapping) else None


def _plain(entry: Body) -> dict[str, Any]:
    """An empty value is written as no value: both are the same variable."""
    return {key: value for key, value in entry.items() if key != "value" or value}
