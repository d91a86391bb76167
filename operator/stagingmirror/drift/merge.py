"""Steps of many components made one: in order, one patch per workload, no field written twice.

Each write has a *target* (what it overwrites) and a *content*. Two components that want the same
content in a target share the step; two that want different content are both left alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from json import dumps

from stagingmirror.drift.serial import to_dict
from stagingmirror.drift.steps import (
    CopyModel,
    FieldWrite,
    MoveAlias,
    PatchWorkload,
    Produced,
    Restart,
    RunLoader,
    SetAnnotation,
    SetConfigMapKey,
    SetImage,
    SetVariable,
    Step,
    Value,
)

Target = tuple[str, ...]

_ORDER: tuple[type, ...] = (CopyModel, RunLoader, SetConfigMapKey, MoveAlias, PatchWorkload)
_SLUGS: Mapping[type, str] = {
    CopyModel: "copy",
    RunLoader: "load",
    SetConfigMapKey: "set",
    MoveAlias: "alias",
    PatchWorkload: "patch",
}


def named(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The steps of one component with ids made of their content, so that equal steps of two
    components have one id.
    """
    ids: dict[str, str] = {}
    result: list[Step] = []
    for step in sorted(steps, key=_rank):
        pointed = _pointed(step, ids)
        ids[step.id] = _id(pointed)
        result.append(replace(pointed, id=ids[step.id]))
    return tuple(result)


def conflicts(wanted: Mapping[str, Iterable[Step]]) -> dict[str, str]:
    """The components that want different things of one target, each with the reason: everyone who
    writes to it is in conflict, also those who want the same as another.
    """
    claims: dict[Target, list[tuple[str, object]]] = defaultdict(list)
    for component, steps in wanted.items():
        for step in steps:
            for target, content in _writes(step):
                claims[target].append((component, content))
    found: dict[str, str] = {}
    for target, claimed in claims.items():
        for component, content in claimed:
            other = next((name for name, theirs in claimed if theirs != content), None)
            if other is not None:
                found.setdefault(component, _conflict(component, other, " ".join(target)))
    return found


def _conflict(component: str, other: str, target: str) -> str:
    if other == component:
        return f"wants two different things of {target}; name it once"
    return f"in conflict with {other}, which writes something else to {target}"


def merged(steps: Iterable[Step]) -> tuple[Step, ...]:
    """One step of each, patches of one workload made one; prepare, then stores, then workloads."""
    result: dict[str, Step] = {}
    for step in steps:
        key = " ".join(_workload(step)) if isinstance(step, PatchWorkload) else step.id
        former = result.get(key)
        if isinstance(former, PatchWorkload) and isinstance(step, PatchWorkload):
            result[key] = _joined(former, step)
        elif former is None:
            result[key] = step
    finished = (
        _finished(step) if isinstance(step, PatchWorkload) else step for step in result.values()
    )
    return tuple(sorted(finished, key=_rank))


def _joined(one: PatchWorkload, other: PatchWorkload) -> PatchWorkload:
    return replace(
        one,
        components=tuple(dict.fromkeys(one.components + other.components)),
        writes=tuple(dict.fromkeys(one.writes + other.writes)),
    )


def _finished(patch: PatchWorkload) -> PatchWorkload:
    """In a fixed order. A restart stays beside writes that bring new pods anyway: where they are
    rolled back, pods of the former template may have read the new value of a store meanwhile, and
    only a restart makes them anew.
    """
    writes = sorted(dict.fromkeys(patch.writes), key=_field)
    whole = replace(patch, writes=tuple(writes))
    return replace(whole, id=_id(whole))


def _rank(step: Step) -> int:
    return _ORDER.index(type(step))


def _id(step: Step) -> str:
    """Stable over processes and independent of who wants the step: ``alias-1f0c9a3b5d7e``."""
    content = {
        key: value
        for key, value in to_dict(step).items()
        if key not in ("id", "component", "components")
    }
    digest = sha256(dumps(content, sort_keys=True).encode()).hexdigest()
    return f"{_SLUGS[type(step)]}-{digest[:12]}"


def _pointed(step: Step, ids: Mapping[str, str]) -> Step:
    """The step with its ``Produced`` pointing at the new ids."""
    match step:
        case MoveAlias():
            return replace(step, version=_renamed(step.version, ids))
        case PatchWorkload():
            return replace(
                step,
                writes=tuple(
                    replace(write, value=_renamed(write.value, ids))
                    if isinstance(write, SetVariable)
                    else write
                    for write in step.writes
                ),
            )
        case _:
            return step


def _renamed(value: Value, ids: Mapping[str, str]) -> Value:
    if isinstance(value, str):
        return value
    return Produced(ids.get(value.step, value.step), value.form)


def _writes(step: Step) -> Iterable[tuple[Target, object]]:
    """What the step overwrites, and with what."""
    match step:
        case CopyModel():
            return ()  # makes something new, under a number that nobody else can have
        case RunLoader():
            loader = f"{step.namespace}/{step.cron_job}"
            return ((("CronJob", loader, step.container, step.variable), step.value),)
        case SetConfigMapKey():
            return ((("ConfigMap", f"{step.namespace}/{step.name}", step.key), step.value),)
        case MoveAlias():
            model = f"{step.environment}/{step.model}"
            return ((("alias", step.alias, "of", model), step.version),)
        case PatchWorkload():
            return tuple(((*_workload(step), *_field(each)), each) for each in step.writes)


def _workload(step: PatchWorkload) -> Target:
    return (step.kind, f"{step.namespace}/{step.name}")


def _field(write: FieldWrite) -> Target:
    match write:
        case SetVariable():
            return ("container", write.container, "variable", write.variable)
        case SetImage():
            return ("container", write.container, "image")
        case SetAnnotation():
            return ("annotation", write.key)
        case Restart():
            return ("restart",)
