"""Since when: how long a mirror has been in sync without a gap, or has drifted."""

from collections.abc import Generator
from hashlib import sha256
from json import dumps
from math import ceil

from stagingmirror.api.status.component import reason_of
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import ComponentReport, Report
from stagingmirror.api.types.times import not_after, parse_time, rfc3339
from stagingmirror.drift.facts import Observation, Seen
from stagingmirror.drift.verdict import Accepted, Drifted, Held, Unknown


def fingerprint(report: Report) -> Generator[None, None, str]:
    """Changes whenever ``inSyncSince`` must move: with the spec, an environment, the verdict or
    reason of a component, what is held or accepted, or a compared fact on either side. Yields after
    each component.
    """
    environments = sorted(report.environments.items())
    digest = sha256(f"[{report.generation}, {dumps(environments)}, [".encode())
    for place, each in enumerate(report.components):
        digest.update(f"{', ' if place else ''}{dumps(_component(each))}".encode())
        yield
    digest.update(b"]]")
    return digest.hexdigest()[:32]


def in_sync_since(
    report: Report, current: str, *, now: float, previous: MirrorStatus, trust_previous: bool
) -> str | None:
    """Only while in sync. Rounded up: it never claims more than was seen. ``current`` is the
    fingerprint of the report.
    """
    if report.sync != "InSync":
        return None
    unbroken = previous.sync == "InSync" and trust_previous and previous.fingerprint == current
    former = not_after(previous.in_sync_since, now) if unbroken else None
    return former or rfc3339(ceil(now))


def drifted_since(report: Report, *, now: float, previous: MirrorStatus) -> str | None:
    """Survives Unknown: while nothing is observed, drift does not become younger. Ends with InSync
    and with Held.
    """
    former = not_after(previous.drifted_since, now)
    if report.sync == "Drifted":
        return former or rfc3339(now)
    return former if report.sync == "Unknown" else None


def overdue(since: str | None, *, now: float, max_drift_age: float) -> bool:
    """Whether drift is older than it may be."""
    began = parse_time(since)
    return began is not None and now - began > max_drift_age


def _component(component: ComponentReport) -> list[object]:
    unseen = isinstance(component.verdict, Unknown)
    return [
        component.name,
        component.kind,
        type(component.verdict).__name__,
        reason_of(component),
        _excused(component),
        _side(component.observations.production, unseen=unseen),
        _side(component.observations.staging, unseen=unseen),
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


def _side(observation: Observation, *, unseen: bool) -> object:
    """Every compared fact. Of an unknown component the reason is enough: it has no since to
    keep.
    """
    if unseen or not isinstance(observation, Seen):
        return type(observation).__name__
    return [
        (name, fact.value, fact.expected)
        for name, fact in sorted(observation.facts.items())
        if fact.compared
    ]
