"""How answers are made: names, types, shapes. Nothing of it is a value."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from stagingmirror.drift.parity.answers import MOST_SHAPES, Answers, Column, Kind, State
from stagingmirror.drift.parity.comparing.inference import NAMES
from stagingmirror.drift.parity.names import shown

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """How the values of one feature are made. ``shapes`` None: more than are told apart."""

    kinds: frozenset[Kind]
    shapes: frozenset[Shape] | None
    declared: str | None


# By name and aspect: there, declared, kind or shape.
Findings = dict[tuple[str, str], str]
_ONE_ONLY = "only one of production's two answers has {name}"


@dataclass(frozen=True, slots=True)
class Structure:
    """``differs``: staging's against production's; ``unsteady``: production's against its own.
    ``missing`` and ``extra`` in staging: names as the sides write them.
    """

    differs: Findings
    unsteady: Findings
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    in_other_order: bool


def compared(
    before: Answers, staging: Answers, after: Answers, is_ignored: Callable[[str], bool]
) -> Structure:
    """Production's answers, before and after staging's."""
    first, between, last = (_forms(each, is_ignored) for each in (before, staging, after))
    production = {
        name: _merged(first.get(name), last.get(name)) for name in dict.fromkeys([*first, *last])
    }
    unsteady: Findings = {}
    differs: Findings = {}
    for name, whole in production.items():
        unsteady |= _unsteady(name, first.get(name), last.get(name))
        if (name, "there") in unsteady:
            continue
        if name not in between:
            differs[name, "there"] = f"{shown(name)} is missing"
            continue
        for aspect, text in _differences(whole, between[name]):
            if (name, aspect) not in unsteady:
                differs[name, aspect] = f"{shown(name)} {text}"
    extra = tuple(name for name in between if name not in production)
    differs |= {(name, "there"): f"{shown(name)} is extra" for name in extra}
    missing = tuple(name for name, aspect in differs if aspect == "there" and name not in extra)
    return Structure(differs, unsteady, missing, extra, _is_in_other_order(first, last, between))


def _forms(answers: Answers, is_ignored: Callable[[str], bool]) -> dict[str, Form]:
    """Of what is there; a feature that no sample has is not."""
    forms = {
        name: _form(column) for name, column in answers.columns.items() if not is_ignored(name)
    }
    return {
        name: form
        for name, form in forms.items()
        if form.kinds or (answers.columns[name].states != State.ABSENT).any()
    }


def _form(column: Column) -> Form:
    kinds = frozenset(column.kinds_found)
    return Form(kinds, _shapes(column) if Kind.NUMBERS in kinds else frozenset(), column.declared)


def _shapes(column: Column) -> frozenset[Shape] | None:
    if column.shape_of is None:
        return frozenset()
    found = np.unique(column.shape_of[column.kinds == Kind.NUMBERS]).tolist()
    return None if MOST_SHAPES in found else frozenset(column.shapes[each] for each in found)


def _merged(one: Form | None, other: Form | None) -> Form:
    known = [each for each in (one, other) if each is not None]
    shapes = [each.shapes for each in known]
    return Form(
        frozenset[Kind]().union(*(each.kinds for each in known)),
        None if None in shapes else frozenset[Shape]().union(*(s for s in shapes if s is not None)),
        known[0].declared,
    )


def _unsteady(name: str, first: Form | None, last: Form | None) -> Findings:
    if first is None or last is None:
        return {(name, "there"): _ONE_ONLY.format(name=shown(name))}
    is_one_kind = first.kinds <= last.kinds or last.kinds <= first.kinds
    found = {
        "declared": first.declared != last.declared,
        "kind": not is_one_kind,
        "shape": _single(first) != _single(last) and None not in (_single(first), _single(last)),
    }
    return {
        (name, aspect): f"{shown(name)} has two {_PLURAL[aspect]} in production's two answers"
        for aspect, is_unsteady in found.items()
        if is_unsteady
    }


_PLURAL = {"declared": "declared types", "kind": "types", "shape": "shapes"}


def _differences(production: Form, staging: Form) -> Iterator[tuple[str, str]]:
    """Aspect and text of each."""
    declared = (staging.declared, production.declared)
    if declared[0] != declared[1] and None not in declared:
        yield "declared", f"is declared as {declared[0]}, not {declared[1]}"
    if production.kinds and not staging.kinds <= production.kinds:
        yield "kind", f"is {_kinds(staging)}, not {_kinds(production)}"
    expected = _single(production)
    if expected and staging.shapes != frozenset({expected}) and staging.shapes != frozenset():
        found = _single(staging)
        if found is None:
            yield "shape", f"has several shapes, not {_shape(expected)}"
        elif len(found) == len(expected) == 1:
            yield "shape", f"has dimension {found[0]}, not {expected[0]}"
        else:
            yield "shape", f"has shape {_shape(found)}, not {_shape(expected)}"


def _single(form: Form) -> Shape | None:
    return next(iter(form.shapes)) if form.shapes is not None and len(form.shapes) == 1 else None


def _kinds(form: Form) -> str:
    return " or ".join(NAMES[kind] for kind in sorted(form.kinds))


def _shape(shape: Shape) -> str:
    return " x ".join(map(str, shape))


def _is_in_other_order(
    first: Mapping[str, Form], last: Mapping[str, Form], between: Mapping[str, Form]
) -> bool:
    """Of the names that all have, where production itself has one order."""
    orders = [
        [name for name in each if name in between and name in first and name in last]
        for each in (first, last, between)
    ]
    return orders[0] == orders[1] and orders[0] != orders[2]
