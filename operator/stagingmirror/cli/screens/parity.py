"""What ``parity`` shows: of each feature how many samples differ, and how. Pure."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.text import Text

from stagingmirror.api.status.model import ComponentStatus
from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.read.freshness import Freshness
from stagingmirror.cli.read.times import clock, span
from stagingmirror.cli.screens.text import columns, concise, line, symbol
from stagingmirror.drift.parity.counts import counts_in

_COUNTS = "counts."
# The group of most features: it stands in no row.
_COMMON = "values."
_HEADER = ("feature", "type", "n", "differ", "noise", "largest", "likely")


class _Row(NamedTuple):
    feature: str
    type: str
    judged: str
    differing: str
    noise: str
    largest: str
    cause: str


def parity_screen(
    components: Sequence[ComponentStatus], believed: Freshness, now: float
) -> list[Text]:
    """Of these components, all of kind featureParity; those features first that differ."""
    lines = [Text(f"? {believed.doubt}; this is what was seen last:")] if believed.doubt else []
    for index, each in enumerate(components):
        lines += [Text("")] if index else []
        lines += _component(each, now)
    return lines


def parity_json(component: ComponentStatus) -> dict[str, Any]:
    return {
        "name": component.name,
        "verdict": component.verdict,
        "since": component.since,
        "probed": component.staging.get("probed"),
        "samples": component.staging.get("samples"),
        "features": [row._asdict() for row in _rows(component)],
        "message": component.message,
    }


def _component(component: ComponentStatus, now: float) -> list[Text]:
    lines = [_title(component, now)]
    rows = [*map(tuple, _rows(component))]
    if rows:
        lines += columns([_HEADER, *rows], indent="  ", gap=2)
    parts = (component.message or "").split("; ")
    return lines + [line("  ", concise(part)) for part in parts if part]


def _title(component: ComponentStatus, now: float) -> Text:
    since = parse_time(component.since)
    when = f" since {clock(since, now)} UTC" if since is not None else ""
    probed = parse_time(component.staging.get("probed"))
    age = (
        f" · {component.staging.get('samples')} samples, {span(now - probed)} ago" if probed else ""
    )
    verdict = {"InSync": "in sync"}.get(component.verdict, component.verdict.lower())
    return line(
        symbol(component.verdict), " ", (component.name, "bold"), f" · {verdict}{when}{age}"
    )


def _rows(component: ComponentStatus) -> list[_Row]:
    found = [
        _row(fact.removeprefix(_COUNTS).removeprefix(_COMMON), text)
        for fact, text in component.staging.items()
        if fact.startswith(_COUNTS)
    ]
    return sorted(found, key=lambda row: (row.differing == "0", row.feature))


def _row(feature: str, text: str) -> _Row:
    """A line that was cut is shown as it is."""
    counts = counts_in(text)
    if counts is None:
        return _Row(feature, text, "", "", "", "", "")
    numbers = (str(counts.judged), str(counts.differing), str(counts.noise))
    return _Row(feature, counts.type, *numbers, counts.largest, counts.cause)
