"""Everything that one pass knows of one mirror, handed from step to step as plain values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.mirror import StagingMirrorSpec, Track
from stagingmirror.api.types.times import posix
from stagingmirror.component import Sides
from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Acceptance, Hold, Observations
from stagingmirror.drift.plan import Proposal, make
from stagingmirror.drift.steps import Plan
from stagingmirror.drift.verdict import Verdict
from stagingmirror.engine.resources.mirror import Mirror
from stagingmirror.view import Subject


@dataclass(frozen=True, slots=True)
class Judged:
    """One component with what both sides showed and what that means."""

    track: Track
    observations: Observations
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Context:
    """A mirror whose spec and environments are right, judged at ``now`` (POSIX s)."""

    mirror: Mirror
    spec: StagingMirrorSpec
    sides: Sides
    components: tuple[Judged, ...]
    holds: tuple[Hold, ...]
    """Holds of this mirror that have not expired."""
    proposals: tuple[Proposal[ExecutableStep], ...]
    """What a refresh would do for each component, not merged yet."""
    plan: Plan[ExecutableStep]
    """What a refresh would do now; status shows it, ``kubectl stagingmirror plan`` prints it."""
    parts: Mapping[DeployKey, Collection[Subject[Any]]]
    """What was read for one component on one side."""
    now: float
    without: Mapping[str, str] = field(default_factory=dict)
    """Components that the plan leaves beside those that it must, each with the reason."""

    def leaving(self, more: Mapping[str, str]) -> "Context":
        """With a plan that leaves these components too."""
        if not more:
            return self
        without = {**self.without, **more}
        return replace(self, without=without, plan=make(self.proposals, without))


def acceptances_of(spec: StagingMirrorSpec, sides: Sides) -> tuple[Acceptance, ...]:
    """The mirror's own, and those of the staging environment that it names, one for each component
    of their kind. No other environment's count.
    """
    own = (
        Acceptance(
            component=each.component,
            fact=each.fact,
            reason=each.reason,
            production=each.production,
            staging=each.staging,
            until=_posix(each.until),
        )
        for each in spec.accept
    )
    shared = (
        Acceptance(
            component=track.name,
            fact=each.fact,
            reason=each.reason,
            until=_posix(each.until),
            environment=sides.staging.environment,
        )
        for each in sides.staging.spec.accept
        for track in spec.track
        if track.kind == each.kind
    )
    return (*own, *shared)


def _posix(until: str | None) -> float | None:
    return None if until is None else posix(until)


# Seconds after a moment at which it is surely over, whatever its rounding.
A_MOMENT = 0.05
