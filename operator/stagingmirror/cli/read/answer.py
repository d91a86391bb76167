"""What ``check`` answers, as an exit code and one line, with the reasons below it. Pure.

Codes: 0 in sync, 3 drifted or held, 4 unknown; 1 and 2 are errors of the command itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import TypeAlias

from stagingmirror.api.status.model import ComponentStatus
from stagingmirror.api.status.truncation import listed
from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.read.freshness import Freshness
from stagingmirror.cli.read.mirror import Mirror, sync_of
from stagingmirror.cli.read.times import clock, span
from stagingmirror.reasons import Reason

Details: TypeAlias = tuple[tuple[str, str], ...]

# Components that are named, and those of them whose reasons are shown.
MAX_NAMES, MAX_REASONS = 20, 3

IN_SYNC, FAILED, MISUSED, DIFFERS, UNKNOWN = 0, 1, 2, 3, 4
CODES = {"InSync": IN_SYNC, "Drifted": DIFFERS, "Held": DIFFERS}
_WORST_FIRST = (FAILED, MISUSED, UNKNOWN, DIFFERS, IN_SYNC)


@dataclass(frozen=True, slots=True)
class Answer:
    """One mirror's. ``components`` are those that count, each with the verdict that may be
    believed; ``why`` is a clause.
    """

    mirror: Mirror
    sync: str
    why: str
    components: tuple[ComponentStatus, ...]
    excepted: tuple[ComponentStatus, ...] = ()
    everybody: bool = False
    """``why`` is about the operator, so about every mirror."""
    doubt: str | None = None
    """Why the status is not believed."""
    details: tuple[tuple[str, str], ...] = ()
    """What there is to know besides: what it is about, and a sentence."""

    @property
    def code(self) -> int:
        return CODES.get(self.sync, UNKNOWN)

    @property
    def sentence(self) -> str:
        """``why`` and the details in one."""
        details = (f"{about}: {text}" if about else text for about, text in self.details)
        return "; ".join([self.why, *details])


def answer(
    mirror: Mirror,
    believed: Freshness,
    now: float,
    *,
    excepted: frozenset[str] = frozenset(),
    since: float | None = None,
) -> Answer:
    """Judge what may be believed at ``now``, without the excepted components. ``since`` (POSIX s):
    in sync without a gap from strictly before that time until now.
    """
    counted = tuple(each for each in mirror.status.components if each.name not in excepted)
    left_out = tuple(each for each in mirror.status.components if each.name in excepted)

    def of(sync: str, why: str, details: Details = (), *, everybody: bool = False) -> Answer:
        return Answer(mirror, sync, why, counted, left_out, everybody, believed.doubt, details)

    if believed.doubt is not None:
        counted = tuple(_doubted(each, believed.doubt) for each in counted)
        return of("Unknown", believed.doubt, everybody=believed.everybody)
    sync = _sync(mirror, believed, counted, left_out)
    if sync == "InSync" and since is not None and (gap := _gap(mirror, since, now)):
        return of("Unknown", gap)
    return of(sync, *_why(mirror, sync, counted))


def worst(codes: Sequence[int]) -> int:
    """Errors, then what is unknown, then what differs. Of nothing, nothing is known."""
    return next((code for code in _WORST_FIRST if code in codes), UNKNOWN)


def _doubted(component: ComponentStatus, doubt: str) -> ComponentStatus:
    """A verdict that may not be believed is not repeated as if it were one."""
    unknown = {"verdict": "Unknown", "message": doubt, "reason": None, "since": None}
    return component.model_copy(update=unknown)


def _sync(
    mirror: Mirror,
    believed: Freshness,
    counted: tuple[ComponentStatus, ...],
    left_out: tuple[ComponentStatus, ...],
) -> str:
    if not left_out:
        return believed.sync
    # Where the whole is worse than its parts (a refresh has written and not verified yet, the
    # mirror is stalled), leaving parts out explains nothing.
    if _is_half_refreshed(mirror):
        return "Unknown"
    if sync_of(mirror.status.components) != believed.sync:
        return believed.sync if believed.sync != "InSync" else "Unknown"
    return sync_of(counted)


def _is_half_refreshed(mirror: Mirror) -> bool:
    """What is left out may have the whole's own verdict, and hide that more is being written."""
    found = mirror.condition("InSync")
    return found is not None and found.reason == Reason.REFRESHING


def _gap(mirror: Mirror, since: float, now: float) -> str | None:
    began = parse_time(mirror.status.in_sync_since)
    if began is None:
        return "in sync without what was left out; --since needs the whole mirror"
    # Times are written in whole seconds, rounded down: only a second before is surely before.
    if began < floor(since):
        return None
    wanted, start, held = clock(since, now), clock(began, now), span(now - began)
    return f"in sync now, but not without a gap since {wanted} UTC: only from {start} on ({held})"


def _why(mirror: Mirror, sync: str, counted: tuple[ComponentStatus, ...]) -> tuple[str, Details]:
    if sync == "InSync":
        return f"in sync ({len(counted)} of {len(counted)}{_not_proven(counted)})", ()
    if sync == "Unknown":
        return _why_unknown(mirror, counted)
    found = [each for each in counted if each.verdict == sync]
    names = [each.name for each in found]
    which = f" ({_counted(names)})" if names else ""
    return f"{sync.lower()}{which}", _reasons(found) if sync == "Held" else ()


def _counted(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def _not_proven(counted: tuple[ComponentStatus, ...]) -> str:
    """What is in sync only in what is written down."""
    declared = [each.name for each in counted if each.reason == Reason.DECLARED]
    return f"; declared, not proven to run: {listed(declared)}" if declared else ""


def _why_unknown(mirror: Mirror, counted: tuple[ComponentStatus, ...]) -> tuple[str, Details]:
    """What is not known comes first; that the mirror is stalled besides explains none of it."""
    unseen = [
        each for each in counted if each.verdict not in ("InSync", "Accepted", "Drifted", "Held")
    ]
    if unseen:
        reasons = _reasons(unseen)
        shown = " ".join(text for _, text in reasons)
        return f"unknown ({_counted([e.name for e in unseen])})", reasons + _stalled(mirror, shown)
    summary = mirror.status.summary or "nothing was seen"
    if not counted:
        return f"unknown: {mirror.trouble() or summary}", ()
    return f"unknown: {summary}", _stalled(mirror, summary)


def _reasons(components: Sequence[ComponentStatus]) -> Details:
    found = tuple((each.name, each.message or "not seen") for each in components[:MAX_REASONS])
    more = len(components) - MAX_REASONS
    return (*found, ("", f"and {more} more")) if more > 0 else found


def _stalled(mirror: Mirror, shown: str) -> Details:
    trouble = mirror.trouble()
    return (("stalled", trouble),) if trouble and trouble.rstrip(".") not in shown else ()
