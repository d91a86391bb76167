"""The whole status of a mirror, as a pure function of what was seen (DESIGN section 3)."""

from collections.abc import Mapping
from json import dumps
from typing import Any

from stagingmirror.api.status.component import component_told
from stagingmirror.api.status.conditions import conditions_of, last_refresh, written
from stagingmirror.api.status.report import Report
from stagingmirror.api.status.since import drifted_since, fingerprint, in_sync_since, overdue
from stagingmirror.api.status.summary import summary_of
from stagingmirror.api.status.truncation import LEVELS, MAX_BYTES, Limits, cut_all, ended
from stagingmirror.api.types.times import parse_time, rfc3339
from stagingmirror.drift import deploys
from stagingmirror.drift.steps import Plan, Step
from stagingmirror.reasons import Reason

MAX_REFRESHES = 10
_SURVIVES = (
    "driftedSince",
    "handledCheckAt",
    "handledRefreshAt",
    "lastRefreshTime",
    "lastScheduleTime",
    "refreshes",
)
"""What a status that could not be written whole must not forget."""

Status = dict[str, Any]


def status_of(
    report: Report, *, now: float, previous: Mapping[str, Any] | None, trust_previous: bool = True
) -> Status:
    """The status at ``now`` (POSIX s).

    ``previous`` is the last status that this process made of the mirror, written or not; after a
    start or a failover the one in the API. ``trust_previous`` is False there where ``settled-at``
    is older than ``staleAfter``: nobody watched in between, so ``inSyncSince`` begins anew.
    """
    before = previous or {}
    head = _head(report, now=now, before=before, trust_previous=trust_previous)
    refreshes = _refreshes(report, before)
    late = overdue(head.get("driftedSince"), now=now, max_drift_age=report.max_drift_age)
    conditions = conditions_of(
        report,
        now=now,
        overdue_since=head.get("driftedSince") if late else None,
        refreshes=refreshes,
    )
    head |= _ticks(report, before, refreshes)
    head["conditions"] = written(conditions, generation=report.generation, now=now, previous=before)
    for limits in LEVELS:
        status = head | _body(report, now=now, before=before, refreshes=refreshes, limits=limits)
        if len(dumps(status)) <= MAX_BYTES:
            break
    return status


def minimal_unknown(
    *, generation: int, now: float, why: str, previous: Mapping[str, Any]
) -> Status:
    """A status that every CRD takes, for when the API server refuses the whole one. What survives
    an Unknown in between survives this one.
    """
    kept = {key: previous[key] for key in _SURVIVES if key in previous}
    return kept | {
        "observedGeneration": generation,
        "sync": "Unknown",
        "summary": ended(f"the status could not be written: {why}", 256),
        "conditions": [
            {
                "type": type_,
                "status": status,
                "observedGeneration": generation,
                "lastTransitionTime": rfc3339(now),
                "reason": Reason.STATUS_REFUSED,
                "message": ended(why, 256),
            }
            for type_, status in (("Ready", "False"), ("InSync", "Unknown"))
        ],
    }


