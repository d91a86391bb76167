"""What a status is made of: everything that one pass knows of one mirror, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from stagingmirror.api.status.model import RefreshStatus
from stagingmirror.drift.compare import seen
from stagingmirror.drift.deploys import Deploy
from stagingmirror.drift.facts import Observations
from stagingmirror.drift.steps import Plan, Step
from stagingmirror.drift.verdict import Drifted, Held, Unknown, Verdict

Sync = Literal["InSync", "Drifted", "Held", "Unknown"]
Activity = Literal["Idle", "Refreshing", "Frozen", "Suspended"]
# The fields of a status that echo the tokens of a check, and what they echo.
HandledField = Literal["handled_check_at", "handled_parity_at"]
Handled = Mapping[HandledField, str]

_NOTHING: Plan[Step] = Plan(steps=(), left=())


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


@dataclass(frozen=True, slots=True)
class ComponentReport:
    """One component with what both sides showed and what that means. ``kind`` None: not known to
    this operator.
    """

    name: str
    kind: str | None
    observations: Observations
    verdict: Verdict
    headline: tuple[str, ...]
    """The facts that identify what runs, the name that people use first."""


@dataclass(frozen=True, slots=True)
class Report:
    """Times are POSIX seconds, durations seconds. ``progress`` is what the refresh half of the pass
    wants shown.
    """

    generation: int
    components: tuple[ComponentReport, ...]
    stale_after: float
    heartbeat: float
    """How often ``validUntil`` is rewritten where nothing else changes."""
    max_drift_age: float
    environments: Mapping[str, str] = field(default_factory=dict)
    """Per environment a text that changes when its spec does, e.g. uid and generation."""
    production_cluster: str | None = None
    """The environment that leads to production's cluster; None: it is the operator's own."""
    plan: Plan[Step] = _NOTHING
    deploys: tuple[Deploy, ...] = ()
    """The last one per component and side, as ``drift.deploys.latest`` gives them."""
    tracked: int | None = None
    """How many components the spec has, where they could not be judged (Stalled)."""
    handled: Handled = field(default_factory=dict)
    """The tokens that this report answers; those of other fields are as before."""
    progress: Progress = field(default_factory=Progress)
    waiting: tuple[str, str] | None = None
    """Reason and message, where nothing was observed and no human is needed yet."""

    @property
    def unobserved(self) -> tuple[str, str] | None:
        """Why nothing was observed."""
        return self.progress.stalled or self.waiting

    @property
    def verdict(self) -> Sync:
        """What is known for sure comes first: one drifted component means drift whatever else is
        unseen; but nothing is held or in sync while something is unseen.
        """
        return sync_of(self.components)

    @property
    def sync(self) -> Sync:
        """The verdict; Unknown where everything is equal but a refresh has written and not
        verified yet.
        """
        return "Unknown" if self.progress.writing and self.verdict != "Drifted" else self.verdict

    def named(self, sort: type) -> tuple[ComponentReport, ...]:
        """The components with this sort of verdict, in the order of the spec."""
        return tuple(each for each in self.components if isinstance(each.verdict, sort))

    def seen(self, component: ComponentReport, now: float) -> bool:
        """Whether both sides have answered and are not stale."""
        observations = (component.observations.production, component.observations.staging)
        return all(seen(each, now=now, stale_after=self.stale_after) for each in observations)


def sync_of(components: tuple[ComponentReport, ...]) -> Sync:
    """The verdict over these components. Of nothing, nothing is known."""
    verdicts = [each.verdict for each in components]
    if any(isinstance(each, Drifted) for each in verdicts):
        return "Drifted"
    if not verdicts or any(isinstance(each, Unknown) for each in verdicts):
        return "Unknown"
    return "Held" if any(isinstance(each, Held) for each in verdicts) else "InSync"
