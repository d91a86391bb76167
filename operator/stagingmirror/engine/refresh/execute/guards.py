"""What guards a refresh: components that no refresh writes, compared once more when everything else
is verified. Pure.

Only a difference that was not there before rolls a refresh back. One that may have been, or that
cannot be seen now, is reported by the next check, and keeps no refresh: it succeeds, and its
message says what was not compared.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from typing import Any

from stagingmirror.drift.accept import accepting
from stagingmirror.drift.compare import compare
from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import OTHERS, Difference, Observation, Seen, Unseen, Why
from stagingmirror.drift.verdict import Held
from stagingmirror.engine.context import Context, Judged, acceptances_of
from stagingmirror.engine.refresh.execute.unsettled import (
    changed_at,
    is_made_of,
    why_unsettled,
)
from stagingmirror.engine.refresh.execute.verification import DeepRead, Judgement, track_mark
from stagingmirror.engine.refresh.record.applied import Guard
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.view import Subject

# Seconds for which a guard is waited for, and the share of a refresh's timeout after which it is
# not waited for any more.
PATIENCE, SHARE = 900.0, 0.9
_LATE = "no samples could be sent again in time"


def guards_of(context: Context, applied: frozenset[str]) -> dict[str, Guard]:
    """Of the components that guard a refresh of these; one that is held guards nothing. What is
    accepted differs all the same: an acceptance may end before the refresh does.
    """
    return {
        judged.track.name: Guard(track_mark(judged.track), _differing(judged))
        for judged in context.components
        if _guards(judged, applied)
    }


def guarded(
    judgement: Judgement,
    context: Context,
    record: Record,
    deep_read: DeepRead,
    complete_since: float | None,
) -> Judgement:
    """The judgement, or that it waits for a guard, or what of one differs since the refresh.
    ``complete_since``: since when all steps have arrived (POSIX s), e.g. all rollouts: what
    answered before that is no answer of what was refreshed.
    """
    if judgement.waiting is not None or judgement.failed is not None:
        return judgement
    guards = [each for each in context.components if _still_guards(each, record)]
    probed = _probed(context, guards)
    if probed and not _is_probed(probed, context, deep_read, complete_since):
        names = ", ".join(each.track.name for each in guards)
        if _is_late(record, complete_since, context.now):
            return replace(judgement, uncompared=(f"{names} ({_LATE})",))
        return replace(judgement, waiting=f"waits for {names} to be compared again")
    for each in guards:
        former, now = record.guards[each.track.name].differed, _newly(each, context)
        if former is not None and (new := sorted(fact for fact in now if _is_new(fact, former))):
            message = f"{each.track.name}: {', '.join(new[:5])} differs since this refresh"
            return replace(judgement, failed=message, failing=(each.track.name,))
    return replace(judgement, uncompared=tuple(_uncompared(guards)))


def _uncompared(guards: Iterable[Judged]) -> Iterator[str]:
    for each in guards:
        found = (_trouble(side) for side in each.observations)
        if (why := next(filter(None, found), None)) is not None:
            yield f"{each.track.name} ({why.message})"


def _is_probed(
    probed: frozenset[Subject[Any]],
    context: Context,
    deep_read: DeepRead,
    complete_since: float | None,
) -> bool:
    if complete_since is None:
        return False
    return deep_read("probe", context.mirror.key, probed, complete_since, context.now)


def _is_late(record: Record, complete_since: float | None, now: float) -> bool:
    """A guard that cannot be compared in time is Unknown, for which nothing is rolled back."""
    if complete_since is None:
        return False
    return now > min(complete_since + PATIENCE, record.started + SHARE * record.timeout)


def _guards(judged: Judged, applied: frozenset[str]) -> bool:
    return not isinstance(judged.verdict, Held) and is_made_of(judged.track, applied)


def _still_guards(judged: Judged, record: Record) -> bool:
    guard = record.guards.get(judged.track.name)
    return (
        guard is not None
        and guard.track == track_mark(judged.track)
        and _guards(judged, frozenset(record.applied))
    )


def _differing(judged: Judged) -> tuple[str, ...] | None:
    """The guarded facts that differ, or may: those in doubt, and those that what differs cannot be
    told from. None: they are not known.
    """
    found = _differences(judged)
    entry = judged.track.entry
    if found is None or entry is None:
        return None
    seen = [pair for side in _seen(judged) for pair in side.facts.items()]
    known = {name for name, _ in seen}
    names = {each.fact for each in found} | {name for name, fact in seen if fact.doubt}
    may = {
        guarded
        for name in names
        for first, second in entry.undivided.items()
        if name.startswith(first)
        and (guarded := f"{second}{name.removeprefix(first)}") not in known
    }
    return tuple(sorted(may | {each for each in names if each.startswith(entry.guards)}))


def _seen(judged: Judged) -> Iterator[Seen]:
    return (side for side in judged.observations if isinstance(side, Seen))


def _is_new(fact: str, former: Container[str]) -> bool:
    """Whether it did not differ before, nor was among those of its group that were not listed."""
    return fact not in former and f"{fact.partition('.')[0]}.{OTHERS}" not in former


def _newly(judged: Judged, context: Context) -> tuple[str, ...]:
    """The guarded facts that differ and are not accepted. What was seen before the newest request
    failed may be older than the refresh.
    """
    if any(map(_trouble, judged.observations)):
        return ()
    acceptances = acceptances_of(context.spec, context.sides)
    guarded_facts = judged.track.entry.guards if judged.track.entry is not None else ()
    return tuple(
        each.fact
        for each in _differences(judged) or ()
        if each.fact.startswith(guarded_facts)
        and accepting(each, judged.track.name, acceptances, context.now) is None
    )


def _trouble(observation: Observation) -> Why | None:
    """Why nothing newer is known."""
    if isinstance(observation, Unseen):
        return observation.why
    return observation.trouble


def _differences(judged: Judged) -> list[Difference] | None:
    production, staging = judged.observations
    if not isinstance(production, Seen) or not isinstance(staging, Seen):
        return None
    return list(compare(production.facts, staging.facts).differences)


def send_again(context: Context, record: Record, deep_read: DeepRead) -> None:
    """Have samples sent to what a refresh that has ended has changed since they were sent last."""
    changed = changed_at(record)
    older = [each for each in context.components if why_unsettled(each, record) is not None]
    probed = _probed(context, [each for each in older if not isinstance(each.verdict, Held)])
    if changed is not None and probed:
        deep_read("probe", context.mirror.key, probed, changed, context.now)


def _probed(context: Context, guards: Iterable[Judged]) -> frozenset[Subject[Any]]:
    return frozenset(
        subject
        for each in guards
        for subject in context.parts.get(DeployKey(each.track.name, "staging"), ())
        if subject.deep == "probe"
    )
