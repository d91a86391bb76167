"""What is new between two statuses, in words. Pure.

Everything that a status shows is announced from here: verdicts, refreshes, ticks that were skipped,
deploys, and what needs a human. So a crash between an act and its announcement loses nothing and
doubles nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from stagingmirror.api.status.model import MirrorStatus, RefreshStatus
from stagingmirror.api.status.status import deploys_in
from stagingmirror.api.status.truncation import ended, listed
from stagingmirror.drift import deploys
from stagingmirror.reasons import Reason

# Components that have an announcement of their own; further ones share one.
MAX_COMPONENTS = 5
# An Event's note may have 1024 bytes; most of ours are ASCII.
MAX_MESSAGE = 1000

_ONSETS = frozenset({"Stalled", "Contended", "DriftOverdue"})
_ENDS: Mapping[str, tuple[Literal["Normal", "Warning"], str]] = {
    "Succeeded": ("Normal", Reason.REFRESH_SUCCEEDED),
    "NothingToDo": ("Normal", Reason.REFRESH_SUCCEEDED),
    "Skipped": ("Warning", Reason.REFRESH_SKIPPED),
    "RollbackIncomplete": ("Warning", Reason.ROLLBACK_INCOMPLETE),
}
_FAILED: tuple[Literal["Warning"], str] = ("Warning", Reason.REFRESH_FAILED)
_VERDICTS: Mapping[str | None, tuple[Literal["Normal", "Warning"], str]] = {
    "InSync": ("Normal", Reason.IN_SYNC),
    "Held": ("Normal", Reason.HELD),
    "Unknown": ("Warning", Reason.NOT_SEEN),
    "Drifted": ("Warning", Reason.DRIFT_DETECTED),
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """One piece of news: an Event (``kind``, ``reason``, ``message``) and a log line with
    ``fields``. ``occasion`` is which rollout or refresh it is about, where it is about one: that of
    another is other news, though in the same words.
    """

    kind: Literal["Normal", "Warning"]
    reason: str
    message: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    occasion: str = ""


def changes(previous: MirrorStatus, status: MirrorStatus) -> list[Announcement]:
    """What to report of the step from ``previous`` (empty: the mirror is new) to ``status``."""
    found = [
        *_deploys(previous, status),
        *_started(previous, status),
        *_ended(previous, status),
        *_verdict(previous, status),
        *_acceptances(previous, status),
        *_onsets(previous, status),
    ]
    return [replace(each, message=ended(each.message, MAX_MESSAGE)) for each in found]


def _verdict(previous: MirrorStatus, status: MirrorStatus) -> Iterator[Announcement]:
    drifted = list(_newly_drifted(previous, status))
    yield from drifted
    before, now = previous.sync, status.sync
    is_expected = now == "Unknown" and (before is None or status.activity == "Refreshing")
    is_expected = is_expected or (now == "Drifted" and bool(_refreshed(previous, status)))
    is_announced = before == now or (now == "Drifted" and bool(drifted))
    if now in _VERDICTS and not (is_expected or is_announced):
        fields = {"from": before, "to": now, "seen": status.seen}
        yield Announcement(*_VERDICTS[now], status.summary or "", fields)


def _newly_drifted(previous: MirrorStatus, status: MirrorStatus) -> Iterator[Announcement]:
    before = {each.name: each.verdict for each in previous.components}
    expected = _refreshed(previous, status)
    drifted = [
        each
        for each in status.components
        if each.verdict == "Drifted"
        and before.get(each.name) != "Drifted"
        and each.name not in expected
    ]
    for each in drifted[:MAX_COMPONENTS]:
        facts = [difference.fact for difference in each.differences]
        yield Announcement(
            "Warning",
            Reason.DRIFT_DETECTED,
            f"{each.name}: {each.message}",
            {"component": each.name, "from": before.get(each.name), "facts": facts},
        )
    if rest := [each.name for each in drifted[MAX_COMPONENTS:]]:
        message = f"{len(rest)} more drifted: {listed(rest, most=20)}"
        yield Announcement("Warning", Reason.DRIFT_DETECTED, message, {"components": rest})


def _refreshed(previous: MirrorStatus, status: MirrorStatus) -> frozenset[str]:
    """The components of a refresh that is in progress, or has just ended without success: their
    drift was announced before it, and its result is announced with it.
    """
    refresh = status.refresh or previous.refresh
    if refresh is None or (status.refresh is None and _succeeded(refresh, status)):
        return frozenset()
    return frozenset(_components(refresh.steps))


def _succeeded(refresh: RefreshStatus, status: MirrorStatus) -> bool:
    ends = (each.result for each in status.refreshes if each.id == refresh.id)
    return next(ends, None) == "Succeeded"


def _started(previous: MirrorStatus, status: MirrorStatus) -> Iterator[Announcement]:
    refresh, former = status.refresh, previous.refresh
    if refresh is None or (former is not None and refresh.id == former.id):
        return
    trigger = refresh.trigger or ""
    components = list(dict.fromkeys(_components(refresh.steps)))
    message = f"{trigger}: {listed(components, most=10)}" if components else trigger
    occasion = refresh.id or ""
    yield Announcement("Normal", Reason.REFRESH_STARTED, message, _about(refresh), occasion)


def _ended(previous: MirrorStatus, status: MirrorStatus) -> Iterator[Announcement]:
    known = previous.refreshes
    identities = {each.id for each in known if each.id}
    new = [each for each in status.refreshes if each not in known and each.id not in identities]
    for refresh in reversed(new):
        kind, reason = _ENDS.get(str(refresh.result), _FAILED)
        # Ticks are skipped again and again for one reason.
        occasion = "" if reason == Reason.REFRESH_SKIPPED else refresh.id or ""
        yield Announcement(kind, reason, refresh.message or reason, _about(refresh), occasion)


def _deploys(previous: MirrorStatus, status: MirrorStatus) -> Iterator[Announcement]:
    if previous.deploys == status.deploys:
        return  # nearly every time
    former, latest = deploys_in(previous), deploys_in(status)
    found = [(Reason.DEPLOYED, each) for each in deploys.news(former, latest)]
    found += [(Reason.DEPLOY_COMPARED, each) for each in deploys.compared_late(former, latest)]
    for reason, deploy in found:
        kind: Literal["Normal", "Warning"] = "Warning" if deploy.mismatch else "Normal"
        yield Announcement(kind, reason, deploy.message, _of_deploy(deploy), _occasion(deploy))


def _acceptances(previous: MirrorStatus, status: MirrorStatus) -> Iterator[Announcement]:
    """Those that end soon, each once; of one end and one reason as one."""
    before = {
        (component.name, each.until, each.reason)
        for component in previous.components
        for each in component.ending
    }
    found: dict[tuple[str | None, str | None], list[str]] = {}
    for component in status.components:
        for each in component.ending:
            if (component.name, each.until, each.reason) not in before:
                about = f"{component.name} ({each.facts})"
                found.setdefault((each.until, each.reason), []).append(about)
    for (until, why), components in found.items():
        message = f"what is accepted until {until} is drift then: {listed(components)}: {why}"
        fields = {"components": components, "until": until}
        yield Announcement("Warning", Reason.ACCEPTANCE_ENDS, message, fields)


def _onsets(previous: MirrorStatus, status: MirrorStatus) -> Iterator[Announcement]:
    before = {(each.type, each.reason, each.status) for each in previous.conditions}
    for each in status.conditions:
        if each.type in _ONSETS and (each.type, each.reason, "True") not in before:
            own = each.reason == each.type
            message = str(each.message) if own else f"{each.reason}: {each.message}"
            yield Announcement("Warning", each.type, message, {"cause": each.reason})


def _components(steps: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for step in steps:
        yield from step.get("components") or filter(None, [step.get("component")])


def _about(refresh: RefreshStatus) -> dict[str, Any]:
    names = ("id", "trigger", "result", "started", "finished")
    return {f"refresh_{name}": value for name in names if (value := getattr(refresh, name))}


def _of_deploy(deploy: deploys.Deploy) -> dict[str, Any]:
    return {
        "component": deploy.key.component,
        "side": deploy.key.side,
        "workloads": list(deploy.workloads),
        "provenance": dict(deploy.provenance),
        "verified": deploy.verified,
        "mismatch": list(deploy.mismatch),
        "declared": deploy.declared,
    }


def _occasion(deploy: deploys.Deploy) -> str:
    """A StatefulSet that is rolled back has a former revision again, but never at that time."""
    return f"{deploy.at:.0f} {sorted(deploy.revisions.items())}"
