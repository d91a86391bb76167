"""When a mirror must be checked again though no change is reported. Pure; POSIX seconds."""

from collections.abc import Iterable
from math import inf

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.times import parse_time
from stagingmirror.drift.accept import AHEAD
from stagingmirror.drift.facts import Acceptance, Hold
from stagingmirror.engine.context import A_MOMENT

# Seconds after which a stalled mirror is checked though nothing that it names has changed.
STALLED_RETRY = 300.0


def next_pass(
    spec: StagingMirrorSpec,
    *,
    oldest: Iterable[float],
    turn: float,
    probe_after: float,
    now: float,
) -> float:
    """The next moment at which the clock alone may change the verdict; checkInterval at most.
    ``oldest``: when observations began; ``turn``: see ``next_turn``; ``probe_after``: see
    ``intervals``.
    """
    ages = (seconds(spec.stale_after), probe_after)
    moments = [at + age for at in oldest for age in ages]
    return min(now + seconds(spec.check_interval), turn, _first(moments, now))


def next_turn(
    spec: StagingMirrorSpec,
    *,
    acceptances: Iterable[Acceptance],
    holds: Iterable[Hold],
    status: MirrorStatus,
    now: float,
) -> float:
    """The next moment at which the clock changes what observations mean, whatever their age."""
    ends = [each.until for each in acceptances if each.until is not None]
    moments = [
        *(hold.until for hold in holds),
        *ends,
        *(end - AHEAD for end in ends),
    ]
    return _first([*moments, *_overdue(spec, status)], now)


def next_blind_pass(spec: StagingMirrorSpec | None, *, status: MirrorStatus, now: float) -> float:
    """The same of a mirror that is not observed before a human acts: its drift gets older all the
    same. ``spec``: as far as it can be read.
    """
    return min(now + STALLED_RETRY, _first([] if spec is None else _overdue(spec, status), now))


def _overdue(spec: StagingMirrorSpec, status: MirrorStatus) -> list[float]:
    since = parse_time(status.drifted_since)
    return [] if since is None else [since + seconds(spec.max_drift_age)]


def _first(moments: Iterable[float], now: float) -> float:
    return min((each + A_MOMENT for each in moments if each >= now), default=inf)
