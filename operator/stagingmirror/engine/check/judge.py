"""Both sides of every component observed and judged, and what a refresh would do about it.

One component never takes another down: what goes wrong inside a kind is Unknown(InternalError) for
this component, with the trace in the log.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from stagingmirror.actions.step import ExecutableStep
from stagingmirror.api.spec.mirror import StagingMirrorSpec, Track
from stagingmirror.api.types.duration import seconds
from stagingmirror.component import Role, Sides
from stagingmirror.drift.accept import without_effect
from stagingmirror.drift.compare import judge, seen
from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import (
    Acceptance,
    Hold,
    Observation,
    Observations,
    Seen,
    Unseen,
    Why,
)
from stagingmirror.drift.plan import Proposal
from stagingmirror.drift.verdict import Drifted
from stagingmirror.engine.context import Judged, acceptances_of
from stagingmirror.engine.observe.view import RecordingView
from stagingmirror.engine.ownership.track_entries import known
from stagingmirror.engine.refresh.record.room import fitting
from stagingmirror.errors import CannotRefresh
from stagingmirror.reasons import Reason

log = structlog.get_logger(__name__)

INTERNAL = Why(
    Reason.INTERNAL_ERROR,
    "the operator failed on this component; its log has the trace, please report",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What one pass observes, and through which view."""

    spec: StagingMirrorSpec
    sides: Sides
    view: RecordingView
    now: float
    problems: Mapping[str, Why]
    """Entries that cannot be judged as they are; they are Unknown, whatever is seen of them."""


def observe_all(scene: Scene) -> Iterator[Observations]:
    """Both sides of one component after the other, in the order of the spec."""
    for track in scene.spec.track:
        yield Observations(_observe(scene, track, "production"), _observe(scene, track, "staging"))


def judge_all(
    scene: Scene, observed: Iterable[Observations], holds: Sequence[Hold]
) -> Iterator[Judged]:
    """What ``observe_all`` found means, one component after the other. ``holds`` are those in
    force.
    """
    acceptances = acceptances_of(scene.spec, scene.sides)
    stale_after = seconds(scene.spec.stale_after)
    for track, observations in zip(scene.spec.track, observed, strict=True):
        verdict = judge(
            track.name,
            observations,
            acceptances=acceptances,
            hold=hold_of(track, holds),
            now=scene.now,
            stale_after=stale_after,
        )
        if all(seen(each, now=scene.now, stale_after=stale_after) for each in observations):
            observations = _with_findings(track, observations, acceptances)
        yield Judged(track, observations, verdict)


def _with_findings(
    track: Track, observations: Observations, acceptances: Iterable[Acceptance]
) -> Observations:
    """With a finding for each acceptance that has no effect."""
    found = known(track)
    occasional = () if found is None else found[0].occasional
    futile = without_effect(acceptances, track.name, observations, occasional)
    production = observations.production
    if not futile or not isinstance(production, Seen):
        return observations
    findings = (*production.findings, *futile)
    return observations._replace(production=replace(production, findings=findings))


def proposals_for(scene: Scene, components: Iterable[Judged]) -> Iterator[Proposal[ExecutableStep]]:
    """What a refresh would do now, for one component after the other."""
    components = tuple(components)
    proposed = ((_proposed(scene, each), each.observations) for each in components)
    for each, steps in zip(components, fitting(proposed, scene.view), strict=True):
        track = each.track
        yield Proposal(track.name, track.effective_mode, each.verdict, steps, track.with_)


def _observe(scene: Scene, track: Track, role: Role) -> Observation:
    found = known(track)
    if found is None:
        why = Why(
            Reason.UNKNOWN_KIND, "this operator does not know the component's kind; update it"
        )
        return Unseen(why, scene.now)
    kind, entry = found
    try:
        part = scene.view.part(DeployKey(track.name, role))
        observed = kind.observe(entry, scene.sides, role, part, scene.now)
    except Exception:  # a kind's bug is one Unknown, not a mirror without verdict
        log.exception("observing failed", component=track.name, side=role)
        return Unseen(INTERNAL, scene.now)
    # Observed all the same: whether two registries are one is only learnt by polling them.
    problem = scene.problems.get(track.name)
    return observed if problem is None else Unseen(problem, scene.now)


def _proposed(scene: Scene, judged: Judged) -> tuple[ExecutableStep, ...] | Why:
    track, observations = judged.track, judged.observations
    wanted = isinstance(judged.verdict, Drifted) and track.effective_mode == "Refresh"
    found = known(track)
    if not wanted or found is None or not isinstance(observations.production, Seen):
        return ()
    kind, entry = found
    try:
        return kind.plan(
            entry,
            scene.sides,
            observations.production,
            observations.staging,
            scene.view.planning(track.name),
        )
    except CannotRefresh as error:
        return Why(error.reason, error.message)
    except Exception:  # a kind's bug leaves one component out of the plan
        log.exception("planning failed", component=track.name)
        return INTERNAL


def hold_of(track: Track, holds: Iterable[Hold]) -> Hold | None:
    """The hold that names this component, or one that it is made of, and ends last. Where the whole
    mirror is held, what is sent to its endpoints would disturb who holds it: that is held by name.
    """
    named = {track.name, *track.made_of}
    is_probed = track.entry is not None and bool(track.entry.guards)
    found = [
        replace(hold, components=hold.components | {track.name})
        for hold in holds
        if named & hold.components or (is_probed and not hold.components)
    ]
    return max(found, key=lambda hold: (hold.until, hold.name), default=None)
