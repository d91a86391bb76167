"""Whether staging shows what a refresh applied: judged against production as it was when the
refresh was planned, by looks that began after its last write. Pure.

Production may have moved on since; the next check says so, and it is no failure of this refresh.

The bytes of what a refresh brought are read again before it is called verified: a hash may be as
old as ``content.interval``, and moving an alias alone reads none.

Staging's only: production that does not answer now is no failure of this refresh.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from stagingmirror.api.spec.mirror import Track
from stagingmirror.drift.accept import accepting
from stagingmirror.drift.compare import compare, without_details
from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Absent, Acceptance, Seen, Unseen
from stagingmirror.engine.context import Context, Judged
from stagingmirror.engine.observe.view import RecordingView
from stagingmirror.engine.refresh.record.record import Applied, Record
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.sources.mlflow.subjects import AliasSubject, VersionSubject
from stagingmirror.view import Subject

GRACE = 15.0
"""Seconds that a look may still show the old state after the last write: watches may lag."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Both None: everything that could be judged shows what was applied. ``unjudged`` are the
    components that could not: their entry of the spec is another one than when it was planned, or
    gone.
    """

    waiting: str | None = None
    failed: str | None = None
    unjudged: tuple[str, ...] = ()


def applied_of(judged: Judged) -> Applied | None:
    """What this component is to become; None where production does not show it. Details (one per
    file of a model) are left out: they count for nothing, and thousands do not fit into a record.
    """
    look = judged.observations.production
    if not isinstance(look, Seen):
        return None
    return Applied(track_mark(judged.track), without_details(look.facts))


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
    """What the looks at staging say of everything that this refresh applied."""
    known = {judged.track.name: judged for judged in components}
    waiting: str | None = None
    unjudged: list[str] = []
    for name, applied in record.applied.items():
        judged = known.get(name)
        if judged is None or track_mark(judged.track) != applied.track:
            unjudged.append(name)  # the steps themselves are verified all the same
            continue
        said = _said(name, applied, judged, record, acceptances, now)
        if said is None:
            continue
        is_difference, message = said
        if is_difference and now > (record.last_write or now) + grace:
            return Judgement(failed=message)
        waiting = waiting or message
    return Judgement(waiting=waiting, unjudged=tuple(unjudged))


def _said(
    name: str,
    applied: Applied,
    judged: Judged,
    record: Record,
    acceptances: tuple[Acceptance, ...],
    now: float,
) -> tuple[bool, str] | None:
    """Whether it is a difference that was seen, and what; None: it shows what was applied."""
    look = judged.observations.staging
    if look.began <= (record.last_write or now):
        return False, f"{name}: waits for a look at staging that began after the last write"
    match look:
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


ReadBytes = Callable[[MirrorKey, frozenset[Subject[Any]], float, float], bool]
"""Whether all bytes of these subjects were read after the third (POSIX s) and before the fourth,
when the pass began to look; starts reading where not.
"""


def reread(
    judgement: Judgement, context: Context, record: Record, read_bytes: ReadBytes
) -> Judgement:
    """The judgement, or that it waits for bytes."""
    if judgement.waiting is not None or judgement.failed is not None:
        return judgement
    brought = _brought(context, record)
    if not brought or read_bytes(context.key, brought, record.started, context.now):
        return judgement
    versions = sorted(f"{s.version} of {s.model}" for s in brought if isinstance(s, VersionSubject))
    waiting = f"waits for the bytes of version {', '.join(versions)} to be read again"
    return replace(judgement, waiting=waiting)


def _brought(context: Context, record: Record) -> frozenset[Subject[Any]]:
    """What staging's registry was asked for the components that were applied."""
    if not isinstance(context.view, RecordingView):
        return frozenset()
    parts = context.view.parts
    keys = [DeployKey(name, "staging") for name in record.applied]
    read = {subject for key in keys if key in parts for subject in parts[key].subjects}
    return frozenset(
        subject
        for subject in read
        if isinstance(subject, AliasSubject | VersionSubject)
        and subject.environment == record.environment
    )
