"""Since when: how long a mirror has been in sync without a gap, or has drifted."""

from collections.abc import Mapping
from hashlib import sha256
from json import dumps
from math import ceil
from typing import Any

from stagingmirror.api.status.component import reason_of
from stagingmirror.api.status.report import ComponentReport, Report
from stagingmirror.api.types.times import parse_time, rfc3339
from stagingmirror.drift.facts import Observation, Seen
from stagingmirror.drift.verdict import Accepted, Drifted, Held, Unknown


def fingerprint(report: Report) -> str:
    """Changes whenever ``inSyncSince`` must move: with the spec, an environment, the verdict or
    reason of a component, what is held or accepted, or a compared fact on either side.
    """
    content = [
        report.generation,
        sorted(report.environments.items()),
        [_component(each) for each in report.components],
    ]
    return sha256(dumps(content).encode()).hexdigest()[:32]


def in_sync_since(
    report: Report, *, now: float, previous: Mapping[str, Any], trust_previous: bool
) -> str | None:
    """Only while in sync. Rounded up: it never claims more than was seen."""
    if report.sync != "InSync":
        return None
    since = previous.get("inSyncSince")
    unbroken = previous.get("sync") == "InSync" and trust_previous
    if since and unbroken and previous.get("fingerprint") == fingerprint(report):
        return str(since)
    return rfc3339(ceil(now))


def drifted_since(report: Report, *, now: float, previous: Mapping[str, Any]) -> str | None:
    """Survives Unknown: that nobody could look does not make drift younger. Ends with InSync and
    with Held.
    """
    since = previous.get("driftedSince")
    if report.sync == "Drifted":
        return str(since) if since else rfc3339(now)
    return str(since) if since and report.sync == "Unknown" else None


def overdue(since: str | None, *, now: float, max_drift_age: float) -> bool:
    """Whether drift is older than it may be."""
    began = parse_time(since)
    return began is not None and now - began > max_drift_age


def _component(component: ComponentReport) -> list[object]:
    verdict = component.verdict
    return [
        component.name,
        component.kind,
        type(verdict).__name__,
        reason_of(component),
        _excused(component),
        _side(component.observations.production, unseen=_is_unseen(component)),
        _side(component.observations.staging, unseen=_is_unseen(component)),
    ]


def _excused(component: ComponentReport) -> list[str]:
    """What is accepted and why, or held and why."""
    match component.verdict:
        case Accepted(accepted, reasons):
            return [*(each.fact for each in accepted), *reasons]
        case Drifted(_, accepted):
            return [each.fact for each in accepted]
        case Held(_, reason):
            return [reason]
        case _:
            return []


def _is_unseen(component: ComponentReport) -> bool:
    return isinstance(component.verdict, Unknown)


def _side(look: Observation, *, unseen: bool) -> object:
    """Every compared fact. Of an unknown component the reason is enough: it has no since to
    keep.
    """
    if unseen or not isinstance(look, Seen):
        return type(look).__name__
    facts = ((name, fact) for name, fact in sorted(look.facts.items()) if fact.compared)
    return [(name, fact.value, fact.expected) for name, fact in facts]
