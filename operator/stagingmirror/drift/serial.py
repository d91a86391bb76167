"""Steps and plans as plain JSON, for the record of a refresh and for ``status.plan``.

A step is a mapping with ``step`` (its sort) and its fields in camelCase; a value that an earlier
step produces is ``{producedBy, form}``; a field without a value is left out.
"""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from stagingmirror.drift.steps import (
    CopyModel,
    FieldWrite,
    Left,
    MoveAlias,
    PatchWorkload,
    Plan,
    Produced,
    Restart,
    RunLoader,
    SetAnnotation,
    SetConfigMapKey,
    SetImage,
    SetVariable,
    Step,
)

_STEPS: Mapping[str, type] = {
    each.__name__: each
    for each in (CopyModel, RunLoader, SetConfigMapKey, MoveAlias, PatchWorkload)
}
_WRITES: Mapping[str, type] = {
    each.__name__: each for each in (SetVariable, SetImage, SetAnnotation, Restart)
}


class NotAStep(ValueError):
    """What was read is no step of this version: written by a newer operator, or damaged."""


def to_dict(step: Step) -> dict[str, Any]:
    """The step as JSON; ``from_dict`` gives an equal step back."""
    return {"step": type(step).__name__, **_plain_fields(step)}


def from_dict(written: Mapping[str, Any]) -> Step:
    """The step that ``to_dict`` wrote. Raises NotAStep for anything else."""
    return cast("Step", _built(_STEPS, written.get("step"), written))


def plan_to_dict(plan: Plan) -> dict[str, Any]:
    """The whole plan as JSON."""
    return {
        "steps": [to_dict(step) for step in plan.steps],
        "left": [{"component": each.component, "why": each.why} for each in plan.left],
    }


def plan_from_dict(written: Mapping[str, Any]) -> Plan:
    """The plan that ``plan_to_dict`` wrote; further keys are ignored. Raises NotAStep."""
    return Plan(
        steps=tuple(from_dict(step) for step in written.get("steps", ())),
        left=tuple(
            Left(str(each.get("component")), str(each.get("why")))
            for each in written.get("left", ())
        ),
    )


def _plain_fields(of: Step | FieldWrite) -> dict[str, Any]:
    named = ((field.name, getattr(of, field.name)) for field in fields(of))
    return {_camel(name): _plain(value) for name, value in named if value is not None}


def _plain(value: object) -> object:
    match value:
        case Produced(step, form):
            return {"producedBy": step, "form": form}
        case SetVariable() | SetImage() | SetAnnotation() | Restart():
            return {"write": type(value).__name__, **_plain_fields(value)}
        case tuple():
            return [_plain(each) for each in value]
        case _:
            return value


def _built(sorts: Mapping[str, type], sort: object, written: Mapping[str, Any]) -> object:
    if not isinstance(sort, str) or sort not in sorts:
        raise NotAStep(f"{str(sort)[:64]} is not known to this version of the operator")
    made = sorts[sort]
    values = {name: _value(written.get(_camel(name))) for name in _hints(made)}
    for name, hint in _hints(made).items():
        if not _fits(values[name], hint):
            raise NotAStep(f"{sort}.{_camel(name)} is missing or not what it should be")
    return made(**values)


def _value(written: object) -> object:
    match written:
        case {"producedBy": str(step), "form": str(form)}:
            return Produced(step, form)
        case {"write": sort}:
            return _built(_WRITES, sort, cast("Mapping[str, Any]", written))
        case list():
            return tuple(_value(each) for each in written)
        case _:
            return written


def _fits(value: object, hint: Any) -> bool:
    origin = get_origin(hint)
    if origin is tuple:
        element = get_args(hint)[0]
        return isinstance(value, tuple) and all(_fits(each, element) for each in value)
    if origin is Literal:
        return value in get_args(hint)
    if hint in (int, float):
        return isinstance(value, int | hint) and not isinstance(value, bool)
    return isinstance(value, hint)


@cache
def _hints(of: type) -> Mapping[str, Any]:
    return get_type_hints(of)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
