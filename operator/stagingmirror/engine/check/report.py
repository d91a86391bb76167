"""From a pass to the report that its status is made of."""

from collections.abc import Mapping
from dataclasses import replace

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.status.report import ComponentReport, Report
from stagingmirror.api.status.status import deploys_in
from stagingmirror.api.types.duration import seconds
from stagingmirror.drift import deploys
from stagingmirror.drift.deploys import Deploy
from stagingmirror.drift.facts import Why
from stagingmirror.engine.check.rollouts import rollouts
from stagingmirror.engine.context import Context, Judged, Progress
from stagingmirror.engine.observe.view import RecordingView
from stagingmirror.engine.ownership.track_entries import headline_of
from stagingmirror.engine.resources.mirror import Mirror
from stagingmirror.engine.status import heartbeat

BLIND_HEARTBEAT = 60.0
"""Seconds between heartbeats of a mirror whose spec cannot be read."""


def judged_report(
    context: Context,
    progress: Progress,
    stalled: Why | None,
    *,
    handled_check_at: str | None,
    view: RecordingView,
    environments: Mapping[str, str],
    mirrors: int,
) -> Report:
    """The report of a mirror that was judged."""
    interval = seconds(context.spec.check_interval)
    report = Report(
        generation=context.generation,
        components=tuple(_component(each) for each in context.components),
        stale_after=seconds(context.spec.stale_after),
        heartbeat=heartbeat.period(interval, mirrors),
        max_drift_age=seconds(context.spec.max_drift_age),
        environments=environments,
        plan=context.plan,
        deploys=_deploys(context, view),
        handled_check_at=handled_check_at,
    )
    return _with_progress(report, progress, stalled)


def blind_report(
    mirror: Mirror,
    progress: Progress,
    stalled: Why | None,
    *,
    handled_check_at: str | None,
    spec: StagingMirrorSpec | None,
    mirrors: int,
) -> Report:
    """The report of a mirror that was not observed. ``spec``: where it could be read."""
    report = Report(
        generation=mirror.generation,
        components=(),
        stale_after=BLIND_HEARTBEAT,
        heartbeat=heartbeat.period(BLIND_HEARTBEAT, mirrors),
        max_drift_age=float("inf") if spec is None else seconds(spec.max_drift_age),
        tracked=len((mirror.body.get("spec") or {}).get("track") or ()),
        deploys=deploys_in(mirror.status),
        handled_check_at=handled_check_at,
    )
    return _with_progress(report, progress, stalled)


def _with_progress(report: Report, progress: Progress, why: Why | None) -> Report:
    return replace(
        report,
        activity=progress.activity,
        refresh=progress.refresh,
        finished=progress.finished,
        writing=progress.writing,
        stalled=progress.stalled or (None if why is None else (why.reason, why.message)),
        contended=progress.contended,
        next_refresh=progress.next_refresh,
        last_schedule=progress.last_schedule,
        waiting=progress.waiting,
        handled_refresh_at=progress.handled_refresh_at,
    )


def _component(judged: Judged) -> ComponentReport:
    return ComponentReport(
        judged.track.name,
        judged.track.kind,
        judged.observations,
        judged.verdict,
        headline_of(judged.track),
    )


def _deploys(context: Context, view: RecordingView) -> tuple[Deploy, ...]:
    return deploys.latest(
        deploys_in(context.status),
        rollouts(view.parts),
        {
            each.track.name: deploys.Judged(
                each.observations, each.verdict, headline_of(each.track)
            )
            for each in context.components
        },
    )
