"""What a cause is read from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stagingmirror.drift.parity.answers import Column, Flags, Floats, Numbers, Rows, State, Vectors
from stagingmirror.drift.parity.comparing.measures import Comparer
from stagingmirror.drift.parity.comparing.scalars import numbers_of
from stagingmirror.drift.parity.result import Group
from stagingmirror.drift.parity.rules import Tolerance

# Samples that a cause must explain before it is claimed, and different values among them: with
# fewer, more than one cause fits by chance.
LEAST_SAMPLES = 5
LEAST_VALUES = 3
# Of what a cause must explain, so much may be on the edge of a rounding.
NEARLY_ALL = 0.98
# Of vectors; they have enough elements.
MOST_VECTORS = 64


@dataclass(frozen=True, eq=False)
class Sides:
    """All columns, by name."""

    production: Mapping[str, Column]
    staging: Mapping[str, Column]

    @cached_property
    def numbers(self) -> tuple[list[str], Floats]:
        """The names of production's columns of numbers, and each as a row; NaN where there is no
        value.
        """
        found = {
            name: each.values.values
            if each.is_complete
            else np.where(each.states == State.VALUE, each.values.values, np.nan)
            for name, each in self.production.items()
            if isinstance(each.values, Numbers)
        }
        return list(found), np.array(list(found.values()))


@dataclass(frozen=True, eq=False)
class Evidence:
    """One feature in one group. ``rows`` differ, and ``same`` are steady and equal."""

    name: str
    group: Group
    production: Column
    staging: Column
    comparer: Comparer
    tolerance: Tolerance
    rows: Rows
    same: Rows
    sides: Sides

    @cached_property
    def judged(self) -> Rows:
        """Samples on which production is steady."""
        return np.union1d(self.rows, self.same)

    @cached_property
    def is_valued(self) -> bool:
        """Whether both sides have a value wherever they differ."""
        states = self.production.states[self.rows], self.staging.states[self.rows]
        return not (states[0].any() or states[1].any())

    @cached_property
    def numbers(self) -> tuple[Floats, Floats] | None:
        """Production's and staging's, where they differ: of numbers one each, of vectors of one
        length the elements of the first of them. None: there is something else, or too little.
        """
        return self._numbers(self.rows)

    @cached_property
    def equal_numbers(self) -> tuple[Floats, Floats]:
        """The same, of samples on which the sides are equal."""
        return self._numbers(self.same) or (np.empty(0), np.empty(0))

    @cached_property
    def vectors(self) -> tuple[Floats, Floats] | None:
        """Production's and staging's first vectors that differ, as 2-D arrays."""
        return _vectors(self.production, self.staging, self.rows)

    def _numbers(self, rows: Rows) -> tuple[Floats, Floats] | None:
        if isinstance(self.production.values, Vectors):
            found = _vectors(self.production, self.staging, rows)
            return None if found is None else (found[0].ravel(), found[1].ravel())
        ours, theirs = self.production, self.staging
        valued = rows[(ours.states[rows] == State.VALUE) & (theirs.states[rows] == State.VALUE)]
        p, s = numbers_of(ours)[valued], numbers_of(theirs)[valued]
        return (p, s) if np.isfinite(p).all() and np.isfinite(s).all() else None

    def explains(self, p: Floats, s: Floats) -> bool:
        """Whether nothing would differ if production had ``p``."""
        allowed = np.maximum(np.abs(p), np.abs(s)) * self.tolerance.relative
        return bool((np.abs(p - s) <= allowed + self.tolerance.absolute).all())


# A cause as a sentence without its end. Two that fit are none, so each has one place only.
Detector = Callable[[Evidence], str | None]


def varied(values: Floats, least: int = LEAST_VALUES) -> bool:
    """Whether so many of the values are different."""
    few = values.ravel()[: 10 * least].tolist()
    return len(set(few)) >= least or len(np.unique(values)) >= least


def shifted(by: float) -> str:
    """Of times, in seconds."""
    return f"{later(by)}: a shifted clock, or another time zone?"


def later(by: float) -> str:
    return f"{abs(by):.6g} s {'later' if by > 0 else 'earlier'}"


def distinct(column: Column, rows: Rows) -> int:
    """How many different values these samples have; all of them have one."""
    values = column.values
    if isinstance(values, Numbers):
        return len(np.unique(values.values[rows]))
    if not isinstance(values, Vectors):
        return len(set(values.texts[rows].tolist()))
    ends = np.cumsum(values.lengths)[rows].tolist()
    starts = (np.cumsum(values.lengths) - values.lengths)[rows].tolist()
    return len({values.flat[a:b].tobytes() for a, b in zip(starts, ends, strict=True)})


def nearly(fits: Flags) -> bool:
    return len(fits) > 0 and float(np.mean(fits)) >= NEARLY_ALL


def _vectors(production: Column, staging: Column, rows: Rows) -> tuple[Floats, Floats] | None:
    ours, theirs = production.values, staging.values
    if not isinstance(ours, Vectors) or not isinstance(theirs, Vectors):
        return None
    rows = rows[:MOST_VECTORS]
    lengths = np.unique(np.concatenate([ours.lengths[rows], theirs.lengths[rows]])).tolist()
    if len(lengths) != 1 or lengths == [0]:
        return None
    p, s = ours.of_length(lengths[0], rows), theirs.of_length(lengths[0], rows)
    return (p, s) if np.isfinite(p).all() and np.isfinite(s).all() else None
