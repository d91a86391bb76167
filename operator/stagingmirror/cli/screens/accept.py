"""Differences as entries of ``spec.accept``, with what they are about in comments. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf

import yaml

from stagingmirror.api.status.model import ComponentStatus, DifferenceStatus
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.screens.text import pair, short
from stagingmirror.drift.accept import names
from stagingmirror.drift.facts import DETAIL, SEALED
from stagingmirror.drift.legible import is_hidden

# As ``truncation.cut`` ends a value that is not whole.
_CUT = re.compile(r"… \([0-9]+ characters, sha256:[0-9a-f]{8}\)\Z")


@dataclass(frozen=True, slots=True)
class Wanted:
    """``until`` is RFC 3339. ``fact``: only what it fits; with ``*`` it is accepted itself."""

    reason: str
    until: str | None
    fact: str | None
    with_values: bool


def entries(mirror: Mirror, component: ComponentStatus, wanted: Wanted) -> list[str]:
    """Lines of YAML; comments alone where nothing differs that is not accepted yet."""
    found = [
        each
        for each in component.differences
        if DETAIL not in each.fact
        and each.accepted is None
        and (wanted.fact is None or names(wanted.fact, each.fact))
    ]
    where = f"{mirror.namespace}/{mirror.name}"
    one = len(found) <= 1
    which = "" if wanted.fact is None else f" that fit{'s' * one} {short(wanted.fact)}"
    if not found:
        nothing = f"# {where}: nothing of {component.name}{which} differs that is not accepted."
        return [*_notes(mirror, component), nothing]
    count = f"{len(found)} fact{'' if one else 's'}"
    differ = f"{count} of {component.name}{which} differ{'s' * one}"
    items = list(_items(mirror, component, wanted, found))
    return [
        *_notes(mirror, component),
        f"# {where}: {differ}. Nothing is written: add this to spec of the StagingMirror.",
        *(["accept:"] if any(each.startswith("- ") for each in items) else []),
        *items,
    ]


def _notes(mirror: Mirror, component: ComponentStatus) -> Iterator[str]:
    if mirror.status.activity == "Refreshing":
        yield "# A refresh is in progress: what differs now may not differ after it."
    if component.unlisted:
        yield (
            f"# Not everything: {component.unlisted} more facts differ, and the status has no room"
            " for them."
        )


def _items(
    mirror: Mirror,
    component: ComponentStatus,
    wanted: Wanted,
    found: Iterable[DifferenceStatus],
) -> Iterator[str]:
    if wanted.fact is not None and "*" in wanted.fact:
        yield from (f"# {_differing(each)}" for each in found)
        yield from _entry(mirror, component, wanted, wanted.fact, {})
        return
    for each in found:
        yield f"# {_differing(each)}"
        if wanted.with_values and (why := _nameless(each)):
            yield f"# left out: {why}"
            continue
        if wanted.with_values and SEALED in (each.production, each.staging):
            yield "# only comparable: its values cannot be named, so any are accepted"
        if "*" in each.fact:
            yield "# the * in its name stands for any characters: other facts are accepted with it"
        yield from _entry(mirror, component, wanted, each.fact, _values(each, wanted))


def _entry(
    mirror: Mirror, component: ComponentStatus, wanted: Wanted, fact: str, values: dict[str, str]
) -> Iterator[str]:
    if (component.name, fact) in (mirror.accepted or {}):
        yield "# in place of the entry of this fact that spec.accept has:"
    fields = {"component": component.name, "fact": fact, **values, "reason": wanted.reason}
    if wanted.until is not None:
        fields["until"] = wanted.until
    for place, (name, value) in enumerate(fields.items()):
        yield f"{'  ' if place else '- '}{name}: {_quoted(value)}"


def _differing(difference: DifferenceStatus) -> str:
    production, staging = difference.production, difference.staging
    if production is not None and staging is not None:
        shown = tuple(each.plain for each in pair(production, staging))
    else:
        shown = tuple("nothing" if each is None else short(each) for each in (production, staging))
    return f"{short(difference.fact)}: production has {shown[0]}, staging has {shown[1]}"


def _values(difference: DifferenceStatus, wanted: Wanted) -> dict[str, str]:
    """Those that an acceptance can name: not what is only comparable, nor what is not there."""
    sides = {"production": difference.production, "staging": difference.staging}
    if not wanted.with_values or SEALED in sides.values():
        return {}
    return {name: value for name, value in sides.items() if value is not None}


def _nameless(difference: DifferenceStatus) -> str | None:
    """Why its values cannot be named, though they can be seen."""
    if "*" in difference.fact:
        return "the name of the fact has a *, which stands for others too, and values are of one"
    if any(_CUT.search(each or "") for each in (difference.production, difference.staging)):
        return "the status does not show its values whole (without --values any is accepted)"
    return None


def _quoted(text: str) -> str:
    """As every reader of YAML takes it for the same text; what nobody sees is escaped."""
    is_seen = not any(map(is_hidden, text))
    return yaml.safe_dump(text, default_style='"', allow_unicode=is_seen, width=inf).rstrip("\n")
