"""The whole status of a mirror, as a pure function of what was observed (DESIGN section 3)."""

from collections.abc import Generator
from typing import Any

from stagingmirror.api.status.component import component_status
from stagingmirror.api.status.conditions import condition, conditions_of, last_refresh, stamped
from stagingmirror.api.status.model import (
    ComponentStatus,
    DeployStatus,
    MirrorStatus,
    PlanLeft,
    PlanStatus,
    PlanStep,
    RefreshStatus,
)
from stagingmirror.api.status.report import Report
from stagingmirror.api.status.since import drifted_since, fingerprint, in_sync_since, overdue
from stagingmirror.api.status.summary import summary_of
from stagingmirror.api.status.truncation import LEVELS, MAX_BYTES, Limits, cut_all, ended
from stagingmirror.api.types.times import parse_time, rfc3339
from stagingmirror.drift import deploys
from stagingmirror.drift.facts import Why
from stagingmirror.drift.steps import Plan, Step

MAX_REFRESHES = 10
# What a status that could not be written whole must not forget.
_SURVIVES = {
    *("drifted_since", "handled_check_at", "handled_parity_at", "handled_refresh_at"),
    *("last_refresh_time", "last_schedule_time", "refreshes"),
}


def status_in_pieces(
    report: Report, *, now: float, previous: MirrorStatus | None, trust_previous: bool
) -> Generator[None, None, MirrorStatus]:
    """The status at ``now`` (POSIX s). Yields after each component, which may have thousands of
    facts.

    ``previous`` is the last status that this process made of the mirror, written or not; after a
    start or a failover the one in the API. ``trust_previous`` is False there where ``settled-at``
    is older than ``staleAfter``: nothing watched in between, so ``inSyncSince`` begins anew.
    """
    before = previous or MirrorStatus()
    refreshes = _refreshes(report, before)
    current = yield from fingerprint(report)
    fields = _verdict(report, current, now=now, before=before, trust_previous=trust_previous)
    fields |= _ticks(report, before, refreshes)
    late = overdue(fields["drifted_since"], now=now, max_drift_age=report.max_drift_age)
    conditions = conditions_of(
        report,
        now=now,
        overdue_since=fields["drifted_since"] if late else None,
        refreshes=refreshes,
    )
    fields["conditions"] = stamped(
        conditions, generation=report.generation, now=now, previous=before.conditions
    )
    for limits in LEVELS:
        body = _body(report, refreshes=refreshes, limits=limits)
        components = yield from _components(report, now=now, before=before, limits=limits)
        status = MirrorStatus(**fields, components=components, **body)
        if status.size() <= MAX_BYTES:
            break
    return status


def minimal_unknown(
    *, generation: int, now: float, why: Why, previous: MirrorStatus
) -> MirrorStatus:
    """A status that every CRD takes, for when the API server refuses the whole one, or none could
    be made. What survives an Unknown in between survives this one.
    """
    message = ended(why.message, 256)
    conditions = (
        condition("Ready", "False", why.reason, message),
        condition("InSync", "Unknown", why.reason, message),
    )
    return MirrorStatus(
        **{name: getattr(previous, name) for name in _SURVIVES & previous.model_fields_set},
        observed_generation=generation,
        sync="Unknown",
        summary=message,
        conditions=stamped(conditions, generation=generation, now=now, previous=()),
    )


def same_truth(one: MirrorStatus, other: MirrorStatus) -> bool:
    """Whether two statuses report the same, ``validUntil`` and the times of observations aside: no
    write.
    """
    return _truth(one) == _truth(other)


def _truth(status: MirrorStatus) -> list[dict[str, Any]]:
    """Fields as they are: copies of models would cost more than the comparison."""
    components = [{**vars(each), "observed_at": None} for each in status.components]
    return [{**vars(status), "valid_until": None, "components": ()}, *components]


def _verdict(
    report: Report, current: str, *, now: float, before: MirrorStatus, trust_previous: bool
) -> dict[str, Any]:
    seen = sum(report.seen(each, now) for each in report.components)
    return {
        "observed_generation": report.generation,
        "sync": report.sync,
        "activity": report.progress.activity,
        "summary": summary_of(report, now),
        "seen": f"{seen}/{report.tracked or len(report.components)}",
        "production_cluster": report.production_cluster,
        "valid_until": _valid_until(report, now),
        "in_sync_since": in_sync_since(
            report, current, now=now, previous=before, trust_previous=trust_previous
        ),
        "drifted_since": drifted_since(report, now=now, previous=before),
        "fingerprint": current,
    }


