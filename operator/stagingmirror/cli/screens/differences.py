"""Which differences of a component a screen shows, and in which order. Pure.

What is worst comes first: what counts, then what is accepted, held, or not compared at all. Many
are shown in groups, each by its first facts and a count.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from stagingmirror.api.status.groups import groups
from stagingmirror.api.status.model import ComponentStatus, DifferenceStatus
from stagingmirror.drift.facts import DETAIL

# Facts of one standing that are shown one by one; where there are more, groups of each, and facts
# of each group.
MAX_FACTS, MAX_GROUPS, OF_A_GROUP = 12, 6, 2
# Details of one fact.
MAX_DETAILS = 10


class Standing(IntEnum):
    """What a difference means for the verdict, the worst first."""

    DRIFTED = 0
    ACCEPTED = 1
    HELD = 2
    NOT_COMPARED = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One difference; without one, how many ``more`` there are of the group ``name``."""

    name: str
    standing: Standing
    difference: DifferenceStatus | None = None
    more: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """``more``: how many differences, details included, have no line of their own."""

    lines: tuple[Line, ...]
    more: int


def shown_differences(component: ComponentStatus, *, whole: bool) -> Shown:
    """``whole``: all that the status lists."""
    counted = {each.fact: each for each in component.differences}
    standings = {fact: _standing(each, component) for fact, each in counted.items()}
    others = _others(component, counted)
    standings |= dict.fromkeys(others, Standing.NOT_COMPARED)
    known = counted | others
    lines: list[Line] = []
    for standing in Standing:
        facts = sorted(
            fact for fact in known if standings[fact] is standing and not _is_detail(fact, known)
        )
        lines += _of(facts, standing, known, whole=whole)
    return Shown(tuple(lines), len(known) - sum(each.difference is not None for each in lines))


def unlisted(component: ComponentStatus) -> str:
    """What no screen can show."""
    count = component.unlisted or 0
    one = count == 1
    return (
        f"{count} further fact{'' if one else 's'} differ{'s' * one}; the status has no room for"
        f" {'it' if one else 'them'}."
    )


def _of(
    facts: Sequence[str],
    standing: Standing,
    known: dict[str, DifferenceStatus],
    *,
    whole: bool,
) -> Iterator[Line]:
    if whole or len(facts) <= MAX_FACTS:
        for fact in facts:
            yield from _with_details(fact, standing, known, whole=whole)
        return
    found = groups(facts, MAX_GROUPS)
    for each in found[:MAX_FACTS]:
        # No line says "1 more" where the one has room in it.
        first = each.facts if len(each.facts) <= OF_A_GROUP + 1 else each.facts[:OF_A_GROUP]
        for fact in first:
            yield Line(fact, standing, known[fact])
        if len(first) < len(each.facts):
            yield Line(each.name, standing, more=len(each.facts) - len(first))


def _with_details(
    fact: str, standing: Standing, known: dict[str, DifferenceStatus], *, whole: bool
) -> Iterator[Line]:
    yield Line(fact, standing, known[fact])
    details = sorted(each for each in known if each.startswith(f"{fact}{DETAIL}"))
    for each in details if whole else details[:MAX_DETAILS]:
        yield Line(each, standing, known[each])


def _standing(difference: DifferenceStatus, component: ComponentStatus) -> Standing:
    if difference.accepted is not None:
        return Standing.ACCEPTED
    return Standing.HELD if component.verdict == "Held" else Standing.DRIFTED


def _others(component: ComponentStatus, counted: Container[str]) -> dict[str, DifferenceStatus]:
    """What is shown of both sides, is not the same, and is no difference. Where the status does not
    list all differences, these may be among them.
    """
    if component.unlisted:
        return {}
    production, staging = component.production, component.staging
    return {
        fact: DifferenceStatus(
            fact=fact, production=production.get(fact), staging=staging.get(fact)
        )
        for fact in sorted({*production, *staging})
        if production.get(fact) != staging.get(fact) and fact not in counted
    }


def _is_detail(fact: str, known: Container[str]) -> bool:
    base, slash, _ = fact.partition(DETAIL)
    return bool(slash) and base in known
