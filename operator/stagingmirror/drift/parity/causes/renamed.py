"""A feature that has another name in staging."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from stagingmirror.drift.parity.answers import Column, State
from stagingmirror.drift.parity.causes.evidence import LEAST_SAMPLES, LEAST_VALUES, distinct
from stagingmirror.drift.parity.comparing.inference import comparer, inferred, tolerance
from stagingmirror.drift.parity.rules import Rules

# Names of each side that are tried with one another.
_MOST = 20
# Samples by which most pairs are ruled out.
_FEW = 8


def renamed(
    production: Mapping[str, Column],
    staging: Mapping[str, Column],
    missing: Sequence[str],
    extra: Sequence[str],
    rules: Rules,
) -> dict[str, str]:
    """The name in staging of each feature that is missing there, where exactly one extra feature
    has its values, in all samples, and no other missing one has these.
    """
    pairs = [
        (name, other)
        for name in missing[:_MOST]
        if name in production
        for other in _alike(production[name], staging, extra[:_MOST], rules, name)
    ]
    ours, theirs = [name for name, _ in pairs], [other for _, other in pairs]
    return {
        name: other for name, other in pairs if ours.count(name) == 1 and theirs.count(other) == 1
    }


def _alike(
    column: Column, staging: Mapping[str, Column], names: Sequence[str], rules: Rules, name: str
) -> Iterator[str]:
    rows = np.flatnonzero(column.states == State.VALUE)
    if len(rows) < LEAST_SAMPLES or distinct(column, rows) < LEAST_VALUES:
        return
    rule = rules.of(name)
    wanted = rule.comparison if rule is not None else None
    compares = comparer(wanted or inferred(column), rule, tolerance(rule, rules, column), column)
    few = np.arange(min(_FEW, len(column.states)))
    for other in names:
        theirs = staging[other]
        if type(theirs.values) is not type(column.values):
            continue
        is_near = compares.equal(column.of(few), theirs.of(few)).all()
        if is_near and compares.equal(column, theirs).all():
            yield other
