"""Differences that somebody understands, with a reason and an end that is enforced."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from stagingmirror.drift.facts import (
    DETAIL,
    PRESENT,
    SEAL,
    Acceptance,
    Difference,
    Observations,
    Seen,
)
from stagingmirror.patterns import matches

# Facts that are named where an acceptance names one that is not there.
MAX_NAMED = 8


def accepting(
    difference: Difference, component: str, acceptances: Iterable[Acceptance], now: float
) -> Acceptance | None:
    """The first acceptance in force at ``now`` (POSIX s) that covers this difference of this
    component.
    """
    return next((each for each in acceptances if _covers(each, difference, component, now)), None)


def reasons(acceptances: Sequence[Acceptance]) -> tuple[str, ...]:
    """The reasons of acceptances, each once, with its end, in their order."""
    return tuple(dict.fromkeys(_reason(each) for each in acceptances))


def without_effect(
    acceptances: Iterable[Acceptance],
    component: str,
    observations: Observations,
    occasional: tuple[str, ...],
) -> tuple[str, ...]:
    """A sentence for each acceptance of this component that accepts nothing, whatever the values
    are: what it names is not there, is not compared, or is a value that is not shown.
    ``occasional``: beginnings of names of facts that may come later.
    """
    production, staging = observations
    if not isinstance(production, Seen) or not isinstance(staging, Seen):
        return ()
    sides = (production, staging)
    found = []
    for each in acceptances:
        if each.component != component or each.fact == PRESENT or each.fact.startswith(occasional):
            continue
        named = [
            fact for side in sides for name, fact in side.facts.items() if names(each.fact, name)
        ]
        is_compared = any(fact.compared for fact in named)
        if not is_compared:
            compared = {n for side in sides for n, fact in side.facts.items() if fact.compared}
            found.append(_not_compared(each.fact, sorted(compared), is_there=bool(named)))
        elif any(fact.value.startswith(SEAL) for fact in named) and _names_a_value(each):
            found.append(
                f"accept of {each.fact} names a value, and {each.fact} is only comparable, so it "
                "accepts nothing; remove its production and staging."
            )
    return tuple(found)


def names(pattern: str, fact: str) -> bool:
    """Whether an acceptance of ``pattern`` is one of this fact: ``*`` stands for any characters.
    That staging lacks a component at all is accepted by name only.
    """
    return pattern == fact or (fact != PRESENT and matches(pattern, fact))


def _names_a_value(acceptance: Acceptance) -> bool:
    return acceptance.production is not None or acceptance.staging is not None


def _not_compared(fact: str, compared: Sequence[str], *, is_there: bool) -> str:
    """Names a few of the facts that are compared, and counts the rest: parameters may be many."""
    base = fact.partition(DETAIL)[0]
    if is_there:
        why = f"production's and staging's {fact} is not compared, so its accept has no effect"
    elif base in compared:
        why = (
            f"production and staging are compared by {base}, and {fact} is a detail of it, so its "
            f"accept has no effect; accept {base}"
        )
    else:
        why = f"production and staging have no fact {fact}, so its accept has no effect"
    more = len(compared) - MAX_NAMED
    names = ", ".join(compared[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{why}; compared are: {names}."


def _covers(acceptance: Acceptance, difference: Difference, component: str, now: float) -> bool:
    return (
        acceptance.component == component
        and names(acceptance.fact, difference.fact)
        and (acceptance.until is None or now < acceptance.until)
        and _is_named(acceptance.production, difference.production)
        and _is_named(acceptance.staging, difference.staging)
    )


def _is_named(accepted: str | None, value: str | None) -> bool:
    """A sealed value cannot be named: naming one after the other would find it."""
    if accepted is None:
        return True
    return accepted == value and not value.startswith(SEAL)


def _reason(acceptance: Acceptance) -> str:
    if acceptance.until is None:
        return acceptance.reason
    end = datetime.fromtimestamp(acceptance.until, UTC)
    return f"{acceptance.reason} (until {end:%Y-%m-%d %H:%M} UTC)"
