"""What one side answered to all samples, as columns of numpy arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from stagingmirror.drift.parity.exact import exact_text

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
States = npt.NDArray[np.uint8]
Lengths = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]
Rows = npt.NDArray[np.intp]
# Shapes of lists in one column that are told apart; what has another one varies.
MOST_SHAPES = 8


class State(IntEnum):
    """What stands where a value is expected; six things that are never one another.

    ``DEFAULT``: the protocol declares that something else is served in a value's place (Feast's
    ``OUTSIDE_MAX_AGE``). ``ERROR``: the protocol declares that this one value failed.
    """

    VALUE = 0
    NULL = 1
    NAN = 2
    ABSENT = 3
    ERROR = 4
    DEFAULT = 5


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """One per sample; 0 where there is no value. ``whole``: all of them are integers."""

    values: Floats
    whole: bool


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """One per sample, one after the other in ``flat``, each with ``lengths`` elements. ``nulls``:
    elements that are null, which are NaN in ``flat``.
    """

    flat: Floats
    lengths: Lengths
    nulls: Flags | None
    whole: bool

    def of_length(self, length: int, rows: Rows) -> Floats:
        """These samples, all of that length, as a 2-D array; no copy where they are all."""
        if len(rows) == len(self.lengths):
            return self.flat.reshape(len(rows), length)
        return self.flat[self._at(length, rows)]

    def nulls_of(self, length: int, rows: Rows) -> Flags | None:
        """The same, of ``nulls``."""
        return None if self.nulls is None else self.nulls[self._at(length, rows)]

    def of(self, rows: Rows) -> "Vectors":
        """Of these samples only."""
        lengths = self.lengths[rows]
        starts = np.cumsum(self.lengths) - self.lengths
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        at = np.repeat(starts[rows], lengths) + within
        nulls = None if self.nulls is None else self.nulls[at]
        return Vectors(self.flat[at], lengths, nulls, self.whole)

    def _at(self, length: int, rows: Rows) -> npt.NDArray[np.int64]:
        starts = np.cumsum(self.lengths) - self.lengths
        return starts[rows][:, None] + np.arange(length, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Exacts:
    """One per sample, as ``exact_text``; empty where there is no value."""

    texts: Texts


class Kind(IntEnum):
    """What a value is. ``NUMBERS``: a list of them, or of such lists of one length."""

    NONE = 0
    NUMBER = 1
    TEXT = 2
    TRUTH = 3
    NUMBERS = 4
    LIST = 5


_KINDS = tuple((kind, kind.value) for kind in Kind)[1:]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One feature. ``kinds``: one ``Kind`` per sample. ``shapes``: of its lists of numbers, and
    ``shape_of`` which of them each sample has; ``MOST_SHAPES``: none of them. ``timestamps``: of
    the event that each value is of (POSIX s), NaN: none; None: the protocol gives none.
    ``declared``: the type that the protocol declares. ``is_complete``: whether every sample has a
    value. ``kinds_found``: of its values, in their order.
    """

    states: States
    kinds: States
    values: Numbers | Vectors | Exacts
    shapes: tuple[tuple[int, ...], ...] = ()
    shape_of: States | None = None
    timestamps: Floats | None = None
    declared: str | None = None

    is_complete: bool = field(init=False)
    kinds_found: tuple[Kind, ...] = field(init=False)

    def __post_init__(self) -> None:
        # Of arrays this short bytes are searched faster; there may be thousands of them.
        found = self.kinds.tobytes()
        kinds = tuple([kind for kind, code in _KINDS if code in found])
        object.__setattr__(self, "is_complete", self.states.tobytes() == bytes(len(self.states)))
        object.__setattr__(self, "kinds_found", kinds)

    def of(self, rows: Rows) -> "Column":
        """Of these samples only."""
        values: Numbers | Vectors | Exacts
        match self.values:
            case Numbers(numbers, whole):
                values = Numbers(numbers[rows], whole)
            case Exacts(texts):
                values = Exacts(texts[rows])
            case Vectors():
                values = self.values.of(rows)
        return Column(
            self.states[rows],
            self.kinds[rows],
            values,
            self.shapes,
            None if self.shape_of is None else self.shape_of[rows],
            None if self.timestamps is None else self.timestamps[rows],
            self.declared,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """To all samples, in their order. ``columns`` are in the order in which the side names them.
    ``failed``: samples without an answer; what the columns hold there counts for nothing.
    """

    samples: int
    columns: Mapping[str, Column]
    failed: Flags

    def of(self, rows: Rows) -> "Answers":
        """To these samples only."""
        columns = {name: each.of(rows) for name, each in self.columns.items()}
        return Answers(len(rows), columns, self.failed[rows])


def texts_of(given: Column) -> Texts:
    """Every value as ``exact_text``, whatever it is kept as; empty where there is none."""
    values = given.values
    if isinstance(values, Exacts):
        return values.texts
    texts = np.full(len(given.states), "", dtype=object)
    rows = np.flatnonzero(given.states == State.VALUE)
    if isinstance(values, Numbers):
        texts[rows] = [exact_text(each) for each in values.values[rows].tolist()]
        return texts
    ends = np.cumsum(values.lengths)
    for row in rows:
        start, end = int(ends[row] - values.lengths[row]), int(ends[row])
        elements: list[float | None] = values.flat[start:end].tolist()
        if values.nulls is not None:
            elements = [
                None if is_null else each
                for each, is_null in zip(elements, values.nulls[start:end], strict=True)
            ]
        texts[row] = exact_text(elements)
    return texts
