"""Everything that one pass knows of one mirror, handed from step to step as plain values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.mirror import StagingMirrorSpec, Track
from stagingmirror.api.status.model import MirrorStatus, RefreshStatus
from stagingmirror.api.status.report import Activity
from stagingmirror.api.types.times import posix
from stagingmirror.component import Sides
from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Acceptance, Hold, Observations
from stagingmirror.drift.steps import Plan
from stagingmirror.drift.verdict import Verdict
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.view import Subject


@dataclass(frozen=True, slots=True)
class Judged:
    """One component with what both sides showed and what that means."""

    track: Track
    observations: Observations
    verdict: Verdict


class Part(Protocol):
    @property
    def subjects(self) -> Collection[Subject[Any]]: ...


@dataclass(frozen=True, slots=True)
class Context:
    """A mirror whose spec and environments are right, judged at ``now`` (POSIX s)."""

    key: MirrorKey
    uid: str
    generation: int
    created: str
    annotations: Mapping[str, str]
    spec: StagingMirrorSpec
    sides: Sides
    components: tuple[Judged, ...]
    holds: tuple[Hold, ...]
    """Holds of this mirror that have not expired."""
    plan: Plan[ExecutableStep]
    """What a refresh would do now; status shows it, ``kubectl stagingmirror plan`` prints it."""
    status: MirrorStatus
    """The status as last written, or empty."""
    parts: Mapping[DeployKey, Part]
    """What was read for one component on one side."""
    now: float


@dataclass(frozen=True, slots=True)
class Progress:
    """What the refresh half of a pass did and wants."""

    activity: Activity = "Idle"
    refresh: RefreshStatus | None = None
    """``status.refresh``: a copy of the open record; None: no refresh is open."""
    finished: RefreshStatus | None = None
    """The entry for ``status.refreshes`` of a refresh (or skipped tick) that ended in this pass."""
    writing: bool = False
    """The first write is out and nothing is verified yet: InSync is False whatever is seen."""
    stalled: tuple[str, str] | None = None
    """Reason and message, where a human is needed (RollbackIncomplete, Overlap)."""
    contended: tuple[str, str] | None = None
    next_refresh: float | None = None
    """POSIX s of the next tick, or None."""
    last_schedule: float | None = None
    waiting: str | None = None
    """Why a due tick has not started yet (``settle``, queueing), as a sentence."""
    handled_refresh_at: str | None = None
    again_in: float | None = None
    """Seconds after which this mirror wants the next pass; None: only events and checkInterval."""


def acceptances_of(spec: StagingMirrorSpec) -> tuple[Acceptance, ...]:
    return tuple(
        Acceptance(
            component=each.component,
            fact=each.fact,
            reason=each.reason,
            production=each.production,
            staging=each.staging,
            until=None if each.until is None else posix(each.until),
        )
        for each in spec.accept
    )


A_MOMENT = 0.05
"""Seconds after a moment at which it is surely over, whatever its rounding."""
