"""From a pass to the report that its status is made of."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.status.report import ComponentReport, Handled, Progress, Report
from stagingmirror.api.status.status import deploys_in
from stagingmirror.api.types.duration import seconds
from stagingmirror.drift import deploys
from stagingmirror.drift.deploys import Deploy, Running
from stagingmirror.drift.facts import Why
from stagingmirror.engine.context import Context
from stagingmirror.engine.ownership.track_entries import headline_of
from stagingmirror.engine.resources.mirror import Mirror
from stagingmirror.engine.status import heartbeat
from stagingmirror.reading.places import cluster_of

# Seconds between heartbeats of a mirror whose spec cannot be read.
BLIND_HEARTBEAT = 60.0


def judged_report(
    context: Context,
    progress: Progress,
    stalled: Why | None,
    *,
    handled: Handled,
    rollouts: Iterable[Running],
    environments: Mapping[str, str],
    mirrors: int,
) -> Report:
    """The report of a mirror that was judged."""
    interval = seconds(context.spec.check_interval)
    return Report(
        generation=context.mirror.generation,
        components=tuple(
            ComponentReport(
                each.track.name,
                each.track.kind,
                each.observations,
                each.verdict,
                headline_of(each.track),
            )
            for each in context.components
        ),
        stale_after=seconds(context.spec.stale_after),
        heartbeat=heartbeat.period(interval, mirrors),
        max_drift_age=seconds(context.spec.max_drift_age),
        environments=environments,
        production_cluster=cluster_of(context.sides.production) or None,
        plan=context.plan,
        deploys=_deploys(context, rollouts),
        handled=handled,
        progress=_stalled(progress, stalled),
    )


def blind_report(
    mirror: Mirror,
    progress: Progress,
    stalled: Why | None,
    *,
    waiting: Why | None,
    handled: Handled,
    spec: StagingMirrorSpec | None,
    mirrors: int,
) -> Report:
    """The report of a mirror that was not observed. ``spec``: where it could be read."""
    return Report(
        generation=mirror.generation,
        components=(),
        stale_after=BLIND_HEARTBEAT,
        heartbeat=heartbeat.period(BLIND_HEARTBEAT, mirrors),
        max_drift_age=float("inf") if spec is None else seconds(spec.max_drift_age),
        tracked=len((mirror.body.get("spec") or {}).get("track") or ()),
        deploys=deploys_in(mirror.status),
        handled=handled,
        progress=_stalled(progress, stalled),
        waiting=None if waiting is None else (waiting.reason, waiting.message),
    )


def _stalled(progress: Progress, why: Why | None) -> Progress:
    return (
        progress
        if why is None or progress.stalled
        else replace(progress, stalled=(why.reason, why.message))
    )


def _deploys(context: Context, rollouts: Iterable[Running]) -> tuple[Deploy, ...]:
    return deploys.latest(
        deploys_in(context.mirror.status),
        rollouts,
        {
            each.track.name: deploys.Judged(
                each.observations, each.verdict, headline_of(each.track)
            )
            for each in context.components
        },
    )
