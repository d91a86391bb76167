"""The conditions of a mirror. Each carries the generation it is about; times move only with the
status.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from stagingmirror.api.status.component import messages_of
from stagingmirror.api.status.report import Report, Sync, sync_of
from stagingmirror.api.status.summary import HALF, summary_of
from stagingmirror.api.status.truncation import ended, listed
from stagingmirror.api.types.times import rfc3339
from stagingmirror.drift.verdict import Held, Unknown
from stagingmirror.reasons import Reason

MAX_MESSAGE = 1024

ConditionStatus = Literal["True", "False", "Unknown"]


@dataclass(frozen=True, slots=True)
class Condition:
    type: str
    status: ConditionStatus
    reason: str
    message: str
    generation: int | None = None
    """What it is about, where that is not the generation of the status."""


def conditions_of(
    report: Report, *, now: float, overdue_since: str | None, refreshes: Iterable[Mapping[str, Any]]
) -> tuple[Condition, ...]:
    """In a fixed order; those after Refreshed only while they are True."""
    optional = (
        _refreshed(refreshes),
        _refreshing(report),
        _told("Stalled", report.stalled),
        _told("Contended", report.contended),
        _overdue(report, overdue_since),
    )
    always = (_ready(report, now), _in_sync(report, now), _in_sync_except_held(report))
    return (*always, *(each for each in optional if each is not None))


def written(
    conditions: Iterable[Condition], *, generation: int, now: float, previous: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """As the API has them; ``lastTransitionTime`` is kept where the status is as before."""
    former = {each.get("type"): each for each in previous.get("conditions") or ()}
    return [
        {
            "type": each.type,
            "status": each.status,
            "observedGeneration": generation if each.generation is None else each.generation,
            "lastTransitionTime": _transition(former.get(each.type), each, now),
            "reason": each.reason,
            "message": ended(each.message, MAX_MESSAGE),
        }
        for each in conditions
    ]


def last_refresh(refreshes: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The newest that was one: a tick that was skipped is none."""
    return next((each for each in refreshes if each.get("result") != "Skipped"), None)


def _transition(former: Mapping[str, Any] | None, condition: Condition, now: float) -> str:
    if former and former.get("status") == condition.status and former.get("lastTransitionTime"):
        return str(former["lastTransitionTime"])
    return rfc3339(now)


def _ready(report: Report, now: float) -> Condition:
    unseen = [each.name for each in report.components if not report.seen(each, now)]
    if not report.components:
        reason, message = report.stalled or (Reason.NOTHING_TRACKED, "nothing is tracked")
        return Condition("Ready", "False", reason, message)
    if unseen:
        return Condition("Ready", "False", Reason.NOT_SEEN, f"not seen: {listed(unseen)}")
    return Condition("Ready", "True", Reason.ALL_SEEN, "every component was seen on both sides")


def _in_sync(report: Report, now: float) -> Condition:
    message = messages_of(report.components) or summary_of(report, now)
    return _verdict("InSync", report, report.verdict, message)


def _in_sync_except_held(report: Report) -> Condition:
    held = [each.name for each in report.named(Held)]
    rest = tuple(each for each in report.components if each.name not in held)
    if held and not rest and not report.writing:
        message = "every component is held, so nothing is compared"
        return Condition("InSyncExceptHeld", "Unknown", Reason.ALL_HELD, message)
    verdict = sync_of(rest)
    message = f"{len(rest)} of {len(report.components)} components count"
    if held:
        message = f"{message}; held: {listed(held)}"
    return _verdict("InSyncExceptHeld", report, verdict, message)


def _verdict(type_: str, report: Report, verdict: Sync, message: str) -> Condition:
    if report.writing:
        own = report.activity == "Refreshing"
        said = "written by a refresh, not verified yet" if own else f"staging {HALF}"
        return Condition(type_, "False", Reason.REFRESHING, said)
    if verdict == "Unknown":
        return Condition(type_, "Unknown", _unknown_reason(report), message)
    return Condition(type_, "True" if verdict == "InSync" else "False", verdict, message)


def _unknown_reason(report: Report) -> str:
    if not report.components and report.stalled:
        return report.stalled[0]
    reasons = {
        each.verdict.why.reason for each in report.components if isinstance(each.verdict, Unknown)
    }
    return reasons.pop() if len(reasons) == 1 else "Unknown"


def _refreshed(refreshes: Iterable[Mapping[str, Any]]) -> Condition | None:
    last = last_refresh(refreshes)
    if last is None:
        return None
    result = str(last.get("result") or "Unknown")
    status: ConditionStatus = "True" if result in ("Succeeded", "NothingToDo") else "False"
    message, generation = str(last.get("message") or ""), last.get("generation")
    return Condition("Refreshed", status, result, message, generation)


def _refreshing(report: Report) -> Condition | None:
    if report.activity != "Refreshing":
        return None
    refresh = report.refresh or {}
    phase = str(refresh.get("phase") or Reason.STARTING)
    return Condition("Refreshing", "True", phase, str(refresh.get("message") or ""))


def _told(type_: str, told: tuple[str, str] | None) -> Condition | None:
    return Condition(type_, "True", *told) if told else None


def _overdue(report: Report, since: str | None) -> Condition | None:
    if since is None:
        return None
    seen = "" if report.sync == "Drifted" else ", though it cannot be seen now"
    return Condition(
        Reason.DRIFT_OVERDUE,
        "True",
        Reason.DRIFT_OVERDUE,
        f"drifted since {since}{seen}; refresh, or accept the differences with a reason",
    )
