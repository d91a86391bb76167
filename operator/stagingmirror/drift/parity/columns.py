"""Columns made from the cells of single answers."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from sys import getsizeof
from typing import TypeAlias

import numpy as np

from stagingmirror.drift.parity.answers import (
    MOST_SHAPES,
    Column,
    Exacts,
    Flags,
    Floats,
    Kind,
    Numbers,
    Rows,
    State,
    States,
    Vectors,
)
from stagingmirror.drift.parity.exact import EXACT_INTEGER, exact_text

# A number, text, truth value, Vector, Listed, None (null), or the State in a value's place.
Cell: TypeAlias = object
_NUMBERS = {int, float}
_NULL = {type(None)}
# Bytes of a vector beside its elements.
_ARRAY = 300


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """A list of numbers, or of lists of them of one length, in whatever depth. ``nulls``: elements
    that are null, which are NaN in ``elements``. ``whole``: all of them are integers.
    """

    elements: Floats = field(repr=False)
    shape: tuple[int, ...]
    nulls: Flags | None = field(default=None, repr=False)
    whole: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """Any other list, as its ``exact_text``: as objects, a list of empty lists would be twenty
    times as large as what was answered.
    """

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What one answer holds: to the samples ``rows``, by name of the feature one cell for each, in
    their order. ``timestamps``: of the event that each value is of (POSIX s), NaN: none.
    """

    rows: Sequence[int]
    cells: Mapping[str, Sequence[Cell]] = field(repr=False)
    timestamps: Mapping[str, Sequence[float]] = field(default_factory=dict, repr=False)
    declared: Mapping[str, str] = field(default_factory=dict)


def compact(value: Cell) -> Cell:
    """A list of numbers as a ``Vector``, any other one as ``Listed``; anything else as it is. A
    list of nothing but nulls, or of nothing, holds no number.
    """
    if not isinstance(value, list):
        return value
    return _vector(value) or Listed(exact_text(value))


def _vector(value: list[Cell]) -> Vector | None:
    """None: it is no list of numbers."""
    level, shape = value, [len(value)]
    while level and type(level[0]) is list:
        lengths = {len(each) if type(each) is list else -1 for each in level}
        if len(lengths) != 1 or -1 in lengths:
            return None
        shape += lengths
        level = list(chain.from_iterable(level))  # type: ignore[arg-type]
    types = set(map(type, level))
    if not types & _NUMBERS or types - _NUMBERS - _NULL or (int in types and _any_wide(level)):
        return None
    nulls = np.array([each is None for each in level], np.bool_) if types & _NULL else None
    # None becomes NaN.
    return Vector(np.array(level, np.float64), tuple(shape), nulls, types == {int})


def size_of(cell: Cell) -> int:
    """Bytes that it takes while it is kept, about."""
    if isinstance(cell, Vector):
        return _ARRAY + cell.elements.nbytes + (0 if cell.nulls is None else cell.nulls.nbytes)
    return getsizeof(cell.text if isinstance(cell, Listed) else cell)


def column(
    cells: Sequence[Cell],
    *,
    timestamps: Sequence[float] | Floats | None = None,
    declared: str | None = None,
) -> Column:
    """One cell per sample. A NaN is the state, null too."""
    states = np.fromiter(map(_state, cells), np.uint8, len(cells))
    rows = np.flatnonzero(states == State.VALUE)
    found = [cells[row] for row in rows.tolist()]
    kinds = np.zeros(len(cells), np.uint8)
    kinds[rows] = of_found = list(map(_kind, found))
    vectors = [each for each in found if isinstance(each, Vector)]
    values: Numbers | Vectors | Exacts
    if set(of_found) <= {Kind.NUMBER} and not _any_wide(found):
        values = _numbers(len(cells), rows, found)
    elif set(of_found) == {Kind.NUMBERS}:
        values = _vectors(len(cells), rows, vectors)
    else:
        texts = np.full(len(cells), "", dtype=object)
        texts[rows] = [_text(each) for each in found]
        values = Exacts(texts)
    shapes = tuple(dict.fromkeys(each.shape for each in vectors))[:MOST_SHAPES]
    stamps = None if timestamps is None else np.asarray(timestamps, np.float64)
    of_rows = _shape_of(cells, shapes) if shapes else None
    return Column(states, kinds, values, shapes, of_rows, stamps, declared)


def _state(cell: Cell) -> int:
    if type(cell) is State:
        return cell
    if cell is None:
        return State.NULL
    if type(cell) is float and math.isnan(cell):
        return State.NAN
    return State.VALUE


def _kind(value: Cell) -> Kind:
    if isinstance(value, bool):
        return Kind.TRUTH
    if isinstance(value, int | float):
        return Kind.NUMBER
    if isinstance(value, str):
        return Kind.TEXT
    return Kind.NUMBERS if isinstance(value, Vector) else Kind.LIST


def _any_wide(values: Iterable[Cell]) -> bool:
    """Whether an integer among them is no float without loss."""
    return any(type(each) is int and abs(each) >= EXACT_INTEGER for each in values)


def _shape_of(cells: Sequence[Cell], shapes: Sequence[tuple[int, ...]]) -> States:
    numbers = {shape: number for number, shape in enumerate(shapes)}
    return np.fromiter(
        (
            numbers.get(each.shape, MOST_SHAPES) if isinstance(each, Vector) else MOST_SHAPES
            for each in cells
        ),
        np.uint8,
        len(cells),
    )


def _numbers(samples: int, rows: Rows, found: Sequence[Cell]) -> Numbers:
    values = np.zeros(samples)
    values[rows] = np.array(found, np.float64)
    return Numbers(values, all(type(each) is int for each in found))


def _vectors(samples: int, rows: Rows, found: Sequence[Vector]) -> Vectors:
    lengths = np.zeros(samples, np.int64)
    lengths[rows] = [len(each.elements) for each in found]
    nulls = None
    if any(each.nulls is not None for each in found):
        nulls = np.concatenate(
            [np.zeros(len(v.elements), np.bool_) if v.nulls is None else v.nulls for v in found]
        )
    flat = np.concatenate([each.elements for each in found])
    return Vectors(flat, lengths, nulls, all(each.whole for each in found))


def _text(value: Cell) -> str:
    """A vector among other values as the list that it was, without its inner levels."""
    if isinstance(value, Listed):
        return value.text
    if not isinstance(value, Vector):
        return exact_text(value)
    elements: list[float | None] = value.elements.tolist()
    if value.nulls is None:
        return exact_text(elements)
    pairs = zip(elements, value.nulls.tolist(), strict=True)
    return exact_text([None if is_null else each for each, is_null in pairs])
