"""What ``status`` shows: the answer first, then where, why, and what happens next. Pure."""

from collections.abc import Iterable, Sequence

from rich.text import Text

from stagingmirror.api.status.model import ComponentStatus
from stagingmirror.api.types.times import parse_time
from stagingmirror.cli.read.freshness import Freshness
from stagingmirror.cli.read.holds import Hold
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.read.times import span, tick
from stagingmirror.cli.screens.differences import Standing, shown_differences, unlisted
from stagingmirror.cli.screens.hold import hold_lines
from stagingmirror.cli.screens.plan import blocking
from stagingmirror.cli.screens.text import (
    STYLES,
    UNKNOWN_STYLE,
    clipped,
    columns,
    concise,
    elsewhere,
    line,
    symbol,
)
from stagingmirror.drift.facts import DETAIL

# Characters of a summary in the table of several mirrors.
MAX_CELL = 80
# Lines of one component, and characters of each.
MAX_LINES, MAX_LINE = 6, 160
_STANDINGS = {
    Standing.DRIFTED: "differs: ",
    Standing.ACCEPTED: "accepted: ",
    Standing.HELD: "held: ",
    Standing.NOT_COMPARED: "",
}


def status_screen(
    mirror: Mirror,
    believed: Freshness,
    now: float,
    holds: Sequence[Hold] | None = (),
    *,
    whole: bool = False,
) -> list[Text]:
    """One mirror, and the holds of it; None: they may not be read. ``whole``: messages as long as
    they are, and every difference that the status lists.
    """
    return [
        _headline(mirror, believed, now),
        *elsewhere(mirror),
        *_notes(mirror, believed),
        Text(""),
        *_components(mirror, believed, whole=whole),
        Text(""),
        *_holds(mirror, now, holds),
        *_next(mirror, now),
    ]


def status_table(
    mirrors: Sequence[tuple[Mirror, Freshness]], now: float, *, namespaces: bool
) -> list[Text]:
    """Several mirrors, one line each."""
    head = [*(["NAMESPACE"] if namespaces else []), "NAME", "SYNC", "SUMMARY", "SEEN", "CHECKED"]
    rows: list[list[str | Text]] = [[*head]]
    for mirror, believed in mirrors:
        place = [mirror.namespace] if namespaces else []
        verdict = Text(believed.sync, STYLES.get(believed.sync, UNKNOWN_STYLE))
        seen = mirror.status.seen or ""
        rows.append(
            [*place, mirror.name, verdict, _in_a_cell(mirror, believed), seen, _age(mirror, now)]
        )
    return columns(rows, gap=3)


def _in_a_cell(mirror: Mirror, believed: Freshness) -> str:
    """Why, and that a human is needed; of a mirror without components only that."""
    stalled = mirror.condition("Stalled") if mirror.trouble() else None
    if believed.doubt is not None or stalled is None or not mirror.status.components:
        found = believed.doubt or mirror.trouble() or mirror.status.summary or ""
        return clipped(found, MAX_CELL)
    tail = f"; stalled: {stalled.reason}"
    return clipped(mirror.status.summary or "", MAX_CELL - len(tail)) + tail


def _headline(mirror: Mirror, believed: Freshness, now: float) -> Text:
    status, name = mirror.status, (mirror.name, "bold")
    style = STYLES.get(believed.sync, UNKNOWN_STYLE)
    seen = _age(mirror, now)
    tail = f"   seen {seen} ago" if seen else ""
    if believed.doubt is not None:
        last = f"\nWhat was seen {seen} ago, and may be wrong now:" if seen else ""
        return line(name, (" is unknown: ", style), believed.doubt, last)
    if believed.sync == "InSync":
        since = _for(status.in_sync_since, now)
        return line(name, (" is in sync", style), f" with production{since}{tail}")
    if believed.sync == "Drifted":
        since = _for(status.drifted_since, now)
        text = f" with production{since}: {concise(status.summary or '')}{tail}"
        return line(name, (" is NOT in sync", style), text)
    if believed.sync == "Held":
        return line(name, (" is held: ", style), concise(status.summary or "") + tail)
    return line(name, (" is unknown: ", style), _why_unknown(mirror) + tail)


