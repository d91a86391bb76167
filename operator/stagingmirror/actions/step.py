"""The contract of a step that can be executed. Each concrete step is one dataclass in one file of
this package; ``codec`` finds it there.

Every method may be called a second time: a process may have died after any write, before or after
the record was kept. So each reads first, and writes only what is not there yet.
"""

import json
import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from stagingmirror.actions.tools import Tools
from stagingmirror.api.spec.grants import Grant
from stagingmirror.drift.facts import Why
from stagingmirror.drift.steps import Step, Value
from stagingmirror.view import View

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One step of one refresh, as the record has it.

    ``before`` is what ``survey`` returned, ``after`` what the step has noted since. ``produced``
    holds what earlier steps made, by their ids. ``began`` is when the step was first taken,
    ``give_up`` when a rollback stops waiting (POSIX s). ``mirror`` is its namespace and name.
    """

    refresh: str
    before: Json
    after: Json
    produced: Mapping[str, str]
    began: float
    give_up: float = math.inf
    mirror: str = ""

    def text(self, value: Value) -> str:
        """The value, with what an earlier step made in its place."""
        if isinstance(value, str):
            return value
        return value.form.replace("{value}", self.produced[value.step])


@dataclass(frozen=True, slots=True)
class Underway:
    """Not done yet; a later pass calls again. ``after``: what to keep until then."""

    message: str
    after: Json | None = None


@dataclass(frozen=True, slots=True)
class Arrived:
    """Done. ``after`` replaces what was kept; ``produced`` is for later steps. ``caveat``: what a
    rollback did not restore, or could not verify.
    """

    message: str
    after: Json | None = None
    produced: str | None = None
    caveat: str | None = None


@dataclass(frozen=True, slots=True)
class Reverted:
    """Somebody restored the former value of what we wrote: the step is taken once more, then left
    to them.
    """

    manager: str
    message: str


Outcome = Underway | Arrived


@dataclass(frozen=True, slots=True)
class ExecutableStep(Step):
    """A step with the calls that execute it. Errors: what a refresh does next is an attribute of
    the error's class (``errors.Next``).
    """

    @abstractmethod
    async def survey(self, refresh: str, tools: Tools) -> Json:
        """What is there now: the whole former entry of each field, its owner, what runs. Writes
        nothing.
        """

    async def rehearse(self, task: Task, tools: Tools) -> None:
        """Raises what ``take`` would raise, as far as the system tells without doing it (names,
        sizes, rights, rules of admission). Writes nothing. Values that an earlier step will produce
        are not known yet.
        """
        return

    @abstractmethod
    async def take(self, task: Task, tools: Tools) -> Outcome:
        """Do it, or go on with it."""

    @abstractmethod
    async def verify(self, task: Task, tools: Tools) -> Outcome | Reverted:
        """Whether it arrived, read live. Reverted only where the value is what ``survey`` read; any
        other value is somebody's own change: ChangedUnderneath.
        """

    @abstractmethod
    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        """Restore what ``survey`` read, however far the step had got."""

    @abstractmethod
    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        """Whether that arrived; then the ownership of fields is given back."""

    @abstractmethod
    async def is_settled(self, task: Task, tools: Tools) -> bool:
        """Of a step that could not be rolled back: whether it holds its former or the applied value
        by now. Writes nothing. NotThere and StepFailed: it is gone with its object.
        """

    def check(self, before: Json, others: Sequence["Surveyed"]) -> Why | None:
        """Why a rollback of this step would be wrong, given what all steps found; None: it would be
        right.
        """
        return None

    def replaced(self, value: str, before: Json) -> Sequence[object]:
        """What this step overwrites with ``value``; nothing where that is no plain text."""
        return ()

    def kept(self, view: View) -> int:
        """About how many bytes a record holds of this step once it is surveyed: what it writes, and
        what it replaces, as long as that unless the view shows another length.
        """
        contents = (getattr(each.content, "value", each.content) for each in self.writes())
        return 2 * sum(stored_bytes(each) for each in contents if isinstance(each, str))

    def grants(self) -> frozenset[Grant]:
        """What both environments must grant as long as it writes, beside what its component names:
        what production runs may be another thing.
        """
        return frozenset()

    @property
    def may_stay(self) -> bool:
        """Whether what it has made may stay where its component is left out of a refresh; else the
        refresh is rolled back.
        """
        return False

    @property
    def makes_the_same(self) -> bool:
        """Whether it makes the same whenever it is taken: what differs then differs each time."""
        return False

    def basis(self, before: Json) -> str:
        """A digest of what its outcome rests on beside its own content, as it was surveyed; a
        failure counts only as long as that is the same.
        """
        return ""

    async def basis_now(self, tools: Tools) -> str:
        """The same, read live."""
        return ""

    def is_slow(self, after: Json) -> bool:
        """Whether what it waits for, with these notes, would last as long another time."""
        return False

    def owners(self, before: Json) -> Sequence[str]:
        """One sentence for each field that another manager wrote before us."""
        return ()


def stored_bytes(text: str | None) -> int:
    """What a text takes in a record."""
    return 0 if text is None else text_bytes(json.dumps(text, ensure_ascii=False))


def text_bytes(text: str) -> int:
    """In UTF-8."""
    return len(text.encode(errors="surrogatepass"))


class Surveyed(NamedTuple):
    step: ExecutableStep
    before: Json