def same_truth(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two statuses say the same, ``validUntil`` and the times of looks aside: no write."""
    return _truth(one) == _truth(other)


def _truth(status: Mapping[str, Any]) -> dict[str, Any]:
    truth = {key: value for key, value in status.items() if key != "validUntil"}
    truth["components"] = [
        {key: value for key, value in each.items() if key != "observedAt"}
        for each in status.get("components") or ()
    ]
    return truth


def _head(report: Report, *, now: float, before: Mapping[str, Any], trust_previous: bool) -> Status:
    head = {
        "observedGeneration": report.generation,
        "sync": report.sync,
        "activity": report.activity,
        "summary": summary_of(report, now),
        "seen": _seen(report, now),
        "validUntil": _valid_until(report, now),
        "inSyncSince": in_sync_since(
            report, now=now, previous=before, trust_previous=trust_previous
        ),
        "driftedSince": drifted_since(report, now=now, previous=before),
        "fingerprint": fingerprint(report),
    }
    return _present(head)


def valid_until(oldest_look: float, stale_after: float, heartbeat: float) -> float:
    """Until when a status may be believed (POSIX s)."""
    return oldest_look + stale_after + heartbeat


def _valid_until(report: Report, now: float) -> str | None:
    """Nothing where nothing was looked at: what rests on the spec alone does not age."""
    if not report.components:
        return None
    return rfc3339(valid_until(_oldest(report, now), report.stale_after, report.heartbeat))


def _ticks(report: Report, before: Mapping[str, Any], refreshes: list[dict[str, Any]]) -> Status:
    last = last_refresh(refreshes)
    next_ = report.next_refresh
    return _present(
        {
            "lastRefreshTime": (last or {}).get("finished") or before.get("lastRefreshTime"),
            "nextRefreshTime": None if next_ is None else rfc3339(next_),
            "lastScheduleTime": (
                before.get("lastScheduleTime")
                if report.last_schedule is None
                else rfc3339(report.last_schedule)
            ),
            "waiting": report.waiting,
            "handledCheckAt": report.handled_check_at or before.get("handledCheckAt"),
            "handledRefreshAt": report.handled_refresh_at or before.get("handledRefreshAt"),
        }
    )


def _body(
    report: Report,
    *,
    now: float,
    before: Mapping[str, Any],
    refreshes: list[dict[str, Any]],
    limits: Limits,
) -> Status:
    former = {each.get("name"): each for each in before.get("components") or ()}
    body = {
        "components": [
            component_told(each, now=now, former=former.get(each.name), limits=limits)
            for each in report.components
        ],
        "plan": _plan(report.plan, limits),
        "refresh": cut_all(dict(report.refresh), limits.message) if report.refresh else None,
        "refreshes": cut_all(refreshes, limits.message) or None,
        "deploys": [_deploy(each, limits) for each in report.deploys] or None,
    }
    return _present(body)


def _seen(report: Report, now: float) -> str:
    seen = sum(report.seen(each, now) for each in report.components)
    return f"{seen}/{report.tracked or len(report.components)}"


def _oldest(report: Report, now: float) -> float:
    """When the oldest look began that the status rests on. What was not seen ages nothing: that it
    was not seen is true now.
    """
    return min(
        [now, *(each.observations.oldest for each in report.components if report.seen(each, now))]
    )


def _refreshes(report: Report, before: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Newest first. A pass that is done again tells its refresh once."""
    known = [dict(each) for each in before.get("refreshes") or ()]
    if report.finished is None:
        return known
    finished = cut_all(dict(report.finished), LEVELS[0].message)
    identity = finished.get("id")
    others = [
        each for each in known if each != finished and not (identity and each.get("id") == identity)
    ]
    return [finished, *others][:MAX_REFRESHES]


def _plan(plan: Plan[Step], limits: Limits) -> dict[str, Any] | None:
    if not plan.steps and not plan.left:
        return None
    steps = [_step(step, limits) for step in plan.steps[: limits.steps]]
    if len(plan.steps) > limits.steps:
        steps.append({"text": f"and {len(plan.steps) - limits.steps} more steps"})
    left = [
        {"component": each.component, "why": ended(each.why, limits.message)} for each in plan.left
    ]
    return {"steps": steps, "left": left}


def _step(step: Step, limits: Limits) -> dict[str, Any]:
    return {
        "phase": step.phase,
        "component": ", ".join(step.components),
        "text": ended(step.describe(), limits.message),
    }


def _deploy(deploy: deploys.Deploy, limits: Limits) -> dict[str, Any]:
    told = deploys.to_dict(deploy)
    told["provenance"] = dict(list(told["provenance"].items())[: limits.facts])
    told["message"] = ended(told["message"], limits.message)
    return {**cut_all(told, limits.message), "at": rfc3339(deploy.at)}


def deploys_in(status: Mapping[str, Any]) -> tuple[deploys.Deploy, ...]:
    """The deploys of a status, whoever wrote it; what is none is left out."""
    written = (each for each in status.get("deploys") or () if isinstance(each, Mapping))
    read = (deploys.from_dict(each, at=parse_time(each.get("at")) or 0.0) for each in written)
    return tuple(each for each in read if each is not None)


def _present(told: Mapping[str, Any]) -> Status:
    return {key: value for key, value in told.items() if value is not None}
