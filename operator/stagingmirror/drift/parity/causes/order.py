"""The right values in the wrong place."""

from collections.abc import Iterator

import numpy as np

from stagingmirror.drift.parity.answers import Column, Exacts, Numbers, Vectors
from stagingmirror.drift.parity.causes.evidence import (
    LEAST_SAMPLES,
    LEAST_VALUES,
    Evidence,
    distinct,
    varied,
)
from stagingmirror.drift.parity.comparing.measures import Exact
from stagingmirror.drift.parity.comparing.scalars import Number
from stagingmirror.drift.parity.names import shown

# Different values that are found again at other samples; with fewer that happens by chance.
_LEAST_SHUFFLED = 10
# Samples by which most columns are ruled out.
_FEW = 8
# Columns that are compared whole; of more, one only cannot be told.
_MOST_CANDIDATES = 100


def other_column(evidence: Evidence) -> str | None:
    """Staging's are those of another of production's features, of one only."""
    if not evidence.is_valued or distinct(evidence.staging, evidence.rows) < LEAST_VALUES:
        return None
    candidates = list(_candidates(evidence))
    if len(candidates) > _MOST_CANDIDATES:
        return None
    ours, theirs = evidence.sides.production, evidence.sides.staging
    found = [name for name in candidates if _is_equal(evidence, ours[name], evidence.staging)]
    if len(found) != 1:
        return None
    name = found[0]
    is_swapped = name in theirs and _is_equal(evidence, evidence.production, theirs[name])
    return f"swapped with {shown(name)}" if is_swapped else f"the values of {shown(name)}"


def other_samples(evidence: Evidence) -> str | None:
    """The same values, at other samples."""
    found = evidence.numbers if evidence.vectors is None else None
    if found is None or len(found[0]) < len(evidence.rows):
        return None
    ours, theirs = (
        np.concatenate(pair) for pair in zip(found, evidence.equal_numbers, strict=True)
    )
    if not varied(found[0], _LEAST_SHUFFLED):
        return None
    fits = evidence.explains(np.sort(ours), np.sort(theirs))
    return "the same values, at other samples" if fits else None


def other_elements(evidence: Evidence) -> str | None:
    """Vectors of the same elements, in another order."""
    if (found := evidence.vectors) is None:
        return None
    p, s = found
    if p.shape[1] < LEAST_SAMPLES or not varied(p, _LEAST_SHUFFLED):
        return None
    fits = evidence.explains(np.sort(p, axis=1), np.sort(s, axis=1))
    return "the same elements in another order" if fits else None


def _candidates(evidence: Evidence) -> Iterator[str]:
    """Production's other features that have staging's values at the first samples that differ."""
    wanted, few = evidence.staging.values, evidence.rows[:_FEW]
    if isinstance(wanted, Numbers) and isinstance(evidence.comparer, Number):
        names, matrix = evidence.sides.numbers
        there, sought = matrix[:, few], wanted.values[few]
        allowed = np.maximum(np.abs(there), np.abs(sought)) * evidence.tolerance.relative
        fits = (np.abs(there - sought) <= allowed + evidence.tolerance.absolute).all(axis=1)
        yield from (names[at] for at in np.flatnonzero(fits) if names[at] != evidence.name)
        return
    for name, column in evidence.sides.production.items():
        if name != evidence.name and _may_equal(evidence, column, int(few[0])):
            yield name


def _may_equal(evidence: Evidence, column: Column, row: int) -> bool:
    """Whether this sample leaves it open, at little cost."""
    values, wanted = column.values, evidence.staging.values
    if isinstance(values, Vectors) and isinstance(wanted, Vectors):
        return bool(values.lengths[row] == wanted.lengths[row])
    if isinstance(values, Exacts) and isinstance(wanted, Exacts):
        is_exact = isinstance(evidence.comparer, Exact)
        return not is_exact or bool(values.texts[row] == wanted.texts[row])
    return type(values) is type(wanted)


def _is_equal(evidence: Evidence, one: Column, other: Column) -> bool:
    """On every sample on which production is steady; the first one that differs rules out most."""
    first = evidence.rows[:1]
    return all(
        evidence.comparer.equal(one.of(rows), other.of(rows)).all()
        for rows in (first, evidence.judged)
    )