def valid_until(oldest: float, stale_after: float, heartbeat: float) -> float:
    """Until when a status may be believed (POSIX s)."""
    return oldest + stale_after + heartbeat


def _valid_until(report: Report, now: float) -> str | None:
    """From the oldest observation that the status rests on. What was not seen ages nothing: that
    it was not seen is true now. None where nothing is observed: what rests on the spec alone does
    not age.
    """
    if not report.components:
        return None
    seen = (each.observations.oldest for each in report.components if report.seen(each, now))
    return rfc3339(valid_until(min([now, *seen]), report.stale_after, report.heartbeat))


def _ticks(
    report: Report, before: MirrorStatus, refreshes: tuple[RefreshStatus, ...]
) -> dict[str, Any]:
    progress, last = report.progress, last_refresh(refreshes)
    due, tick = progress.next_refresh, progress.last_schedule
    return {
        "last_refresh_time": (last and last.finished) or before.last_refresh_time,
        "next_refresh_time": None if due is None else rfc3339(due),
        "last_schedule_time": before.last_schedule_time if tick is None else rfc3339(tick),
        "waiting": progress.waiting,
        "handled_check_at": report.handled.get("handled_check_at", before.handled_check_at),
        "handled_parity_at": report.handled.get("handled_parity_at", before.handled_parity_at),
        "handled_refresh_at": progress.handled_refresh_at or before.handled_refresh_at,
    }


def _components(
    report: Report, *, now: float, before: MirrorStatus, limits: Limits
) -> Generator[None, None, tuple[ComponentStatus, ...]]:
    former = {each.name: each for each in before.components}
    found = []
    for each in report.components:
        known = former.get(each.name)
        found.append(component_status(each, now=now, former=known, limits=limits))
        yield
    return tuple(found)


def _body(
    report: Report, *, refreshes: tuple[RefreshStatus, ...], limits: Limits
) -> dict[str, Any]:
    """What else takes room; empty lists are left out."""
    body = {
        "plan": _plan(report.plan, limits),
        "refresh": report.progress.refresh and _cut(report.progress.refresh, limits),
        "refreshes": refreshes
        if limits is LEVELS[0]
        else [_shortened(each, limits) for each in refreshes],
        "deploys": tuple(_deploy(each, limits) for each in report.deploys),
    }
    return {key: each for key, each in body.items() if each}


def _refreshes(report: Report, before: MirrorStatus) -> tuple[RefreshStatus, ...]:
    """Newest first. A pass that is done again reports its refresh once."""
    if report.progress.finished is None:
        return before.refreshes
    finished = _cut(report.progress.finished, LEVELS[0])
    others = (
        each
        for each in before.refreshes
        if each != finished and not (finished.id and each.id == finished.id)
    )
    return (finished, *others)[:MAX_REFRESHES]


def _cut(refresh: RefreshStatus, limits: Limits) -> RefreshStatus:
    return RefreshStatus.model_validate(cut_all(refresh.dump(), limits.message))


def _shortened(refresh: RefreshStatus, limits: Limits) -> RefreshStatus:
    """An entry that is kept, and cut with each status: the same again, else each were a write."""
    return refresh.model_copy(
        update={"message": refresh.message and ended(refresh.message, limits.message)}
    )


def _plan(plan: Plan[Step], limits: Limits) -> PlanStatus | None:
    if not plan.steps and not plan.left:
        return None
    steps = [
        PlanStep(
            phase=step.phase,
            component=", ".join(step.components),
            text=ended(step.describe(), limits.message),
        )
        for step in plan.steps[: limits.steps]
    ]
    if len(plan.steps) > limits.steps:
        steps.append(PlanStep(text=f"and {len(plan.steps) - limits.steps} more steps"))
    left = (
        PlanLeft(component=each.component, why=ended(each.why, limits.message))
        for each in plan.left
    )
    return PlanStatus(steps=tuple(steps), left=tuple(left))


def _deploy(deploy: deploys.Deploy, limits: Limits) -> DeployStatus:
    written = deploys.to_dict(deploy)
    written["provenance"] = dict(list(written["provenance"].items())[: limits.facts])
    written["message"] = ended(written["message"], limits.message)
    return DeployStatus(**cut_all(written, limits.message), at=rfc3339(deploy.at))


def deploys_in(status: MirrorStatus) -> tuple[deploys.Deploy, ...]:
    """The deploys of a status, whoever wrote it; what is none is left out."""
    read = (
        deploys.from_dict(
            {
                **(each.model_extra or {}),
                "component": each.component,
                "side": each.side,
                "message": each.message,
            },
            at=parse_time(each.at) or 0.0,
        )
        for each in status.deploys
    )
    return tuple(each for each in read if each is not None)
