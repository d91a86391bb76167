"""Clocks, and events of another time."""

import numpy as np

from stagingmirror.drift.parity.answers import Floats
from stagingmirror.drift.parity.causes.evidence import Evidence, later, shifted, varied
from stagingmirror.drift.parity.comparing.scalars import Timestamp, instants_of

# Seconds that a clock may be off the constant that it is shifted by.
_STEADY = 1e-3


def shifted_clock(evidence: Evidence) -> str | None:
    """Times that are all as much later or earlier."""
    compares = evidence.comparer
    if not isinstance(compares, Timestamp) or not evidence.is_valued:
        return None
    p, s = (
        instants_of(each.of(evidence.rows), compares.unit)
        for each in (evidence.production, evidence.staging)
    )
    by = _shift(p, s, max(compares.within, _STEADY))
    return None if by is None else shifted(by)


def other_events(evidence: Evidence) -> str | None:
    """Event timestamps that are all as much later or earlier, or all older, or newer."""
    ours, theirs = evidence.production.timestamps, evidence.staging.timestamps
    if ours is None or theirs is None:
        return None
    p, s = ours[evidence.rows], theirs[evidence.rows]
    by = _shift(p, s, _STEADY)
    if by is not None:
        return f"events {later(by)}: a shifted clock?"
    if (s < p).all():
        return "events older than production's"
    return "events newer than production's" if (s > p).all() else None


def _shift(p: Floats, s: Floats, steady: float) -> float | None:
    apart = s - p
    if not np.isfinite(apart).all() or not varied(p):
        return None
    by = float(np.median(apart))
    return by if by and (np.abs(apart - by) <= steady).all() else None
