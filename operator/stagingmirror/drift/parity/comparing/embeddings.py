"""Vectors: dimension, largest difference of an element, cosine and norm."""

from dataclasses import dataclass

import numpy as np

from stagingmirror.drift.parity.answers import Column, Flags, Floats, Rows, State, Vectors
from stagingmirror.drift.parity.comparing.measures import (
    Comparer,
    Largest,
    by_length,
    far,
    same_nulls,
    same_values,
)
from stagingmirror.drift.parity.result import Measure
from stagingmirror.drift.parity.rules import Tolerance

# The least that the norms of two vectors may be apart, as a share of the larger one.
NORM = 1e-4
# Elements beyond it overflow where they are squared.
_LARGE = 1e150


@dataclass(frozen=True, slots=True)
class _Apart:
    """How far two arrays of vectors are apart, row by row, each with what is allowed. ``wrong``:
    what is no finite number stands in another place, or is another one.
    """

    element: Floats
    element_allowed: Floats
    cosine: Floats
    cosine_allowed: Floats
    norm: Floats
    norm_allowed: Floats
    wrong: Flags


@dataclass(frozen=True, slots=True)
class Embedding(Comparer):
    """``cosine``: the most that one minus the cosine may be. It is not judged where a norm is no
    larger than what an element may differ by: the direction of nothing is noise.
    """

    tolerance: Tolerance
    cosine: float

    def _equal(self, one: Column, other: Column) -> Flags:
        a, b = one.values, other.values
        if not isinstance(a, Vectors) or not isinstance(b, Vectors):
            return same_values(one, other)
        equal = np.zeros(len(one.states), np.bool_)
        both = (one.states == State.VALUE) & (other.states == State.VALUE)
        for length, rows in by_length(a, b, np.flatnonzero(both)):
            x, y = a.of_length(length, rows), b.of_length(length, rows)
            if np.array_equal(x, y):
                equal[rows] = True
            else:
                apart = self._apart(x, y)
                equal[rows] = (
                    (apart.element <= apart.element_allowed)
                    & (apart.cosine <= apart.cosine_allowed)
                    & (apart.norm <= apart.norm_allowed)
                    & ~apart.wrong
                )
            equal[rows] &= same_nulls(a, b, length, rows)
        return equal

    def _largest(self, one: Column, other: Column, rows: Rows) -> Largest | None:
        """Of the element, the cosine and the norm the one that exceeds what is allowed most."""
        a, b = one.values, other.values
        if not isinstance(a, Vectors) or not isinstance(b, Vectors):
            return None
        found: list[Largest] = []
        for length, some in by_length(a, b, rows):
            apart = self._apart(a.of_length(length, some), b.of_length(length, some))
            measures: tuple[tuple[Floats, Floats, Measure], ...] = (
                (apart.element, apart.element_allowed, "absolute"),
                (apart.cosine, apart.cosine_allowed, "1 - cosine"),
                (apart.norm, apart.norm_allowed, "norm"),
            )
            found += [each for each in (far(*one) for one in measures) if each is not None]
        return max(found, key=_excess, default=None)

    def _apart(self, x: Floats, y: Floats) -> _Apart:
        wrong = np.zeros(len(x), np.bool_)
        if not (np.isfinite(x.sum()) and np.isfinite(y.sum())):
            infinite = ~np.isfinite(x) | ~np.isfinite(y)
            same = (x == y) | (np.isnan(x) & np.isnan(y))
            wrong = (infinite & ~same).any(axis=1)
            x, y = np.where(infinite, 0.0, x), np.where(infinite, 0.0, y)
        top = np.maximum(_magnitude(x), _magnitude(y))
        element = _magnitude(x - y)
        if len(top) and top.max() > _LARGE:
            scale = np.where(top > _LARGE, top, 1.0)[:, None]
            x, y = x / scale, y / scale
        dots, xx, yy = (np.einsum("ij,ij->i", *pair) for pair in ((x, y), (x, x), (y, y)))
        xn, yn = np.sqrt(xx), np.sqrt(yy)
        allowed = self.tolerance.absolute + self.tolerance.relative * top
        least = np.minimum(xn, yn)
        has_direction = least > allowed
        # A direction against none is a difference of the element and of the norm.
        cosine = np.where(has_direction, 1 - dots / np.where(has_direction, xn * yn, 1.0), 0.0)
        norms = np.maximum(xn, yn)
        return _Apart(
            element,
            allowed,
            np.maximum(cosine, 0.0),
            np.full(len(x), self.cosine),
            np.abs(xn - yn),
            self.tolerance.absolute + max(self.tolerance.relative, NORM) * norms,
            wrong,
        )


def _magnitude(x: Floats) -> Floats:
    """Of the largest element of each row."""
    if not x.shape[1]:
        return np.zeros(len(x))
    found: Floats = np.maximum(x.max(axis=1), -x.min(axis=1))
    return found


def _excess(largest: Largest) -> float:
    return largest.difference / max(largest.allowed, 1e-300)
