"""Is staging in sync with production? Judges one component by what both sides showed.

What was not seen is never judged: anything unseen, stale, absent in production or without a single
compared fact is Unknown, whatever the other side shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import Literal

from stagingmirror.drift.accept import reasons, weighed
from stagingmirror.drift.facts import (
    DETAIL,
    PRESENT,
    Absent,
    Acceptance,
    Difference,
    Fact,
    Hold,
    Observation,
    Observations,
    Seen,
    Unseen,
    Why,
)
from stagingmirror.drift.verdict import Accepted, Drifted, Held, InSync, Unknown, Verdict
from stagingmirror.reasons import Reason

_NOTHING_COMPARED = Why(
    Reason.NOTHING_COMPARED, "nothing of it can be compared; track something else"
)
# Seconds by which an observation may seem to come from the future.
CLOCK_JITTER = 1.0
# Differing details (files of a model) that are listed for one fact; further ones are counted.
MAX_DETAILS = 20


@dataclass(frozen=True, slots=True)
class Comparison:
    """``differences`` of facts. ``compared`` counts the facts; ``declared``: none of them is proven
    on both sides.
    """

    compared: int
    declared: bool
    differences: tuple[Difference, ...]


_ABSENT = Comparison(compared=1, declared=False, differences=(Difference(PRESENT, "yes", "no"),))


def judge(
    component: str,
    observations: Observations,
    *,
    acceptances: Sequence[Acceptance] = (),
    hold: Hold | None = None,
    now: float,
    stale_after: float,
) -> Verdict:
    """The verdict at ``now`` (POSIX s). An observation that began more than ``stale_after`` seconds
    ago counts as unseen.

    A hold counts where it names this component and has not expired. It excuses differences; where a
    side was not seen, ``Held.unseen`` has the reason.
    """
    verdict = _judge(component, observations, acceptances, now, stale_after)
    if hold is None or component not in hold.components or now >= hold.until:
        return verdict
    return _held(hold, verdict)


def seen(observation: Observation, *, now: float, stale_after: float) -> bool:
    """Whether this is an answer, and not too old to be believed at ``now``."""
    return unseen(observation, now=now, stale_after=stale_after) is None


def unseen(observation: Observation, *, now: float, stale_after: float) -> Why | None:
    """Why this observation does not count; None: it does. One from the future (the clock was set
    back) is stale: its age is not known.
    """
    if isinstance(observation, Unseen):
        return observation.why
    if -CLOCK_JITTER <= now - observation.began <= stale_after:
        return None
    return observation.trouble or Why(
        Reason.STALE_OBSERVATION,
        f"not observed for more than {stale_after:g} s; see whether the operator can reach it",
    )


def compare(production: Mapping[str, Fact], staging: Mapping[str, Fact]) -> Comparison:
    """Compares every fact that either side wants compared, in the order of names."""
    counted = [
        name
        for name in sorted(production.keys() | staging.keys())
        if _compared(name, production, staging)
    ]
    return Comparison(
        compared=len(counted),
        declared=bool(counted) and all(_declared(name, production, staging) for name in counted),
        differences=_differences(counted, production, staging),
    )


def explained(
    differences: Sequence[Difference], observations: Observations
) -> tuple[tuple[Difference, ...], int]:
    """These differences, each followed by the details that differ, and how many of those are left
    out.
    """
    found: list[Difference] = []
    left_out = 0
    for difference in differences:
        production, staging = (_details(side, difference.fact) for side in observations)
        names = {
            name
            for name in production.keys() | staging.keys()
            if production.get(name) != staging.get(name)
        }
        found.append(difference)
        found += [
            Difference(f"{difference.fact}{DETAIL}{name}", production.get(name), staging.get(name))
            for name in nsmallest(MAX_DETAILS, names)
        ]
        left_out += max(0, len(names) - MAX_DETAILS)
    return tuple(found), left_out


def _judge(
    component: str,
    observations: Observations,
    acceptances: Sequence[Acceptance],
    now: float,
    stale_after: float,
) -> Verdict:
    production, staging = observations.production, observations.staging
    if (why := unseen(production, now=now, stale_after=stale_after)) is not None:
        return Unknown(why, side="production")
    if (why := unseen(staging, now=now, stale_after=stale_after)) is not None:
        return Unknown(why, side="staging")
    if not isinstance(production, Seen):
        return Unknown(_nothing_to_mirror(production), side="production")
    comparison = _ABSENT
    if isinstance(staging, Seen):
        comparison = compare(production.facts, staging.facts)
    if comparison.compared == 0 or not any(f.compared for f in production.facts.values()):
        return Unknown(_NOTHING_COMPARED, side="production")
    verdict = _weigh(component, comparison, observations, acceptances, now)
    return verdict if isinstance(verdict, Drifted) else _doubted(observations) or verdict


def _doubted(observations: Observations) -> Unknown | None:
    """Nothing that counts differs, but what runs of a compared fact may be another value."""
    sides: tuple[tuple[Literal["production", "staging"], Observation], ...] = (
        ("production", observations.production),
        ("staging", observations.staging),
    )
    for side, observation in sides:
        facts = observation.facts.values() if isinstance(observation, Seen) else ()
        for fact in facts:
            if fact.compared and fact.doubt is not None:
                return Unknown(fact.doubt, side=side)
    return None


def _weigh(
    component: str,
    comparison: Comparison,
    observations: Observations,
    acceptances: Sequence[Acceptance],
    now: float,
) -> Verdict:
    """What the differences mean once those that are understood are taken out."""
    acceptances = [each for each in acceptances if each.component == component]
    counting: list[Difference] = []
    understood: list[Difference] = []
    by: list[Acceptance] = []
    soon: set[Acceptance] = set()
    for difference in comparison.differences:
        found = weighed(difference, component, acceptances, now)
        kept = replace(difference, acceptance=found.acceptance)
        if found.acceptance is None or not found.is_accepted:
            counting.append(kept)
            continue
        understood.append(kept)
        by.append(found.acceptance)
        if found.ending is not None:
            soon.add(found.ending)
    accepted, unlisted = explained(understood, observations)
    first = tuple(sorted(soon, key=lambda each: (each.until or 0.0, each.fact, each.reason)))
    if counting:
        drifted, unlisted = explained(counting, observations)
        return Drifted(drifted, accepted=accepted, unlisted=unlisted, ending=first)
    if understood:
        return Accepted(accepted, reasons(by), unlisted=unlisted, ending=first)
    return InSync(comparison.compared, declared=comparison.declared)


def _held(hold: Hold, verdict: Verdict) -> Held:
    drifted = verdict if isinstance(verdict, Drifted) else Drifted(())
    return Held(
        hold.name,
        hold.reason,
        differences=drifted.differences,
        unseen=verdict.why if isinstance(verdict, Unknown) else None,
        until=hold.until,
        unlisted=drifted.unlisted,
    )


def _nothing_to_mirror(production: Observation) -> Why:
    what = production.what if isinstance(production, Absent) else "it"
    return Why(
        Reason.NOTHING_TO_MIRROR, f"production does not have {what}, so nothing can be like it"
    )


def _differences(
    names: Sequence[str], production: Mapping[str, Fact], staging: Mapping[str, Fact]
) -> tuple[Difference, ...]:
    pairs = ((name, production.get(name), staging.get(name)) for name in names)
    return tuple(
        Difference(
            name,
            mine.value if mine else None,
            theirs.value if theirs else None,
            expected=mine.expected if mine else None,
        )
        for name, mine, theirs in pairs
        if _wanted(mine) != (theirs.value if theirs else None)
    )


def _wanted(production: Fact | None) -> str | None:
    if production is None:
        return None
    return production.value if production.expected is None else production.expected


def _details(side: Observation, fact: str) -> Mapping[str, str]:
    details = side.details.get(fact) if isinstance(side, Seen) else None
    return details() if details is not None else {}


def _compared(name: str, *sides: Mapping[str, Fact]) -> bool:
    return any(name in side and side[name].compared for side in sides)


def _declared(name: str, *sides: Mapping[str, Fact]) -> bool:
    return any(name in side and side[name].declared for side in sides)
