"""Follows one refresh: what was not printed yet, as aligned lines. Pure: the clock is handed
in.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.text import Text

from stagingmirror.api.status.model import RefreshStatus
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.read.times import span
from stagingmirror.cli.screens.text import concise

# Characters up to which the texts of steps widen their column.
MAX_TEXT = 88
# Seconds without a line after which one says what is waited for, or how far the step is.
SILENCE = 10.0
_DONE = frozenset({"Taken", "Verified"})
# Words for the state of a step. Verification and rollback are shown for the whole refresh.
_WORDS = {
    "Started": "under way",
    "Taken": "done",
    "Verified": "done",
    "RolledBack": "undone",
    "Restored": "undone",
    "Left": "could NOT be undone",
}


@dataclass(frozen=True, slots=True)
class _Step:
    id: str
    phase: str
    component: str
    text: str
    state: str
    message: str

    @property
    def word(self) -> str | None:
        """The word for its state; None where that is no news. What is switched takes no time."""
        if self.state == "Started" and self.phase != "prepare":
            return None
        return _WORDS.get(self.state)


class Follower:
    """Remembers what was printed of one refresh, so that each thing is printed once."""

    def __init__(self, token: str, now: float) -> None:
        """``now`` is any clock in seconds, here and in all methods."""
        self._token = token
        self._spoke = now
        self._printed: dict[str, str] = {}
        self._began: dict[tuple[str, bool], float] = {}
        self._last = 0.0
        self._seen: list[_Step] = []

    def news(self, mirror: Mirror, now: float) -> list[Text]:
        """What was not printed yet; after some silence what is waited for."""
        lines = self._news(mirror, now)
        if not lines and now - self._spoke >= SILENCE:
            lines = self._once("waiting", self._awaited(mirror), "waits")
        if lines:
            self._spoke = now
        return lines

    def _news(self, mirror: Mirror, now: float) -> list[Text]:
        open_ = mirror.status.refresh
        if open_ is None or open_.token != self._token:
            return self._once("waiting", mirror.status.waiting, "waits")
        steps = self._seen = _steps(open_)
        lines = []
        if "started" not in self._printed:
            self._printed["started"], self._last = "yes", now
            head = f"Refreshing {mirror.name} (requested manually): {len(steps)} step"
            lines.append(Text(head if len(steps) == 1 else f"{head}s"))
        for each in open_.left:
            lines += self._once(f"leave {each.component}", f"{each.component}: {each.why}", "leave")
        for step in steps:
            lines += self._step(step, _widths(steps), now)
        if open_.phase == "Verify":
            lines += self._once("verify", open_.message, "verify")
        if open_.phase == "RollBack":
            because = (open_.message or "").removeprefix("rolling back: ")
            lines += self._once("roll back", because, "roll back")
        return lines

    def _awaited(self, mirror: Mirror) -> str:
        """What goes on, where nothing else was said for a while."""
        open_ = mirror.status.refresh
        if open_ is None:
            return mirror.status.waiting or "the operator has not taken it up yet"
        if open_.token != self._token:
            going_on = open_.message or open_.phase or "it has begun"
            return f"for the mirror's own refresh {open_.id} ({going_on})"
        working = (step.message for step in _steps(open_) if step.state == "Started")
        return next(working, "") or open_.message or f"for phase {open_.phase}"

    def verified(self, now: float) -> list[Text]:
        """What was not printed yet of a refresh that was verified between two polls."""
        widths = _widths(self._seen)
        return [
            line
            for step in self._seen
            for line in self._step(replace(step, state="Verified"), widths, now)
        ]

    def _step(self, step: _Step, widths: tuple[int, int], now: float) -> list[Text]:
        forward = step.state == "Started" or step.state in _DONE
        if step.state in ("Started", "RollingBack"):
            self._began.setdefault((step.id, forward), now)
        word = step.word
        if word is None or self._printed.get(step.id) == word:
            return []
        self._printed[step.id] = word
        took = ""
        if step.state != "Started":
            took = span(now - self._began.get((step.id, forward), self._last))
            self._last = now
        phase = step.phase if forward else "roll back"
        component, text = widths
        cells = f"{phase:<9}  {step.component:<{component}}   {step.text:<{text}}   {word:<9}"
        return [Text(f"  {cells}  {took}".rstrip())]

    def _once(self, key: str, text: str | None, head: str) -> list[Text]:
        if not text or self._printed.get(key) == text:
            return []
        self._printed[key] = text
        return [Text(f"  {head:<9}  {concise(text)}")]


def _steps(refresh: RefreshStatus) -> list[_Step]:
    return [
        _Step(
            id=str(each.get("id", "")),
            phase=str(each.get("phase", "")),
            component=str(each.get("component", "")),
            text=concise(str(each.get("text", ""))),
            state=str(each.get("state", "")),
            message=concise(str(each.get("message", ""))),
        )
        for each in refresh.steps
    ]


def _widths(steps: Sequence[_Step]) -> tuple[int, int]:
    """Of the columns of components and of texts."""
    component = max((len(step.component) for step in steps), default=0)
    return component, min(MAX_TEXT, max((len(step.text) for step in steps), default=0))
