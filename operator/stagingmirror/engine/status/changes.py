"""What is new between two statuses, in words. Pure.

Everything that a status shows is told from here: verdicts, refreshes, ticks that were skipped,
deploys, and what needs a human. So a crash between an act and its telling loses nothing and
doubles nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from stagingmirror.api.status.status import deploys_in
from stagingmirror.api.status.truncation import ended, listed
from stagingmirror.drift import deploys
from stagingmirror.reasons import Reason

Status = Mapping[str, Any]

MAX_COMPONENTS = 5
"""Components that have an announcement of their own; further ones share one."""
MAX_MESSAGE = 1000
"""An Event's note may have 1024 bytes; most of ours are ASCII."""

_ONSETS = frozenset({"Stalled", "Contended", "DriftOverdue"})
_ENDS: Mapping[str, tuple[Literal["Normal", "Warning"], str]] = {
    "Succeeded": ("Normal", Reason.REFRESH_SUCCEEDED),
    "NothingToDo": ("Normal", Reason.REFRESH_SUCCEEDED),
    "Skipped": ("Warning", Reason.REFRESH_SKIPPED),
    "RollbackIncomplete": ("Warning", Reason.ROLLBACK_INCOMPLETE),
}
_FAILED: tuple[Literal["Warning"], str] = ("Warning", Reason.REFRESH_FAILED)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One piece of news: an Event (``kind``, ``reason``, ``message``) and a log line with
    ``fields``. ``occasion`` is which rollout or refresh it tells of, where it tells of one: that of
    another is other news, though in the same words.
    """

    kind: Literal["Normal", "Warning"]
    reason: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    occasion: str = ""


def changes(previous: Status, status: Status) -> list[Announcement]:
    """What to tell of the step from ``previous`` (empty: the mirror is new) to ``status``."""
    found = [
        *_deploys(previous, status),
        *_started(previous, status),
        *_ended(previous, status),
        *_verdict(previous, status),
        *_onsets(previous, status),
    ]
    return [replace(each, message=ended(each.message, MAX_MESSAGE)) for each in found]


def _verdict(previous: Status, status: Status) -> Iterator[Announcement]:
    drifted = list(_newly_drifted(previous, status))
    yield from drifted
    before, now = previous.get("sync"), status.get("sync")
    said = {"from": before, "to": now, "seen": status.get("seen")}
    summary = str(status.get("summary") or "")
    if before == now:
        return
    if now == "InSync":
        yield Announcement("Normal", Reason.IN_SYNC, summary, said)
    elif now == "Held":
        yield Announcement("Normal", Reason.HELD, summary, said)
    elif now == "Unknown" and before is not None and status.get("activity") != "Refreshing":
        yield Announcement("Warning", Reason.NOT_SEEN, summary, said)
    elif now == "Drifted" and not drifted:
        yield Announcement("Warning", Reason.DRIFT_DETECTED, summary, said)


def _newly_drifted(previous: Status, status: Status) -> Iterator[Announcement]:
    before = {each.get("name"): each.get("verdict") for each in _list(previous, "components")}
    drifted = [
        each
        for each in _list(status, "components")
        if each.get("verdict") == "Drifted" and before.get(each.get("name")) != "Drifted"
    ]
    for each in drifted[:MAX_COMPONENTS]:
        facts = [difference.get("fact") for difference in each.get("differences") or ()]
        yield Announcement(
            "Warning",
            Reason.DRIFT_DETECTED,
            f"{each.get('name')}: {each.get('message')}",
            {"component": each.get("name"), "from": before.get(each.get("name")), "facts": facts},
        )
    if rest := [str(each.get("name")) for each in drifted[MAX_COMPONENTS:]]:
        message = f"{len(rest)} more drifted: {listed(rest, most=20)}"
        yield Announcement("Warning", Reason.DRIFT_DETECTED, message, {"components": rest})


def _started(previous: Status, status: Status) -> Iterator[Announcement]:
    refresh = status.get("refresh") or {}
    if not refresh or refresh.get("id") == (previous.get("refresh") or {}).get("id"):
        return
    trigger = str(refresh.get("trigger") or "")
    components = list(dict.fromkeys(_components(refresh.get("steps") or ())))
    message = f"{trigger}: {listed(components, most=10)}" if components else trigger
    occasion = str(refresh.get("id") or "")
    yield Announcement("Normal", Reason.REFRESH_STARTED, message, _about(refresh), occasion)


def _ended(previous: Status, status: Status) -> Iterator[Announcement]:
    known = _list(previous, "refreshes")
    identities = {each["id"] for each in known if each.get("id")}
    new = [
        each
        for each in _list(status, "refreshes")
        if each not in known and not (each.get("id") and each["id"] in identities)
    ]
    for refresh in reversed(new):
        kind, reason = _ENDS.get(str(refresh.get("result")), _FAILED)
        message = str(refresh.get("message") or reason)
        # Ticks are skipped again and again for one reason.
        occasion = "" if reason == Reason.REFRESH_SKIPPED else str(refresh.get("id") or "")
        yield Announcement(kind, reason, message, _about(refresh), occasion)


def _deploys(previous: Status, status: Status) -> Iterator[Announcement]:
    former, latest = deploys_in(previous), deploys_in(status)
    told = [(Reason.DEPLOYED, each) for each in deploys.news(former, latest)]
    told += [(Reason.DEPLOY_COMPARED, each) for each in deploys.compared_late(former, latest)]
    for reason, deploy in told:
        kind: Literal["Normal", "Warning"] = "Warning" if deploy.mismatch else "Normal"
        message, occasion = deploys.describe(deploy), _occasion(deploy)
        yield Announcement(kind, reason, message, _of_deploy(deploy), occasion)


def _onsets(previous: Status, status: Status) -> Iterator[Announcement]:
    before = {each.get("type"): each for each in _list(previous, "conditions")}
    for condition in _list(status, "conditions"):
        if condition.get("type") not in _ONSETS:
            continue
        former = before.get(condition["type"]) or {}
        if (former.get("reason"), former.get("status")) != (condition.get("reason"), "True"):
            message = f"{condition.get('reason')}: {condition.get('message')}"
            if condition.get("reason") == condition["type"]:
                message = str(condition.get("message"))
            yield Announcement(
                "Warning", condition["type"], message, {"cause": condition.get("reason")}
            )


def _components(steps: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for step in steps:
        yield from step.get("components") or filter(None, [step.get("component")])


def _about(refresh: Mapping[str, Any]) -> dict[str, Any]:
    told = ("id", "trigger", "result", "started", "finished")
    return {f"refresh_{key}": refresh[key] for key in told if refresh.get(key)}


def _of_deploy(deploy: deploys.Deploy) -> dict[str, Any]:
    return {
        "component": deploy.key.component,
        "side": deploy.key.side,
        "workloads": list(deploy.workloads),
        "provenance": dict(deploy.provenance),
        "verified": deploy.verified,
        "mismatch": list(deploy.mismatch),
    }


def _occasion(deploy: deploys.Deploy) -> str:
    """A StatefulSet that is rolled back has a former revision again, but never at that time."""
    return f"{deploy.at:.0f} {sorted(deploy.revisions.items())}"


def _list(status: Status, key: str) -> list[Mapping[str, Any]]:
    return [each for each in status.get(key) or () if isinstance(each, Mapping)]
