"""Differences that somebody understands, with a reason and an end that is enforced."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf

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
# Seconds before its end from which an acceptance is reported to end.
AHEAD = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Weighed:
    """``acceptance`` covers a difference, or was the last to do so until it ended (not
    ``is_accepted``). With the end of ``ending``, within ``AHEAD``, the difference becomes drift.
    """

    acceptance: Acceptance | None
    is_accepted: bool
    ending: Acceptance | None = None


def accepting(
    difference: Difference, component: str, acceptances: Iterable[Acceptance], now: float
) -> Acceptance | None:
    """The first acceptance in force at ``now`` (POSIX s) that covers this difference of this
    component.
    """
    found = weighed(difference, component, acceptances, now)
    return found.acceptance if found.is_accepted else None


def weighed(
    difference: Difference, component: str, acceptances: Iterable[Acceptance], now: float
) -> Weighed:
    """What the acceptances make of a difference at ``now`` (POSIX s)."""
    covering = _covering(difference, component, acceptances)
    if not covering:
        return Weighed(None, is_accepted=False)
    last = max(covering, key=_end)
    first = next((each for each in covering if now < _end(each)), None)
    if first is None:
        return Weighed(last, is_accepted=False)
    return Weighed(first, is_accepted=True, ending=last if _end(last) - now <= AHEAD else None)


def reasons(acceptances: Sequence[Acceptance]) -> tuple[str, ...]:
    """The reasons of acceptances, each once, with its end, in their order."""
    return tuple(dict.fromkeys(reason_of(each) for each in acceptances))


def without_effect(
    acceptances: Iterable[Acceptance],
    component: str,
    observations: Observations,
    occasional: tuple[str, ...],
) -> tuple[str, ...]:
    """A sentence for each of the mirror's own acceptances of this component that accepts nothing,
    whatever the values are: what it names is not there, is not compared, or is a value that is not
    shown. Nothing is concluded of a side that was not seen. What an environment accepts is about
    other mirrors too, and need not be in each. ``occasional``: beginnings of names of facts that
    may come later.
    """
    production, staging = observations
    if not isinstance(production, Seen) or not isinstance(staging, Seen):
        return ()
    sides = (production, staging)
    found = []
    for each in acceptances:
        if each.component != component or each.environment is not None:
            continue
        if each.fact == PRESENT or _may_come(each.fact, occasional):
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
    return pattern == fact or ("*" in pattern and fact != PRESENT and matches(pattern, fact))


def _may_come(pattern: str, occasional: tuple[str, ...]) -> bool:
    """Whether it may be of a fact that is not there yet."""
    first, star, _ = pattern.partition("*")
    return any(
        first.startswith(each) or (bool(star) and each.startswith(first)) for each in occasional
    )


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
        what = f"that fits {fact}" if "*" in fact else fact
        why = f"production and staging have no fact {what}, so its accept has no effect"
    more = len(compared) - MAX_NAMED
    names = ", ".join(compared[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"{why}; compared are: {names}."


def _covering(
    difference: Difference, component: str, acceptances: Iterable[Acceptance]
) -> list[Acceptance]:
    """Those that cover this difference, whenever they end. Where the mirror itself has one of this
    fact, that one counts with its values and its end, and none of an environment.
    """
    naming = [
        each
        for each in acceptances
        if each.component == component and names(each.fact, difference.fact)
    ]
    own = [each for each in naming if each.environment is None]
    return [
        each
        for each in own or naming
        if _is_named(each.production, difference.production)
        and _is_named(each.staging, difference.staging)
    ]


def _end(acceptance: Acceptance) -> float:
    return inf if acceptance.until is None else acceptance.until


def _is_named(accepted: str | None, value: str | None) -> bool:
    """A sealed value cannot be named: naming one after the other would find it."""
    if accepted is None:
        return True
    return accepted == value and not value.startswith(SEAL)


def reason_of(acceptance: Acceptance) -> str:
    """Why, with its end."""
    end = "" if acceptance.until is None else f" (until {at(acceptance.until)})"
    return f"{because(acceptance)}{end}"


def because(acceptance: Acceptance) -> str:
    """Why, and whose acceptance it is where it is not the mirror's own."""
    whose = "" if acceptance.environment is None else f"environment {acceptance.environment}: "
    return f"{whose}{acceptance.reason}"


def at(moment: float) -> str:
    """POSIX seconds as people read them."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
