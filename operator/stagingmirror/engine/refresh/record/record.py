"""The write-ahead record of one refresh: what it may do, what it found, how far it is.

Kept before the first write and before each step is taken, so that whoever reads it next knows what
could have been written. Times are POSIX seconds.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import TypeAdapter

from stagingmirror.actions.codec import StoredStep
from stagingmirror.actions.step import Arrived, Outcome, Task
from stagingmirror.api.spec.grants import Grant
from stagingmirror.drift.merge import without
from stagingmirror.drift.plan import left_with
from stagingmirror.drift.steps import Left
from stagingmirror.engine.refresh.record.applied import Applied, Guard
from stagingmirror.engine.refresh.record.copies import Copy, Taken, with_taken
from stagingmirror.engine.refresh.record.failure import Failure

FORMAT = 3

Json = Mapping[str, Any]
Trigger = Literal["Schedule", "Manual"]
Phase = Literal["Forward", "Verify", "RollBack", "Closed"]
# Forward: Pending, Started (may have been written), Taken, Verified. Rollback: RollingBack,
# RolledBack, Restored (verified to be rolled back), Left (could not be).
State = Literal[
    "Pending", "Started", "Taken", "Verified", "RollingBack", "RolledBack", "Restored", "Left"
]
Result = Literal["Succeeded", "RolledBack", "RollbackIncomplete", "Skipped", "NothingToDo"]


class UnreadableRecord(ValueError):
    """Damaged, or written in another format: what that refresh did is not known."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One step and its state. ``reverts`` counts how often somebody restored its former value;
    ``caveat`` is what the rollback did not restore, or could not verify.
    """

    step: StoredStep
    state: State = "Pending"
    before: Json | None = None
    after: Json | None = None
    produced: str | None = None
    began: float | None = None
    ended: float | None = None
    message: str = ""
    reverts: int = 0
    caveat: str | None = None

    def progressed(self, outcome: Outcome) -> "Entry":
        """With what the step has noted."""
        after = self.after if outcome.after is None else outcome.after
        return replace(self, after=after, message=outcome.message)

    def arrived(self, state: State, outcome: Arrived, now: float) -> "Entry":
        """Taken, or rolled back, or verified to be, as ``state`` has it."""
        caveat = outcome.caveat or self.caveat
        return replace(
            self.progressed(outcome),
            state=state,
            produced=outcome.produced or self.produced,
            caveat=caveat,
            message=caveat or outcome.message,
            ended=now,
        )

    def __str__(self) -> str:
        """The step with what became of it."""
        return f"{self.step.describe()} ({self.message})"


@dataclass(frozen=True, slots=True)
class Record:
    """``environment`` is staging's, ``production`` the other's. ``writer`` is the process that may
    act on it. ``last_write`` is when the last write to staging was acknowledged. ``why`` is the
    reason for its rollback, which began at ``turned``. ``rests_on``: what the environments granted
    when it was planned. ``parts``: of steps that several components share, what each of them wants.
    ``left_out``: components that were to be refreshed and are left as they are. ``companions``:
    without which other components each is left. ``failures``: of steps, by id, that would only
    fail again, now or when they were last taken.
    ``connection`` is the spec of the staging environment when it began, as JSON: how to reach its
    systems, and the names of Secrets, never what these hold.
    ``copies``: what refreshes before this one have made in stores. ``guards``: what is compared
    after it, by component.
    """

    id: str
    uid: str
    namespace: str
    name: str
    environment: str
    production: str
    generation: int
    trigger: Trigger
    writer: str
    started: float
    timeout: float
    rollout_timeout: float
    entries: tuple[Entry, ...]
    applied: Mapping[str, Applied]
    rests_on: tuple[Grant, ...]
    parts: tuple[StoredStep, ...] = ()
    left_out: tuple[Left, ...] = ()
    companions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)
    connection: Json | None = None
    copies: tuple[Copy, ...] = ()
    guards: Mapping[str, Guard] = field(default_factory=dict)
    token: str | None = None
    tick: float | None = None
    phase: Phase = "Forward"
    turned: float | None = None
    last_write: float | None = None
    why: tuple[str, str] | None = None
    result: Result | None = None
    message: str = ""
    ended: float | None = None

    @property
    def is_open(self) -> bool:
        return self.phase != "Closed"

    @property
    def is_unbegun(self) -> bool:
        """Whether no step was taken."""
        return self.phase == "Forward" and all(e.state == "Pending" for e in self.entries)

    @property
    def moved(self) -> float:
        """When something of it last began or ended (POSIX s)."""
        steps = (at for entry in self.entries for at in (entry.began, entry.ended))
        return max(filter(None, (self.started, self.last_write, self.turned, *steps)))

    @property
    def awaited(self) -> str | None:
        """What a rollback waits for, for people."""
        if self.phase != "RollBack" or self.why is None:
            return None
        return self.message if self.message not in ("", self.why[1]) else None

    @property
    def is_writing(self) -> bool:
        """Whether a step that staging may notice may have been taken."""
        return self.is_open and any(
            entry.state != "Pending" and entry.step.visible for entry in self.entries
        )

    @property
    def left(self) -> tuple[Entry, ...]:
        """What could not be rolled back and is not settled otherwise since."""
        return tuple(entry for entry in self.entries if entry.state == "Left")

    @property
    def produced(self) -> dict[str, str]:
        return {e.step.id: e.produced for e in self.entries if e.produced is not None}

    @property
    def next_entry(self) -> Entry | None:
        """The step that is to be taken next, or is being taken."""
        return next((e for e in self.entries if e.state in ("Pending", "Started")), None)

    @property
    def all_copies(self) -> tuple[Copy, ...]:
        """What this refresh and those before it have made in stores and not removed."""
        own = (
            Taken(e.step, e.before or {}, e.after or {}, e.began or self.started)
            for e in self.entries
            if e.state != "Pending"
        )
        return with_taken(self.copies, own)

    def not_after(self, now: float) -> "Record":
        """Without times that are still to come: a clock that was ahead wrote them, and waiting for
        them would last as long as it was ahead.
        """
        return replace(
            self,
            started=min(self.started, now),
            entries=tuple(replace(e, began=_past(e.began, now)) for e in self.entries),
            tick=_past(self.tick, now),
            turned=_past(self.turned, now),
            last_write=_past(self.last_write, now),
            ended=_past(self.ended, now),
        )

    def entry(self, step_id: str) -> Entry:
        return next(entry for entry in self.entries if entry.step.id == step_id)

    def task(self, entry: Entry) -> Task:
        """The entry as its step is given it."""
        return Task(
            refresh=self.id,
            before=entry.before or {},
            after=entry.after or {},
            produced=self.produced,
            began=entry.began or self.started,
            give_up=(self.turned or self.started) + self.timeout,
            mirror=f"{self.namespace}/{self.name}",
        )

    def with_entry(self, entry: Entry, message: str | None = None) -> "Record":
        """With this entry in the place of the one of the same step."""
        entries = tuple(entry if e.step.id == entry.step.id else e for e in self.entries)
        return replace(self, entries=entries, message=self.message if message is None else message)

    def leave(self, left: Mapping[str, str]) -> "Record":
        """Without these components, each with the reason. Nothing of them may have been written."""
        if not left:
            return self
        left = {**left_with(self.companions, left), **left}
        gone, shared = frozenset(left), {part.merge_key() for part in self.parts}
        single = [e.step for e in self.entries if e.step.merge_key() not in shared]
        known = {entry.step.id: entry for entry in self.entries}
        kept = without([*single, *self.parts], gone)
        return replace(
            self,
            entries=tuple(replace(known.get(s.id, Entry(s)), step=s) for s in kept),
            parts=tuple(part for part in self.parts if not gone & set(part.components)),
            applied={name: each for name, each in self.applied.items() if name not in gone},
            left_out=(*self.left_out, *(Left(name, why) for name, why in left.items())),
        )

    def begin_verify(self, now: float) -> "Record":
        """Everything is taken."""
        return replace(self, phase="Verify", last_write=now)

    def take_again(self, entry: Entry) -> "Record":
        """Somebody restored the former value of this step."""
        return replace(self.with_entry(replace(entry, state="Started")), phase="Forward")

    def waits_for(self, message: str) -> "Record":
        return replace(self, message=message)

    def roll_back(self, reason: str, message: str, now: float) -> "Record":
        """From here on everything is rolled back."""
        return replace(self, phase="RollBack", why=(reason, message), turned=now, message=message)

    def without_copy(self, copy: Copy, message: str) -> "Record":
        """One of ``copies`` is gone, or is not ours any more; ``message`` is added."""
        rest = tuple(each for each in self.copies if each.name != copy.name)
        return replace(self, copies=rest, message=f"{self.message}; {message}")

    def succeed(self, message: str, now: float) -> "Record":
        entries = tuple(replace(entry, state="Verified") for entry in self.entries)
        return replace(self, entries=entries)._close("Succeeded", message, now)

    def close_rollback(self, message: str, now: float) -> "Record":
        return self._close("RollbackIncomplete" if self.left else "RolledBack", message, now)

    def _close(self, result: Result, message: str, now: float) -> "Record":
        return replace(self, phase="Closed", result=result, message=message, ended=now)


def _past(at: float | None, now: float) -> float | None:
    return None if at is None else min(at, now)


_RECORD = TypeAdapter(Record)


def to_json(record: Record) -> dict[str, Any]:
    """As it is kept; ``from_json`` returns an equal record."""
    return {"format": FORMAT, **_RECORD.dump_python(record, mode="json")}


def encoded(record: Record) -> str:
    """As its ConfigMap holds it."""
    return json.dumps(to_json(record), sort_keys=True, ensure_ascii=False)


def from_json(written: Mapping[str, Any]) -> Record:
    """Raises UnreadableRecord."""
    if written.get("format") != FORMAT:
        raise UnreadableRecord(f"format {str(written.get('format'))[:16]} is not known")
    try:
        return _RECORD.validate_python(written)
    except ValueError as error:  # its text quotes values of the record
        raise UnreadableRecord(f"the record is damaged ({type(error).__name__})") from error
