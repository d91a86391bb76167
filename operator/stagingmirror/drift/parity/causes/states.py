"""Something in place of a value, and one value in place of many."""

import numpy as np

from stagingmirror.drift.parity.answers import State
from stagingmirror.drift.parity.causes.evidence import LEAST_VALUES, Evidence, distinct

_NAMES = {
    State.NULL: "null",
    State.NAN: "NaN",
    State.ABSENT: "nothing",
    State.ERROR: "an error",
    State.DEFAULT: "what is out of date",
}


def default(evidence: Evidence) -> str | None:
    """Wherever they differ, one side has no value, and the other one the same value each time, or
    no value of another kind.
    """
    ours = set(np.unique(evidence.production.states[evidence.rows]).tolist())
    theirs = set(np.unique(evidence.staging.states[evidence.rows]).tolist())
    if len(ours) != 1 or len(theirs) != 1 or ours == theirs:
        return None
    production, staging = State(ours.pop()), State(theirs.pop())
    if staging == State.VALUE:
        is_one = distinct(evidence.staging, evidence.rows) == 1
        return f"a default in place of {_NAMES[production]}" if is_one else None
    if production == State.VALUE:
        is_one = distinct(evidence.production, evidence.rows) == 1
        return f"{_NAMES[staging]} in place of {'a default' if is_one else 'values'}"
    return f"{_NAMES[staging]} in place of {_NAMES[production]}"


def constant(evidence: Evidence) -> str | None:
    """Staging has one value wherever production has others."""
    if not evidence.is_valued:
        return None
    if distinct(evidence.staging, evidence.rows) > 1:
        return None
    is_varied = distinct(evidence.production, evidence.rows) >= LEAST_VALUES
    return "one value in place of many" if is_varied else None
