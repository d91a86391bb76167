"""The contract of a hand: what one step of a refresh can be asked to do.

Each call may be the second one: a process may have died after any write, before or after the record
learnt of it. So every method reads first and writes only what is not so yet.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from stagingmirror.actions.tools import Tools
from stagingmirror.drift.steps import Value

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One step of one refresh, as the record knows it.

    ``before`` is what ``survey`` saw, ``after`` what the hand has noted since. ``produced`` holds
    what earlier steps made, by their ids. ``began`` is when the step was first taken, ``give_up``
    when nothing more is waited for on the way back (POSIX s).
    """

    refresh: str
    before: Json
    after: Json
    produced: Mapping[str, str]
    began: float
    give_up: float = math.inf
    mirror: str = ""
    """Namespace and name of the mirror."""

    def text(self, value: Value) -> str:
        """The value, with what an earlier step made in its place."""
        if isinstance(value, str):
            return value
        return value.form.replace("{value}", self.produced[value.step])


@dataclass(frozen=True, slots=True)
class Underway:
    """Not yet; asked again by a later pass. ``after``: what to remember until then."""

    message: str
    after: Json | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """Done. ``after`` replaces what was remembered; ``produced`` is for later steps. ``caveat``:
    what is not as it was though it was rolled back, or not known to be.
    """

    message: str
    after: Json | None = None
    produced: str | None = None
    caveat: str | None = None


@dataclass(frozen=True, slots=True)
class Reverted:
    """Somebody set what we wrote back to what it was: to be taken once more, then left."""

    manager: str
    message: str


Outcome = Underway | Arrived


class Action(Protocol):
    """One step that can be taken, verified and rolled back.

    Errors: ``StepFailed`` and ``ChangedUnderneath`` put the refresh back; ``NotAnswered`` asks
    again later; ``NotThere``, ``NotAllowed`` and ``Refused`` are told with their reason and put
    back.
    """

    async def survey(self, refresh: str, tools: Tools) -> Json:
        """What is there now: the whole former entry of each field, its owner, what runs. Writes
        nothing.
        """
        ...

    async def take(self, task: Task, tools: Tools) -> Outcome:
        """Do it, or go on with it."""
        ...

    async def verify(self, task: Task, tools: Tools) -> Outcome | Reverted:
        """Whether it arrived, asked live. Reverted only where it is what ``survey`` saw again; any
        other value is somebody's own change: ChangedUnderneath.
        """
        ...

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        """Make it what ``survey`` saw, wherever it had got to."""
        ...

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        """Whether that arrived; then what is ours no more is given back to its owner."""
        ...

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        """Of a step that could not be rolled back: whether somebody has made it what it was, or
        what was applied. Writes nothing. NotThere and StepFailed: it is gone with its object.
        """
        ...
