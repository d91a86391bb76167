"""Whether staging shows what a refresh applied: judged against production as it was when the
refresh was planned, by observations of staging that began after the last write. Pure.

Production may have changed since, or may not answer now: that is no failure of this refresh, and
the next check reports it.

The bytes of what a refresh brought are read again before it counts as verified: a hash may be as
old as ``content.interval``, and moving an alias alone reads none.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from stagingmirror.api.spec.mirror import Track
from stagingmirror.drift.accept import accepting
from stagingmirror.drift.compare import compare
from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Absent, Acceptance, Seen, Unseen
from stagingmirror.engine.context import Context, Judged
from stagingmirror.engine.refresh.record.applied import Applied
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.view import Deep, Subject

# Seconds that an observation may show the former state after the last write: watches may lag.
GRACE = 15.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """Both None: everything that could be judged shows what was applied. ``unjudged`` are the
    components that could not: their entry of the spec was changed or removed since. ``unproven``:
    they show it, but nothing that runs does (a workload that wants no pods, an alias alone).
    ``failing``: the component that ``failed`` is about. ``uncompared``: guards of which nothing is
    known since the refresh, each with the reason.
    """

    waiting: str | None = None
    failed: str | None = None
    failing: tuple[str, ...] = ()
    unjudged: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    uncompared: tuple[str, ...] = ()


def applied_of(judged: Judged) -> Applied | None:
    """What this component is to become; None where production does not show it."""
    production = judged.observations.production
    if not isinstance(production, Seen):
        return None
    return Applied(track_mark(judged.track), production.facts)


def track_mark(track: Track) -> str:
    """Changes with any change of the entry: what was applied then cannot be judged by it."""
    return sha256(track.model_dump_json().encode()).hexdigest()[:16]


def judge_applied(
    record: Record,
    components: Iterable[Judged],
    *,
    acceptances: tuple[Acceptance, ...],
    grace: float,
    now: float,
) -> Judgement:
    """What the observations of staging show of everything that this refresh applied."""
    known = {judged.track.name: judged for judged in components}
    waiting: str | None = None
    unjudged: list[str] = []
    unproven: list[str] = []
    for name, applied in record.applied.items():
        judged = known.get(name)
        if judged is None or track_mark(judged.track) != applied.track:
            unjudged.append(name)  # the steps themselves are verified all the same
            continue
        shortfall = _shortfall(name, applied, judged, record, acceptances, now)
        if shortfall is None:
            if _is_declared(judged):
                unproven.append(name)
            continue
        is_difference, message = shortfall
        if is_difference and now > (record.last_write or now) + grace:
            return Judgement(failed=message, failing=(name,))
        waiting = waiting or message
    return Judgement(waiting=waiting, unjudged=tuple(unjudged), unproven=tuple(unproven))


def _is_declared(judged: Judged) -> bool:
    """Whether nothing that runs in staging shows any of its facts."""
    staging = judged.observations.staging
    return isinstance(staging, Seen) and all(
        fact.declared for fact in staging.facts.values() if fact.compared
    )


def _shortfall(
    name: str,
    applied: Applied,
    judged: Judged,
    record: Record,
    acceptances: tuple[Acceptance, ...],
    now: float,
) -> tuple[bool, str] | None:
    """Whether a difference was observed, and a message; None: staging shows what was applied."""
    staging = judged.observations.staging
    if staging.began <= (record.last_write or now):
        return False, f"{name}: waits for an observation of staging that began after the last write"
    match staging:
        case Unseen(why):
            return False, f"{name}: {why.message}"
        case Absent(what):
            return True, f"{name}: staging does not have {what}"
        case Seen(facts):
            left = [
                difference.fact
                for difference in compare(applied.facts, facts).differences
                if accepting(difference, name, acceptances, now) is None
            ]
            return (True, f"{name}: still differs in {', '.join(left[:5])}") if left else None


# Whether what these subjects rest on was read after the fourth argument (POSIX s) and before the
# fifth, the beginning of the pass; starts reading where not.
DeepRead = Callable[[Deep, MirrorKey, frozenset[Subject[Any]], float, float], bool]


def reread(
    judgement: Judgement, context: Context, record: Record, deep_read: DeepRead
) -> Judgement:
    """The judgement, or that it waits for bytes."""
    if judgement.waiting is not None or judgement.failed is not None:
        return judgement
    brought = _brought(context, record)
    if not brought:
        return judgement
    if deep_read("bytes", context.mirror.key, brought, record.started, context.now):
        return judgement
    return replace(
        judgement,
        waiting=f"waits for the bytes of {', '.join(sorted(map(str, brought)))} to be read again",
    )


def _brought(context: Context, record: Record) -> frozenset[Subject[Any]]:
    """What rests on bytes, of what was read of staging for the components that were applied."""
    return frozenset(
        subject
        for name in record.applied
        for subject in context.parts.get(DeployKey(name, "staging"), ())
        if subject.deep == "bytes"
    )