def _why_unknown(mirror: Mirror) -> str:
    stalled = mirror.condition("Stalled")
    trouble = mirror.trouble()
    if trouble and not mirror.status.components:
        return f"{_called('Stalled', stalled.reason if stalled else None)}: {trouble}"
    in_sync = mirror.condition("InSync")
    found = in_sync.message if in_sync is not None else None
    return concise(mirror.status.summary or found or "nothing was seen")


def _notes(mirror: Mirror, believed: Freshness) -> Iterable[Text]:
    """Conditions that are present only while they matter, except what the headline shows."""
    in_headline = believed.doubt is None and not mirror.status.components
    stalled = [] if in_headline else ["Stalled"]
    for type_ in [*stalled, "Contended", "DriftOverdue", "Refreshing"]:
        found = mirror.condition(type_)
        if found is not None and found.status == "True":
            yield line((f"{_called(type_, found.reason)}: ", "bold"), concise(found.message or ""))


def _called(type_: str, reason: str | None) -> str:
    return type_ if reason in (None, type_) else f"{type_} ({reason})"


def _components(mirror: Mirror, believed: Freshness, *, whole: bool) -> list[Text]:
    rows: list[list[str | Text]] = []
    for each in mirror.status.components:
        mark = Text("·") if believed.doubt else symbol(each.verdict)
        # A line per statement of the message.
        parts = [concise(p) for p in (each.message or "").replace("\n", "; ").split("; ")]
        lines = parts + _one_by_one(each) if whole else _first(parts, mirror)
        first, *more = lines
        rows.append([mark, each.name, each.kind or "", first])
        rows.extend(["", "", "", text] for text in more)
    return columns(rows, indent="  ")


def _first(parts: Sequence[str], mirror: Mirror) -> list[str]:
    lines = [clipped(part, MAX_LINE) for part in parts]
    if len(lines) <= MAX_LINES:
        return lines
    kept = lines[: MAX_LINES - 1]
    return [*kept, f"… and {len(lines) - len(kept)} more: {mirror.command('status')} --all"]


def _one_by_one(component: ComponentStatus) -> list[str]:
    """What differs, where the message has room for groups of it only."""
    shown = shown_differences(component, whole=True).lines
    facts = [
        each
        for each in shown
        if each.difference is not None
        and each.standing is not Standing.NOT_COMPARED
        and DETAIL not in each.name
    ]
    if len(facts) <= 1:
        return []
    lines = [f"{_STANDINGS[each.standing]}{each.name}" for each in facts]
    return [*lines, unlisted(component)] if component.unlisted else lines


def _holds(mirror: Mirror, now: float, holds: Sequence[Hold] | None) -> list[Text]:
    if holds is not None:
        return hold_lines(mirror, holds, now)
    is_held = mirror.status.activity == "Frozen" or any(
        each.verdict == "Held" for each in mirror.status.components
    )
    return [Text("Held; by what is not shown: you may not list MirrorHolds.")] if is_held else []


def _next(mirror: Mirror, now: float) -> Iterable[Text]:
    if mirror.schedule is None:
        yield Text("No refresh: spec.refresh is not set, so this mirror only watches and reports.")
        return
    if mirror.suspended:
        yield Text("Refreshes are suspended (spec.refresh.suspend); checks go on.")
        return
    if (blocker := blocking(mirror)) is not None:
        yield Text(f"No refresh starts before that is mended: Stalled ({blocker.reason}).")
        return
    if mirror.status.waiting:
        yield Text(f"A refresh is due and waits: {mirror.status.waiting}")
    due = parse_time(mirror.status.next_refresh_time)
    if due is not None:
        when = f"in {span(due - now)}" if due > now else "now"
        steps = mirror.status.plan.steps if mirror.status.plan else ()
        would = f" What it would do: {mirror.command('plan')}" if steps else ""
        yield Text(f"Next refresh {tick(due, mirror.zone)} ({when}).{would}")


def _age(mirror: Mirror, now: float) -> str:
    """How old the oldest observation is; empty where there is none."""
    times = [parse_time(each.observed_at) for each in mirror.status.components]
    known = [time for time in times if time is not None]
    return span(now - min(known)) if known else ""


def _for(since: str | None, now: float) -> str:
    began = parse_time(since)
    return "" if began is None else f", for {span(now - began)}"
