"""Steps of many components merged: in order, one patch per workload, no place written twice.

Two components that write the same content to a place share the step; two that write different
content are both left alone.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import fields, replace
from hashlib import sha256
from typing import TypeVar

from stagingmirror.drift.places import Place
from stagingmirror.drift.steps import Step, Write

S = TypeVar("S", bound=Step)


def named(steps: Iterable[S]) -> tuple[S, ...]:
    """The steps of one component with ids made of their content, so that equal steps of two
    components have one id.
    """
    ids: dict[str, str] = {}
    result: list[S] = []
    for step in sorted(steps, key=_order):
        made = _with_id(step.with_ids(ids))
        ids[step.id] = made.id
        result.append(made)
    return tuple(result)


def conflicts(wanted: Mapping[str, Iterable[Step]]) -> dict[str, str]:
    """The components that write different content to one place, each with the reason: all writers
    of that place are in conflict, also those that write the same as another.
    """
    claims: dict[Place, list[tuple[str, Hashable]]] = defaultdict(list)
    for component, steps in wanted.items():
        for step in steps:
            for place, content, _ in step.writes():
                claims[place].append((component, content))
    found = _alike(wanted)
    for place, claimed in claims.items():
        for component, content in claimed:
            other = next((name for name, theirs in claimed if theirs != content), None)
            if other is not None:
                found.setdefault(component, _conflict(component, other, place))
    return found


def merged(steps: Iterable[S]) -> tuple[S, ...]:
    """One step for each merge key, in the order in which they run."""
    result: dict[Hashable, S] = {}
    for step in steps:
        key = step.merge_key()
        result[key] = result[key].joined(step) if key in result else step
    return tuple(sorted((_with_id(step) for step in result.values()), key=_order))


def parts_of(steps: Iterable[S]) -> tuple[S, ...]:
    """Those of these steps that ``merged`` makes one step with a different one."""
    alike: dict[Hashable, dict[str, S]] = defaultdict(dict)
    every = list(steps)
    for step in every:
        alike[step.merge_key()][step.id] = step
    return tuple(step for step in every if len(alike[step.merge_key()]) > 1)


def without(steps: Iterable[S], components: frozenset[str]) -> tuple[S, ...]:
    """What is left of these steps for all other components. A step that does different things for
    several components must be given as its parts.
    """
    kept = (
        replace(step, components=tuple(each for each in step.components if each not in components))
        for step in steps
    )
    return merged(step for step in kept if step.components)


def _alike(wanted: Mapping[str, Iterable[Step]]) -> dict[str, str]:
    """The components that write a place which may turn out to be one that another component writes,
    under another spelling, each with the reason. Once one of them is there, that is known.
    """
    first: dict[Place, tuple[str, Write]] = {}
    found: dict[str, str] = {}
    for component, steps in wanted.items():
        for write in (each for step in steps for each in step.writes()):
            other, theirs = first.setdefault(write.place.spelled(), (component, write))
            if theirs.place != write.place and (write.new or theirs.new):
                found.setdefault(
                    component,
                    f"{write.place} and {theirs.place}, which {other} writes, may be one in their "
                    "store; that is known once one of them is there, so the next refresh follows",
                )
    return found


def _conflict(component: str, other: str, place: Place) -> str:
    if other == component:
        return f"writes two different things to {place}; name it once"
    return f"in conflict with {other}, which writes something else to {place}"


def _order(step: Step) -> int:
    return step.order


def _with_id(step: S) -> S:
    """Its id is stable over processes and independent of the components:
    ``MoveAlias-1f0c9a3b5d7e``.
    """
    names = (each.name for each in fields(step) if each.name not in ("id", "components"))
    content = ascii([getattr(step, name) for name in names])
    return replace(step, id=f"{type(step).__name__}-{sha256(content.encode()).hexdigest()[:12]}")
