"""``refresh``: ask for one by hand, and follow it to its end."""

from time import monotonic

from rich.text import Text

from stagingmirror.api.status_schema import RefreshTold
from stagingmirror.cli.ages import span
from stagingmirror.cli.answer import DIFFERS, FAILED, IN_SYNC, UNKNOWN
from stagingmirror.cli.asking import patience, token, watched
from stagingmirror.cli.desk import Desk
from stagingmirror.cli.following import Follower
from stagingmirror.cli.lines import concise, line, symbol
from stagingmirror.cli.mirror import Mirror
from stagingmirror.cli.reaching import fail, show

LONG = 10800.0
"""How long --wait waits where nothing is said: longer than a refresh may take, in seconds."""
OFTEN = 0.2
"""Seconds between two looks: a refresh of small things takes no longer than a few of them."""
SUCCEEDED = frozenset({"Succeeded", "NothingToDo"})


async def refresh(desk: Desk, name: str, *, wait: bool, within: str | None) -> int:
    limit = patience(within, LONG)
    mirror = await desk.mirror(name)
    if mirror.schedule is None:
        fail(f"{mirror.name} has no spec.refresh, so staging is never written; add it first")
        return FAILED
    left, begun = token(), monotonic()
    await desk.annotate(mirror, "refresh-at", left)
    if not wait:
        show(f"asked for a refresh of {mirror.name}; see: kubectl stagingmirror status {name}")
        return IN_SYNC
    follower = Follower(left)
    async for seen in watched(desk, mirror, limit, every=OFTEN):
        show(follower.news(seen, monotonic()))
        if (ended := ended_refresh(seen, left)) is not None:
            if ended.result == "Succeeded":
                show(follower.verified(monotonic()))
            show(end_lines(seen, ended, monotonic() - begun))
            return end_code(seen, ended)
    show(f"? {mirror.name}: no end within {span(limit)}; see: kubectl stagingmirror status {name}")
    return UNKNOWN


def ended_refresh(mirror: Mirror, asked: str) -> RefreshTold | None:
    """The entry that tells how the refresh of this token ended."""
    return next((each for each in mirror.status.refreshes if each.token == asked), None)


def end_code(mirror: Mirror, ended: RefreshTold) -> int:
    """0 only where what was asked for is there and was verified."""
    if ended.result not in SUCCEEDED:
        return FAILED
    return IN_SYNC if mirror.status.sync == "InSync" else DIFFERS


def end_lines(mirror: Mirror, ended: RefreshTold, seconds: float) -> list[Text]:
    """How it ended, and what that means for staging."""
    message = concise(ended.message or "").rstrip(".")
    told = f": {message}" if message else ""
    if ended.result in SUCCEEDED:
        verdict = mirror.status.sync or "Unknown"
        is_there = verdict == "InSync"
        word = (
            " is in sync with production"
            if is_there
            else f": {concise(mirror.status.summary or '')}"
        )
        head = line(symbol(verdict), f" {mirror.name}{word}   {span(seconds)}")
        return [head] if ended.result == "Succeeded" else [head, Text(f"  nothing to do{told}")]
    failed = {
        "PutBack": "refresh failed and was put back",
        "PutBackIncomplete": "refresh failed, and NOT everything could be put back",
        "Skipped": "refresh was not started",
    }.get(ended.result or "", f"refresh ended with {ended.result}")
    return [line(("✗", "red"), f" {mirror.name}: {failed}{told}")]
