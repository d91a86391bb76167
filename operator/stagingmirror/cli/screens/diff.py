"""What ``diff`` shows: per component the facts in which the sides differ. Pure."""

from collections.abc import Iterable

from rich.text import Text

from stagingmirror.api.status.model import ComponentStatus, DifferenceStatus
from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.read.freshness import Freshness
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.read.times import clock, span
from stagingmirror.cli.screens.text import (
    columns,
    concise,
    elsewhere,
    line,
    pair,
    short,
    symbol,
)
from stagingmirror.drift.accept import names
from stagingmirror.drift.facts import DETAIL, SEALED

# Shown where a side does not have a fact.
NONE = "(none)"


def diff_screen(
    mirror: Mirror, believed: Freshness, now: float, components: Iterable[str] = ()
) -> list[Text]:
    """Every component that is not simply in sync, or those that are named."""
    named = set(components)
    shown = [
        each
        for each in mirror.status.components
        if (each.name in named if named else each.verdict != "InSync")
    ]
    lines = [Text(f"? {believed.doubt}; this is what was seen last:")] if believed.doubt else []
    if not shown:
        return lines or [Text(f"✓ {mirror.name}: nothing differs")]
    lines += elsewhere(mirror)
    for index, each in enumerate(shown):
        lines += [Text("")] if index else []
        lines += _component(each, mirror, now)
    return lines


def _component(component: ComponentStatus, mirror: Mirror, now: float) -> list[Text]:
    lines = [_title(component, now)]
    if rows := _rows(component, mirror):
        lines += columns([("fact", "production", "staging", ""), *rows], indent="  ", gap=3)
    shown = {each.fact for each in component.differences}
    parts = (component.message or "").split("; ")
    lines += [line("  ", concise(part)) for part in parts if part.partition(": ")[0] not in shown]
    return lines


def _title(component: ComponentStatus, now: float) -> Text:
    since = parse_time(component.since)
    when = f" since {clock(since, now)} UTC ({span(now - since)})" if since is not None else ""
    verdict = {"InSync": "in sync"}.get(component.verdict, component.verdict.lower())
    kind = f" · {component.kind}" if component.kind else ""
    name = (component.name, "bold")
    return line(symbol(component.verdict), " ", name, f"{kind} · {verdict}{when}")


def _rows(component: ComponentStatus, mirror: Mirror) -> list[tuple[str | Text, ...]]:
    """Differences that count, each with its details below it; then those that do not count."""
    counted = {each.fact: each for each in component.differences}
    others = {
        fact: DifferenceStatus(
            fact=fact,
            production=component.production.get(fact),
            staging=component.staging.get(fact),
        )
        for fact in sorted({*component.production, *component.staging})
        if component.production.get(fact) != component.staging.get(fact) and fact not in counted
    }
    shown = others | counted
    return [
        _row(shown[fact], _aside(component, fact, mirror, counted=fact in counted))
        for fact in sorted(shown, key=lambda fact: _place(fact, counted))
    ]


def _place(fact: str, counted: Iterable[str]) -> tuple[bool, str, bool, str]:
    base = fact.partition(DETAIL)[0]
    return (base not in counted and fact not in counted, base, DETAIL in fact, fact)


def _row(difference: DifferenceStatus, aside: str) -> tuple[str | Text, ...]:
    base, _, detail = difference.fact.partition(DETAIL)
    name = f"  {detail}" if detail else base
    production, staging = difference.production, difference.staging
    if production is None or staging is None:
        sides = [_one_side(value) for value in (production, staging)]
        return (name, sides[0], sides[1], aside)
    return (name, *pair(production, staging), aside or _not_shown(production, staging))


def _one_side(value: str | None) -> str:
    return NONE if value is None else f'"{value}"' if value == NONE else short(value)


def _not_shown(production: str, staging: str) -> str:
    """Two values that are compared and not shown look alike."""
    return "they differ; not shown (only comparable)" if production == staging == SEALED else ""


def _aside(component: ComponentStatus, fact: str, mirror: Mirror, *, counted: bool) -> str:
    """Why a difference does not count, or what staging should have instead."""
    if DETAIL in fact:
        return ""
    accepted = next(
        (
            reason
            for (name, pattern), reason in (mirror.accepted or {}).items()
            if name == component.name and names(pattern, fact)
        ),
        None,
    )
    if accepted is not None:
        return f"accepted: {accepted}"
    if component.verdict == "Held":
        return "held"
    if not counted:
        return "not compared"
    expected = next((each.expected for each in component.differences if each.fact == fact), None)
    return f"staging should have {short(expected)}" if expected is not None else ""
