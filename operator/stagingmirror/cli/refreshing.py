"""``refresh``: ask for one by hand, and follow it to its end."""

from time import monotonic

from rich.text import Text

from stagingmirror.api.status_schema import RefreshTold
from stagingmirror.cli.ages import span
from stagingmirror.cli.answer import DIFFERS, FAILED, IN_SYNC, UNKNOWN
from stagingmirror.cli.asking import patience, token, watched
from stagingmirror.cli.desk import Desk
from stagingmirror.cli.lines import line, symbol
from stagingmirror.cli.mirror import Mirror
from stagingmirror.cli.reaching import fail, show

LONG = 10800.0
"""How long --wait waits where nothing is said: longer than a refresh may take, in seconds."""
SUCCEEDED = frozenset({"Succeeded", "NothingToDo"})
_WORDS = {
    "Pending": "waits",
    "Started": "under way",
    "Taken": "done",
    "Verified": "verified",
    "Returning": "is put back",
    "Returned": "was put back",
    "Restored": "was put back, verified",
    "Left": "could NOT be put back",
}


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
    async for seen in watched(desk, mirror, limit):
        show(follower.news(seen))
        if (ended := ended_refresh(seen, left)) is not None:
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
    message = (ended.message or "").rstrip(".")
    told = f": {message}" if message else ""
    if ended.result in SUCCEEDED:
        verdict = mirror.status.sync or "Unknown"
        is_there = verdict == "InSync"
        word = " is in sync with production" if is_there else f": {mirror.status.summary or ''}"
        head = line(symbol(verdict), f" {mirror.name}{word}   {span(seconds)}")
        return [head] if ended.result == "Succeeded" else [head, Text(f"  nothing to do{told}")]
    failed = {
        "PutBack": "refresh failed and was put back",
        "PutBackIncomplete": "refresh failed, and NOT everything could be put back",
        "Skipped": "refresh was not started",
    }.get(ended.result or "", f"refresh ended with {ended.result}")
    return [line(("✗", "red"), f" {mirror.name}: {failed}{told}")]


class Follower:
    """Remembers what was told of one refresh, so that each thing is told once."""

    def __init__(self, asked: str) -> None:
        self._asked = asked
        self._told: dict[str, str] = {}

    def news(self, mirror: Mirror) -> list[Text]:
        """What was not told yet."""
        open_ = mirror.status.refresh
        if open_ is None or open_.token != self._asked:
            return self._once("waiting", mirror.status.waiting, "  waits    ")
        lines = []
        if "started" not in self._told:
            self._told["started"] = "yes"
            steps = f"{len(open_.steps)} step{'s' * (len(open_.steps) != 1)}"
            lines.append(Text(f"Refreshing {mirror.name} (asked by hand): {steps}"))
        for step in open_.steps:
            lines += self._step({key: str(value) for key, value in step.items()})
        if open_.phase in ("Verify", "PutBack"):
            lines += self._once("message", open_.message, f"  {open_.phase.lower():<8} ")
        return lines

    def _step(self, step: dict[str, str]) -> list[Text]:
        state = step.get("state", "")
        if state == "Pending" or self._told.get(step.get("id", "")) == state:
            return []
        self._told[step.get("id", "")] = state
        words = _WORDS.get(state, state.lower())
        phase, component = step.get("phase", ""), step.get("component", "")
        return [Text(f"  {phase:<8} {component}   {step.get('text', '')}   {words}")]

    def _once(self, key: str, text: str | None, head: str) -> list[Text]:
        if not text or self._told.get(key) == text:
            return []
        self._told[key] = text
        return [Text(f"{head}{text}")]
