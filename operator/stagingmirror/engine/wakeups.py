"""When a mirror must be looked at again though nothing tells of a change. Pure; POSIX seconds."""

from collections.abc import Iterable, Mapping
from typing import Any

from stagingmirror.api.duration import seconds
from stagingmirror.api.mirror import StagingMirrorSpec
from stagingmirror.api.times import posix
from stagingmirror.drift.facts import Hold, Looks
from stagingmirror.engine.judging import acceptances_of
from stagingmirror.errors import NeedsHuman

A_MOMENT = 0.05
"""Seconds after a moment at which it is surely over, whatever its rounding."""


def next_pass(
    spec: StagingMirrorSpec,
    *,
    looks: Iterable[Looks],
    holds: Iterable[Hold],
    status: Mapping[str, Any],
    now: float,
) -> float:
    """The next moment at which the clock alone may change the verdict; checkInterval at most."""
    stale_after = seconds(spec.stale_after)
    stale = [each.oldest + stale_after for each in looks]
    turns = [
        *stale,
        *(at - stale_after / 2 for at in stale),  # then it is asked anew, see Proving.keep_fresh
        *(hold.until for hold in holds),
        *(each.until for each in acceptances_of(spec) if each.until is not None),
    ]
    since = _time(status.get("driftedSince"))
    if since is not None:
        turns.append(since + seconds(spec.max_drift_age))
    coming = [turn + A_MOMENT for turn in turns if turn >= now]
    return min([now + seconds(spec.check_interval), *coming])


def _time(text: object) -> float | None:
    try:
        return posix(str(text)) if text else None
    except NeedsHuman:
        return None
