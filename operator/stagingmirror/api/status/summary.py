"""The verdict over a whole mirror in one line."""

from typing import NamedTuple

from stagingmirror.api.status.component import message_of
from stagingmirror.api.status.report import ComponentReport, Report
from stagingmirror.api.status.truncation import ended
from stagingmirror.drift.verdict import Accepted, Drifted, Held, InSync, Unknown

# Characters: it is a column of ``kubectl get``.
MAX_SUMMARY = 90
# Another refresh writes the same fields, or it is not known what was written.
HALF = "may be half refreshed"


class _Room(NamedTuple):
    """How many components are named, and in how many characters each may be explained.
    ``rest``: also of what is named after the first sort.
    """

    names: int
    why: int
    rest: bool = True


_NO_NAMES = _Room(0, 0)
# Tried in this order until the summary is short enough. The first name is the last to go.
_ROOMS = (
    _Room(5, 60),
    _Room(3, 40),
    _Room(2, 24),
    _Room(1, 24),
    _Room(1, 0),
    _Room(1, 0, rest=False),
    _NO_NAMES,
)


def summary_of(report: Report, now: float) -> str:
    """The answer first, then where. Nothing is hidden behind something else: drift does not hide
    what was not seen, nor the other way round.
    """
    if not report.components:
        return _nothing(report)
    for room in _ROOMS:
        summary = _summary(report, now, room)
        if len(summary) <= MAX_SUMMARY:
            break
    return ended(summary, MAX_SUMMARY)


def _summary(report: Report, now: float, room: _Room) -> str:
    parts = _findings(report, now, room)
    if not room.rest:
        parts[1:] = _findings(report, now, _NO_NAMES)[1:]
    if not report.named(Drifted) and not report.named(Unknown):
        parts.insert(0, _equal(report))
    if report.progress.writing:
        own = report.progress.activity == "Refreshing"
        parts.insert(0, "refreshing, not verified yet" if own else HALF)
    if report.progress.stalled is not None:
        parts.insert(0, f"stalled: {report.progress.stalled[0]}")
    return "; ".join(parts)


def _findings(report: Report, now: float, room: _Room) -> list[str]:
    found = [*_not_in_sync(report, now, room), _held(report, room)]
    return [each for each in found if each]


def _nothing(report: Report) -> str:
    if report.progress.stalled is None:
        return "nothing is tracked" if report.waiting is None else report.waiting[1]
    reason, message = report.progress.stalled
    return ended(f"stalled, {reason}: {message}", MAX_SUMMARY)


def _equal(report: Report) -> str:
    accepted = len(report.named(Accepted))
    equal = len(report.named(InSync)) + accepted
    text = f"{equal} of {len(report.components)} in sync"
    return f"{text} ({accepted} with accepted differences)" if accepted else text


def _not_in_sync(report: Report, now: float, room: _Room) -> list[str]:
    """What drifted, what was not seen, and what was seen but cannot be judged."""
    unknown = report.named(Unknown)
    sorts = {
        "drifted": report.named(Drifted),
        "not seen": tuple(each for each in unknown if not report.seen(each, now)),
        "not comparable": tuple(each for each in unknown if report.seen(each, now)),
    }
    total = len(report.components)
    return [
        _named(
            f"{len(found)} of {total} {word}",
            [each.name if word == "drifted" else _explained(each, room) for each in found],
            room,
        )
        for word, found in sorts.items()
        if found
    ]


def _held(report: Report, room: _Room) -> str:
    held = [(each, each.verdict) for each in report.components if isinstance(each.verdict, Held)]
    names = [
        _with(each.name, verdict.reason, room, "not seen" if verdict.unseen is not None else "")
        for each, verdict in held
    ]
    return _named("held", names, room, count=f"{len(held)} held") if held else ""


def _explained(component: ComponentReport, room: _Room) -> str:
    return _with(component.name, message_of(component).rstrip("."), room)


def _with(name: str, why: str, room: _Room, always: str = "") -> str:
    """``name (why, always)``, as far as there is room for why."""
    shown = [each for each in (ended(why, room.why) if room.why else "", always) if each]
    return f"{name} ({', '.join(shown)})" if shown else name


def _named(what: str, names: list[str], room: _Room, *, count: str | None = None) -> str:
    if not room.names:
        return count or what
    if len(names) <= room.names:
        return f"{what}: {', '.join(names)}"
    shown = max(1, room.names - 1)
    return f"{what}: {', '.join(names[:shown])} and {len(names) - shown} more"
