"""What ``diff`` shows: per component the facts in which the sides differ. Pure."""

from collections.abc import Iterable

from rich.text import Text

from stagingmirror.api.status.model import ComponentStatus, DifferenceStatus
from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.read.freshness import Freshness
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.read.times import clock, span
from stagingmirror.cli.screens.differences import (
    Line,
    Standing,
    shown_differences,
    unlisted,
)
from stagingmirror.cli.screens.text import (
    columns,
    concise,
    elsewhere,
    line,
    pair,
    short,
    symbol,
)
from stagingmirror.drift.facts import DETAIL, SEALED

# Shown where a side does not have a fact.
NONE = "(none)"


def diff_screen(
    mirror: Mirror,
    believed: Freshness,
    now: float,
    components: Iterable[str] = (),
    *,
    whole: bool = False,
) -> list[Text]:
    """Every component that is not simply in sync, or those that are named. ``whole``: with every
    difference that the status lists, however many they are.
    """
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
        lines += _component(each, mirror, now, whole=whole)
    return lines


def _component(
    component: ComponentStatus, mirror: Mirror, now: float, *, whole: bool
) -> list[Text]:
    lines = [_title(component, now)]
    differing = shown_differences(component, whole=whole)
    if differing.lines:
        rows = _rows(differing.lines)
        lines += columns([("fact", "production", "staging", ""), *rows], indent="  ", gap=3)
    if differing.more:
        lines.append(Text(f"  … and {differing.more} more: {mirror.command('diff')} --all"))
    if component.unlisted:
        lines.append(Text(f"  {unlisted(component)}"))
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


def _rows(lines: Iterable[Line]) -> list[tuple[str | Text, ...]]:
    """A reason that stands in the row above is not repeated."""
    rows, above = [], None
    for each in lines:
        reason = each.difference.accepted if each.difference is not None else above
        rows.append(_row(each, is_repeated=reason is not None and reason == above))
        above = reason
    return rows


def _row(each: Line, *, is_repeated: bool) -> tuple[str | Text, ...]:
    if each.difference is None:
        return (each.name, "", "", f"{each.more} more")
    difference = each.difference
    base, _, detail = difference.fact.partition(DETAIL)
    name = f"  {detail}" if detail else base
    aside = "accepted, as above" if is_repeated else _aside(difference, each.standing)
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


def _aside(difference: DifferenceStatus, standing: Standing) -> str:
    """Why a difference does not count, or what staging should have instead."""
    if DETAIL in difference.fact:
        return ""
    if difference.accepted is not None:
        return f"accepted: {difference.accepted}"
    if standing is Standing.HELD:
        return "held"
    if standing is Standing.NOT_COMPARED:
        return "not compared"
    asides = []
    if difference.expected is not None:
        asides.append(f"staging should have {short(difference.expected)}")
    if difference.acceptance_ended is not None:
        asides.append(f"acceptance ended {difference.acceptance_ended}")
    return ", ".join(asides)
