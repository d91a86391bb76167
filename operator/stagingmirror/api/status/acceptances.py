"""What a status says of acceptances: which are in force, which have ended, which end soon."""

from collections.abc import Iterable, Sequence

from stagingmirror.api.status.model import EndingStatus
from stagingmirror.api.status.truncation import Limits, ended, listed
from stagingmirror.api.types.times import parse_time, rfc3339
from stagingmirror.drift.accept import at, because, reasons
from stagingmirror.drift.facts import Acceptance, Difference
from stagingmirror.drift.verdict import Accepted, Drifted, Held, InSync, Verdict

# Reasons that one message gives, and ends that one component's status lists.
MAX_REASONS, MAX_ENDS = 5, 16


def accepted_in_words(count: int, why: Sequence[str]) -> str:
    """``2 differences accepted: smaller nodes (until 2027-01-31 00:00 UTC)``."""
    more = len(why) - MAX_REASONS
    shown = [*why[:MAX_REASONS], *([f"and for {more} more reasons"] if more > 0 else [])]
    return f"{count} difference{'s' * (count != 1)} accepted: {'; '.join(shown)}"


def beside(verdict: Verdict, counted: Sequence[Difference]) -> list[str]:
    """Sentences about the acceptances of a component, beside those that its verdict rests on.
    ``counted``: the accepted differences of one that drifted all the same, without details.
    """
    found = []
    if isinstance(verdict, Drifted) and counted:
        by = [each.acceptance for each in counted if each.acceptance is not None]
        found.append(accepted_in_words(len(counted), reasons(by)))
    if isinstance(verdict, Drifted | Held):
        over = [each.acceptance for each in verdict.differences if each.acceptance is not None]
        found += [
            f"acceptance ended {at(until)}: {facts} ({why})"
            for until, why, facts in _together(dict.fromkeys(over))
        ]
    if isinstance(verdict, Drifted | Accepted):
        found += [
            f"acceptance ends {at(until)}, then it is drift: {facts} ({why})"
            for until, why, facts in _together(verdict.ending)
        ]
    return found


def ending(
    verdict: Verdict, former: Sequence[EndingStatus], *, now: float, limits: Limits
) -> tuple[EndingStatus, ...]:
    """The acceptances with whose end something becomes drift, the first first. ``former``: those of
    the status so far, which are kept while it cannot be known whether anything differs.
    """
    match verdict:
        case Drifted(ending=soon) | Accepted(ending=soon):
            found = [
                EndingStatus(
                    facts=ended(facts, limits.value),
                    until=rfc3339(until),
                    reason=ended(why, limits.value),
                )
                for until, why, facts in _together(soon)
            ]
            return tuple(found[: min(MAX_ENDS, limits.differences)])
        case InSync():
            return ()
        case _:
            return tuple(each for each in former if (parse_time(each.until) or 0.0) > now)


def _together(acceptances: Iterable[Acceptance]) -> list[tuple[float, str, str]]:
    """Those of one end and one reason as one, with the facts that they name; in their order."""
    found: dict[tuple[float, str], list[str]] = {}
    for each in acceptances:
        if each.until is not None:
            found.setdefault((each.until, because(each)), []).append(each.fact)
    return [(until, why, listed(facts)) for (until, why), facts in found.items()]
