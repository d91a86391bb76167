"""Is staging in sync with production? Judges one component by what both sides showed.

What was not seen is never judged: anything unseen, stale, absent in production or without a single
compared fact is Unknown, whatever the other side shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stagingmirror.drift.accept import accepting, reasons
from stagingmirror.drift.facts import (
    DETAIL,
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

# The fact that differs where staging does not have the component at all.
PRESENT = "present"

_NOTHING_COMPARED = Why(
    Reason.NOTHING_COMPARED, "nothing of it can be compared; track something else"
)
# Seconds by which an observation may seem to come from the future.
CLOCK_JITTER = 1.0
# Differing details (files of a model) that are listed for one fact; further ones are counted.
MAX_DETAILS = 20


@dataclass(frozen=True, slots=True)
class Comparison:
    """``differences`` of facts, those that count. ``details`` explain them, by fact; ``unlisted``
    counts those that are left out. ``compared`` counts the facts; ``declared``: none of them is
    proven on both sides.
    """

    compared: int
    declared: bool
    differences: tuple[Difference, ...]
    details: Mapping[str, tuple[Difference, ...]]
    unlisted: Mapping[str, int]

    def with_details(self, counted: Sequence[Difference]) -> tuple[Difference, ...]:
        """These differences, each followed by its details."""
        return tuple(
            shown for each in counted for shown in (each, *self.details.get(each.fact, ()))
        )

    def left_out(self, counted: Sequence[Difference]) -> int:
        """How many details of these differences are not listed."""
        return sum(self.unlisted.get(each.fact, 0) for each in counted)


_ABSENT = Comparison(
    compared=1,
    declared=False,
    differences=(Difference(PRESENT, "yes", "no"),),
    details={},
    unlisted={},
)


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
    """Compares every fact that either side wants compared, in the order of names.

    A name with a slash is a detail of the fact before the slash, where there is such a fact:
    details explain and never count. Without such a fact it counts like any other.
    """
    every = sorted(production.keys() | staging.keys())
    known = frozenset(every)
    parents = {name: _parent(name, known) for name in every}
    counted = [
        name for name in every if parents[name] is None and _compared(name, production, staging)
    ]
    differences = _differences(counted, production, staging)
    details: dict[str, list[Difference]] = {each.fact: [] for each in differences}
    for name, parent in parents.items():
        if parent in details:
            details[parent].extend(_differences([name], production, staging))
    return Comparison(
        compared=len(counted),
        declared=bool(counted) and all(_declared(name, production, staging) for name in counted),
        differences=differences,
        details={fact: tuple(found[:MAX_DETAILS]) for fact, found in details.items()},
        unlisted={fact: max(0, len(found) - MAX_DETAILS) for fact, found in details.items()},
    )


def without_details(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """What of these facts can count."""
    known = frozenset(facts)
    return {name: fact for name, fact in facts.items() if _parent(name, known) is None}


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
    return _weigh(component, comparison, acceptances, now)


def _weigh(
    component: str, comparison: Comparison, acceptances: Sequence[Acceptance], now: float
) -> Verdict:
    """What the differences mean once those that are understood are taken out."""
    counting: list[Difference] = []
    understood: list[Difference] = []
    by: list[Acceptance] = []
    for difference in comparison.differences:
        acceptance = accepting(difference, component, acceptances, now)
        if acceptance is None:
            counting.append(difference)
        else:
            understood.append(difference)
            by.append(acceptance)
    if counting:
        return Drifted(
            comparison.with_details(counting),
            accepted=comparison.with_details(understood),
            unlisted=comparison.left_out(counting),
        )
    if understood:
        return Accepted(
            comparison.with_details(understood),
            reasons(by),
            unlisted=comparison.left_out(understood),
        )
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


def _parent(name: str, known: frozenset[str]) -> str | None:
    """The shortest fact that this name is a detail of; None: it is a fact of its own."""
    parts = name.split(DETAIL)
    prefixes = (DETAIL.join(parts[:end]) for end in range(1, len(parts)))
    return next((prefix for prefix in prefixes if prefix in known), None)


def _compared(name: str, *sides: Mapping[str, Fact]) -> bool:
    return any(name in side and side[name].compared for side in sides)


def _declared(name: str, *sides: Mapping[str, Fact]) -> bool:
    return any(name in side and side[name].declared for side in sides)
