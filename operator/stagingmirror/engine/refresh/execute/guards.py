"""What guards a refresh: components that no refresh writes, compared once more when everything else
is verified. Pure.

Only a difference that was not there before rolls a refresh back. One that may have been, or that
cannot be seen now, is reported by the next check, and keeps no refresh.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from stagingmirror.drift.accept import accepting
from stagingmirror.drift.compare import compare
from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Seen
from stagingmirror.drift.verdict import Held
from stagingmirror.engine.context import Context, Judged, acceptances_of
from stagingmirror.engine.refresh.execute.verification import DeepRead, Judgement, track_mark
from stagingmirror.engine.refresh.record.applied import Guard
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.view import Subject


def guards_of(context: Context, applied: frozenset[str]) -> dict[str, Guard]:
    """Of the components that guard a refresh of these; one that is held guards nothing."""
    return {
        judged.track.name: Guard(track_mark(judged.track), _differing(judged, context))
        for judged in context.components
        if _guards(judged, applied)
    }


def guarded(
    judgement: Judgement, context: Context, record: Record, deep_read: DeepRead
) -> Judgement:
    """The judgement, or that it waits for a guard, or what of one differs since the refresh."""
    if judgement.waiting is not None or judgement.failed is not None:
        return judgement
    guards = [each for each in context.components if _still_guards(each, record)]
    probed = _probed(context, guards)
    since = record.last_write or record.started
    if probed and not deep_read("probe", context.mirror.key, probed, since, context.now):
        names = ", ".join(each.track.name for each in guards)
        return replace(judgement, waiting=f"waits for {names} to be compared again")
    for each in guards:
        former, now = record.guards[each.track.name].differed, _differing(each, context)
        if former is not None and (new := sorted({*(now or ())} - {*former})):
            message = f"{each.track.name}: {', '.join(new[:5])} differs since this refresh"
            return replace(judgement, failed=message, failing=(each.track.name,))
    return judgement


def _guards(judged: Judged, applied: frozenset[str]) -> bool:
    entry = judged.track.entry
    if entry is None or not entry.guards or isinstance(judged.verdict, Held):
        return False
    return not entry.made_of or bool(applied & {*entry.made_of})


def _still_guards(judged: Judged, record: Record) -> bool:
    guard = record.guards.get(judged.track.name)
    return (
        guard is not None
        and guard.track == track_mark(judged.track)
        and _guards(judged, frozenset(record.applied))
    )


def _differing(judged: Judged, context: Context) -> tuple[str, ...] | None:
    """The guarded facts that differ and are not accepted; None: they are not known."""
    production, staging = judged.observations
    if not isinstance(production, Seen) or not isinstance(staging, Seen) or not judged.track.entry:
        return None
    acceptances = acceptances_of(context.spec)
    return tuple(
        each.fact
        for each in compare(production.facts, staging.facts).differences
        if each.fact.startswith(judged.track.entry.guards)
        and accepting(each, judged.track.name, acceptances, context.now) is None
    )


def _probed(context: Context, guards: Iterable[Judged]) -> frozenset[Subject[Any]]:
    return frozenset(
        subject
        for each in guards
        for subject in context.parts.get(DeployKey(each.track.name, "staging"), ())
        if subject.deep == "probe"
    )
