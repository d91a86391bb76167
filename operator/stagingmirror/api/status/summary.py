"""The verdict over a whole mirror in one line."""

from stagingmirror.api.status.component import message_of
from stagingmirror.api.status.report import ComponentReport, Report
from stagingmirror.api.status.truncation import ended
from stagingmirror.drift.verdict import Accepted, Drifted, Held, InSync, Unknown

MAX_SUMMARY = 256
MAX_NAMES = 5
MAX_WHY = 60
# Another refresh writes the same fields, or it is not known what was written.
HALF = "may be half refreshed"


def summary_of(report: Report, now: float) -> str:
    """The answer first, then where. Nothing is hidden behind something else: drift does not hide
    what was not seen, nor the other way round.
    """
    if not report.components:
        return _nothing(report)
    parts = [*_not_in_sync(report, now), _held(report)]
    if not report.named(Drifted) and not report.named(Unknown):
        parts.insert(0, _equal(report))
    if report.progress.writing:
        own = report.progress.activity == "Refreshing"
        parts.insert(0, "refreshing, not verified yet" if own else HALF)
    if report.progress.stalled is not None:
        parts.insert(0, f"stalled: {report.progress.stalled[0]}")
    return ended("; ".join(part for part in parts if part), MAX_SUMMARY)


def _nothing(report: Report) -> str:
    if report.progress.stalled is None:
        return "nothing is tracked"
    reason, message = report.progress.stalled
    return ended(f"stalled, {reason}: {message}", MAX_SUMMARY)


def _equal(report: Report) -> str:
    accepted = len(report.named(Accepted))
    equal = len(report.named(InSync)) + accepted
    text = f"{equal} of {len(report.components)} in sync"
    return f"{text} ({accepted} with accepted differences)" if accepted else text


def _not_in_sync(report: Report, now: float) -> list[str]:
    """What drifted, what was not seen, and what was seen but cannot be judged."""
    unknown = report.named(Unknown)
    sorts = {
        "drifted": report.named(Drifted),
        "not seen": tuple(each for each in unknown if not report.seen(each, now)),
        "not comparable": tuple(each for each in unknown if report.seen(each, now)),
    }
    total = len(report.components)
    return [
        f"{len(found)} of {total} {word}: {_names(found, why=word != 'drifted')}"
        for word, found in sorts.items()
        if found
    ]


def _held(report: Report) -> str:
    names = [
        f"{each.name} ({ended(each.verdict.reason, MAX_WHY)}"
        f"{', not seen' if each.verdict.unseen is not None else ''})"
        for each in report.components
        if isinstance(each.verdict, Held)
    ]
    return f"held: {_joined(names)}" if names else ""


def _names(components: tuple[ComponentReport, ...], *, why: bool) -> str:
    if not why:
        return _joined([each.name for each in components])
    return _joined(
        [f"{each.name} ({ended(message_of(each).rstrip('.'), MAX_WHY)})" for each in components]
    )


def _joined(names: list[str]) -> str:
    if len(names) <= MAX_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: MAX_NAMES - 1])} and {len(names) - MAX_NAMES + 1} more"
