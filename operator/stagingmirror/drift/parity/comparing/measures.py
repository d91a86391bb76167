"""How far two values of one feature are apart, and whether that is allowed."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stagingmirror.drift.parity.answers import (
    Column,
    Flags,
    Floats,
    Numbers,
    Rows,
    State,
    Vectors,
    texts_of,
)
from stagingmirror.drift.parity.result import Measure


@dataclass(frozen=True, slots=True)
class Largest:
    """A difference, as ``measured``, and what was ``allowed`` there."""

    difference: float
    allowed: float
    measured: Measure


class Comparer(ABC):
    """Compares two columns of one feature, sample by sample."""

    def equal(self, one: Column, other: Column) -> Flags:
        """Samples on which both have the same state, and, where that is a value, values that are
        equal within what is allowed.
        """
        if one.is_complete and other.is_complete:
            return self._equal(one, other)
        same: Flags = one.states == other.states
        valued = same & (one.states == State.VALUE)
        return same & (self._equal(one, other) | ~valued) if valued.any() else same

    @abstractmethod
    def _equal(self, one: Column, other: Column) -> Flags:
        """Of all samples; it counts for those where both have a value."""

    def largest(self, one: Column, other: Column, rows: Rows) -> Largest | None:
        """Among ``rows``, the largest difference that a number can show."""
        valued = (one.states[rows] == State.VALUE) & (other.states[rows] == State.VALUE)
        return self._largest(one, other, rows[valued]) if valued.any() else None

    @abstractmethod
    def _largest(self, one: Column, other: Column, rows: Rows) -> Largest | None:
        """The same, where both have a value."""


class Exact(Comparer):
    """The same value, whatever it is."""

    def _equal(self, one: Column, other: Column) -> Flags:
        return same_values(one, other)

    def _largest(self, one: Column, other: Column, rows: Rows) -> Largest | None:
        return None


def far(difference: Floats, allowed: Floats, measured: Measure) -> Largest | None:
    """The largest of finite differences."""
    finite = np.isfinite(difference)
    if not finite.any():
        return None
    at = int(np.argmax(np.where(finite, difference, -1.0)))
    return Largest(float(difference[at]), float(allowed[at]), measured)


def same_values(one: Column, other: Column) -> Flags:
    """Samples on which both have the same value, whatever it is."""
    a, b = one.values, other.values
    if isinstance(a, Numbers) and isinstance(b, Numbers):
        alike: Flags = a.values == b.values
        return alike
    if not isinstance(a, Vectors) or not isinstance(b, Vectors):
        same: Flags = texts_of(one) == texts_of(other)
        return same
    equal = np.zeros(len(one.states), np.bool_)
    both = (one.states == State.VALUE) & (other.states == State.VALUE)
    for length, rows in by_length(a, b, np.flatnonzero(both)):
        x, y = a.of_length(length, rows), b.of_length(length, rows)
        elements = (x == y) | (np.isnan(x) & np.isnan(y))
        equal[rows] = elements.all(axis=1) & same_nulls(a, b, length, rows)
    return equal


def same_nulls(one: Vectors, other: Vectors, length: int, rows: Rows) -> Flags:
    """Samples on which the same elements of both are null; all have that length."""
    a, b = one.nulls_of(length, rows), other.nulls_of(length, rows)
    if a is None and b is None:
        return np.ones(len(rows), np.bool_)
    none = np.zeros((len(rows), length), np.bool_)
    same: Flags = ((none if a is None else a) == (none if b is None else b)).all(axis=1)
    return same


def by_length(one: Vectors, other: Vectors, rows: Rows) -> Iterator[tuple[int, Rows]]:
    """Of ``rows`` those where both have vectors of one length, by that length."""
    equal = one.lengths[rows] == other.lengths[rows]
    rows, lengths = rows[equal], one.lengths[rows][equal]
    for length in np.unique(lengths).tolist():
        yield length, rows[lengths == length]
