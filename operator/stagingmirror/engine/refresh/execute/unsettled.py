"""Components whose samples were answered by what a refresh is changing, or has changed since: what
they showed before is no verdict of today. Pure.
"""

from collections.abc import Iterable
from dataclasses import replace

from stagingmirror.api.spec.mirror import Track
from stagingmirror.drift.facts import Observations, Seen, Unseen, Why
from stagingmirror.drift.verdict import Held, Unknown, Verdict
from stagingmirror.engine.context import Judged
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.reasons import Reason


def is_made_of(track: Track, applied: Iterable[str]) -> bool:
    """Whether a refresh of these components may change the answers of this one."""
    entry = track.entry
    if entry is None or not entry.guards:
        return False
    return not entry.made_of or not {*entry.made_of}.isdisjoint(applied)


def unsettled(judged: Judged, record: Record | None, now: float) -> Judged:
    """The component, or that nothing is known of it."""
    why = None if record is None else why_unsettled(judged, record)
    if why is None:
        return judged
    unseen = Unseen(why, now)
    return Judged(judged.track, Observations(unseen, unseen), _unknown(judged.verdict, why))


def why_unsettled(judged: Judged, record: Record) -> Why | None:
    """Why what was seen of it is no verdict of today; None: it is one."""
    if not is_made_of(judged.track, record.applied):
        return None
    names = ", ".join(sorted(_changed(judged.track, record)))
    if record.is_writing:
        return Why(
            Reason.REFRESHING,
            f"not judged while {names} is being refreshed: samples would be answered by a staging "
            "that is half refreshed.",
        )
    if not _is_older(judged, changed_at(record)):
        return None
    trouble = (each.trouble for each in judged.observations if isinstance(each, Seen))
    return next(filter(None, trouble), None) or Why(
        Reason.NOT_PROBED_YET,
        f"{names} was refreshed or rolled back since samples were sent; they are sent again.",
    )


def changed_at(record: Record) -> float | None:
    """When a refresh that has ended changed staging last (POSIX s); None: it changed nothing. What
    it rolled back may have been on its way until its end.
    """
    is_changed = any(each.state != "Pending" and each.step.visible for each in record.entries)
    if record.is_open or not is_changed:
        return None
    return record.last_write if record.result == "Succeeded" else record.ended


def _changed(track: Track, record: Record) -> set[str]:
    return {*record.applied} & {*track.made_of} if track.made_of else {*record.applied}


def _is_older(judged: Judged, changed: float | None) -> bool:
    """Whether its samples were sent before."""
    sent = [each.probed for each in judged.observations if isinstance(each, Seen)]
    return changed is not None and any(at is not None and at < changed for at in sent)


def _unknown(verdict: Verdict, why: Why) -> Verdict:
    if isinstance(verdict, Held):
        return replace(verdict, differences=(), unseen=why, unlisted=0)
    return Unknown(why)
