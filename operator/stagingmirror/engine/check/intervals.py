"""How often what a mirror reads is polled: as it wants, and as the admins of both sides let it."""

from collections.abc import Mapping
from typing import Any

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.types.duration import seconds
from stagingmirror.component import Role, Sides
from stagingmirror.engine.observe.view import RecordingView
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.view import Subject


def floors(sides: Sides) -> Mapping[Role, float]:
    """Below which each side is not polled (s)."""
    both = (sides.production, sides.staging)
    return {side.role: seconds(side.spec.min_check_interval) for side in both}


def probe_after(spec: StagingMirrorSpec, sides: Sides) -> float:
    """How old an observation of something watched may be (s) before it is proven anew for this
    mirror alone.
    """
    return max(seconds(spec.stale_after) / 2, *floors(sides).values())


def refuse_too_often(spec: StagingMirrorSpec, sides: Sides) -> None:
    """Raises NeedsHuman (StaleAfterTooShort) where every observation would be too old before the
    next one: the verdict would come and go.
    """
    stale_after = seconds(spec.stale_after)
    for side in (sides.production, sides.staging):
        if stale_after <= seconds(side.spec.min_check_interval):
            raise NeedsHuman(
                Reason.STALE_AFTER_TOO_SHORT,
                f"spec.staleAfter: {spec.stale_after} is not longer than minCheckInterval"
                f' {side.spec.min_check_interval} of environment "{side.environment}"; make it'
                " longer, three times as long is a good value.",
            )


def periods(
    spec: StagingMirrorSpec, sides: Sides, view: RecordingView, held: frozenset[str]
) -> dict[Subject[Any], float]:
    """How old an answer may be that cannot be watched (s), for everything that was read. What was
    read for both sides goes by the slower one. For components that are ``held`` nothing is sent to
    any server to see how it answers.
    """
    interval, slowest = seconds(spec.check_interval), floors(sides)
    found: dict[Subject[Any], float] = {}
    for key, part in view.parts.items():
        period = max(interval, slowest[key.side])
        for subject in part.subjects:
            found[subject] = max(period, found.get(subject, 0.0))
    for subject in view.subjects:
        found.setdefault(subject, max(interval, *slowest.values()))
    for subject in _probed(view, held):
        found.pop(subject, None)
    return found


def _probed(view: RecordingView, held: frozenset[str]) -> set[Subject[Any]]:
    """The probes that only held components want."""
    wanted: tuple[set[Subject[Any]], set[Subject[Any]]] = (set(), set())
    for key, part in view.parts.items():
        wanted[key.component in held].update(s for s in part.subjects if s.deep == "probe")
    return wanted[True] - wanted[False]
