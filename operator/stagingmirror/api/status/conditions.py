"""The conditions of a mirror. Each carries the generation it is about; times move only with the
status.
"""

from collections.abc import Iterable

from stagingmirror.api.status.component import messages_of
from stagingmirror.api.status.model import Condition, RefreshStatus
from stagingmirror.api.status.report import Report, Sync, sync_of
from stagingmirror.api.status.summary import HALF, summary_of
from stagingmirror.api.status.truncation import ended, listed
from stagingmirror.api.types.times import not_after, rfc3339
from stagingmirror.drift.verdict import Held, Unknown
from stagingmirror.reasons import Reason

MAX_MESSAGE = 1024


def condition(
    type_: str, status: str, reason: str, message: str, generation: int | None = None
) -> Condition:
    """``generation``: what it is about, where that is not the generation of the status."""
    return Condition(
        type=type_,
        status=status,
        observed_generation=generation,
        reason=reason,
        message=ended(message, MAX_MESSAGE),
    )


def conditions_of(
    report: Report, *, now: float, overdue_since: str | None, refreshes: Iterable[RefreshStatus]
) -> tuple[Condition, ...]:
    """In a fixed order; those after Refreshed only while they are True."""
    optional = (
        _refreshed(refreshes),
        _refreshing(report),
        _optional("Stalled", report.progress.stalled),
        _optional("Contended", report.progress.contended),
        _overdue(report, overdue_since),
    )
    always = (_ready(report, now), _in_sync(report, now), _in_sync_except_held(report))
    return (*always, *(each for each in optional if each is not None))


def stamped(
    conditions: Iterable[Condition],
    *,
    generation: int,
    now: float,
    previous: Iterable[Condition],
) -> tuple[Condition, ...]:
    """As the API has them; ``lastTransitionTime`` is kept where the status is as before."""
    since = {(each.type, each.status): each.last_transition_time for each in previous}
    moment = rfc3339(now)
    return tuple(
        each.model_copy(
            update={
                "observed_generation": each.observed_generation or generation,
                "last_transition_time": not_after(since.get((each.type, each.status)), now)
                or moment,
            }
        )
        for each in conditions
    )


def last_refresh(refreshes: Iterable[RefreshStatus]) -> RefreshStatus | None:
    """The newest that was one: a tick that was skipped is none."""
    return next((each for each in refreshes if each.result != "Skipped"), None)


def _ready(report: Report, now: float) -> Condition:
    unseen = [each.name for each in report.components if not report.seen(each, now)]
    if not report.components:
        reason, message = report.unobserved or (Reason.NOTHING_TRACKED, "nothing is tracked")
        return condition("Ready", "False", reason, message)
    if unseen:
        return condition("Ready", "False", Reason.NOT_SEEN, f"not seen: {listed(unseen)}")
    return condition("Ready", "True", Reason.ALL_SEEN, "every component was seen on both sides")


def _in_sync(report: Report, now: float) -> Condition:
    return _verdict(
        "InSync",
        report,
        report.verdict,
        messages_of(report.components, MAX_MESSAGE) or summary_of(report, now),
    )


def _in_sync_except_held(report: Report) -> Condition:
    held = [each.name for each in report.named(Held)]
    rest = tuple(each for each in report.components if each.name not in held)
    if held and not rest and not report.progress.writing:
        message = "every component is held, so nothing is compared"
        return condition("InSyncExceptHeld", "Unknown", Reason.ALL_HELD, message)
    message = f"{len(rest)} of {len(report.components)} components count"
    if held:
        message += f"; held: {listed(held)}"
    return _verdict("InSyncExceptHeld", report, sync_of(rest), message)


def _verdict(type_: str, report: Report, verdict: Sync, message: str) -> Condition:
    if report.progress.writing:
        own = report.progress.activity == "Refreshing"
        message = "written by a refresh, not verified yet" if own else f"staging {HALF}"
        return condition(type_, "False", Reason.REFRESHING, message)
    if verdict == "Unknown":
        return condition(type_, "Unknown", _unknown_reason(report), message)
    return condition(type_, "True" if verdict == "InSync" else "False", verdict, message)


def _unknown_reason(report: Report) -> str:
    if not report.components and report.unobserved:
        return report.unobserved[0]
    reasons = {
        each.verdict.why.reason for each in report.components if isinstance(each.verdict, Unknown)
    }
    return reasons.pop() if len(reasons) == 1 else "Unknown"


def _refreshed(refreshes: Iterable[RefreshStatus]) -> Condition | None:
    last = last_refresh(refreshes)
    if last is None:
        return None
    status = "True" if last.result in ("Succeeded", "NothingToDo") else "False"
    result = last.result or "Unknown"
    return condition("Refreshed", status, result, last.message or "", last.generation)


def _refreshing(report: Report) -> Condition | None:
    if report.progress.activity != "Refreshing":
        return None
    refresh = report.progress.refresh or RefreshStatus()
    return condition("Refreshing", "True", refresh.phase or Reason.STARTING, refresh.message or "")


def _optional(type_: str, why: tuple[str, str] | None) -> Condition | None:
    return condition(type_, "True", *why) if why else None


def _overdue(report: Report, since: str | None) -> Condition | None:
    if since is None:
        return None
    seen = "" if report.sync == "Drifted" else ", though it cannot be seen now"
    return condition(
        Reason.DRIFT_OVERDUE,
        "True",
        Reason.DRIFT_OVERDUE,
        f"drifted since {since}{seen}; refresh, or accept the differences with a reason",
    )
