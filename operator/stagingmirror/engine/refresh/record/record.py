"""The write-ahead account of one refresh: what it may do, what it found, how far it is.

Written before the first write and before each step is taken, so that whoever reads it next knows
what could have been written. Times are POSIX seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from stagingmirror.drift.facts import Fact
from stagingmirror.drift.serial import from_dict, to_dict
from stagingmirror.drift.steps import CopyModel, Step

FORMAT = 1

Json = Mapping[str, Any]
Trigger = Literal["Schedule", "Manual"]
Phase = Literal["Forward", "Verify", "RollBack", "Closed"]
State = Literal[
    "Pending", "Started", "Taken", "Verified", "Returning", "Returned", "Restored", "Left"
]
"""Forward: Pending, Started (may have been written), Taken, Verified. Back: Returning, Returned,
Restored; Left: could not be rolled back.
"""
Result = Literal["Succeeded", "RolledBack", "RollbackIncomplete", "Skipped", "NothingToDo"]


class UnreadableRecord(ValueError):
    """Damaged, or written by another format: nothing can be said of what it did."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One step and its state. ``reverts`` counts how often somebody set it back; ``caveat`` is what
    is not known to be as it was though it was rolled back.
    """

    step: Step
    state: State = "Pending"
    before: Json | None = None
    after: Json | None = None
    produced: str | None = None
    began: float | None = None
    ended: float | None = None
    message: str = ""
    reverts: int = 0
    caveat: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a component was to become: production's facts as they were when it was planned, and the
    form of its track then.
    """

    track: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Record:
    """``environment`` is staging's, ``production`` the other's. ``writer`` is the process that may
    act on it. ``last_write`` is when the last write to staging was acknowledged. ``why`` is what
    made it turn back, and ``turned`` when.
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
    def is_writing(self) -> bool:
        """Whether a step that staging notices may have been taken: all but a copy, which no alias
        names. A loader changes what staging's values mean.
        """
        return self.is_open and any(
            entry.state != "Pending" and not isinstance(entry.step, CopyModel)
            for entry in self.entries
        )

    @property
    def left(self) -> tuple[Entry, ...]:
        """What could not be rolled back and is not settled otherwise since."""
        return tuple(entry for entry in self.entries if entry.state == "Left")

    @property
    def produced(self) -> dict[str, str]:
        return {e.step.id: e.produced for e in self.entries if e.produced is not None}

    def with_entry(self, entry: Entry) -> "Record":
        """With this entry in the place of the one of the same step."""
        entries = tuple(entry if e.step.id == entry.step.id else e for e in self.entries)
        return replace(self, entries=entries)

    def entry(self, step_id: str) -> Entry:
        return next(entry for entry in self.entries if entry.step.id == step_id)


def to_json(record: Record) -> dict[str, Any]:
    """As it is kept; ``from_json`` gives an equal record back."""
    plain = {
        name: getattr(record, name)
        for name in Record.__dataclass_fields__
        if name not in ("entries", "applied")
    }
    return {
        "format": FORMAT,
        **plain,
        "entries": [_entry_json(entry) for entry in record.entries],
        "applied": {name: _applied_json(applied) for name, applied in record.applied.items()},
    }


def from_json(written: Mapping[str, Any]) -> Record:
    """Raises UnreadableRecord."""
    if written.get("format") != FORMAT:
        raise UnreadableRecord(f"format {str(written.get('format'))[:16]} is not known")
    try:
        plain = {name: written[name] for name in Record.__dataclass_fields__ if name in written}
        if plain["phase"] not in get_args(Phase):
            raise UnreadableRecord("a phase that is not known")
        plain["entries"] = tuple(_entry(each) for each in written["entries"])
        plain["applied"] = {
            name: Applied(each["track"], {k: Fact(**v) for k, v in each["facts"].items()})
            for name, each in written["applied"].items()
        }
        plain["why"] = _pair(written.get("why"))
        return Record(**plain)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableRecord(f"the record is damaged ({type(error).__name__})") from error


def _entry_json(entry: Entry) -> dict[str, Any]:
    plain = {name: getattr(entry, name) for name in Entry.__dataclass_fields__ if name != "step"}
    return {"step": to_dict(entry.step), **plain}


def _entry(written: Mapping[str, Any]) -> Entry:
    plain = {name: value for name, value in written.items() if name != "step"}
    if plain.get("state") not in get_args(State):
        raise UnreadableRecord("a state that is not known")
    return Entry(step=from_dict(written["step"]), **plain)


def _applied_json(applied: Applied) -> dict[str, Any]:
    return {
        "track": applied.track,
        "facts": {name: _fact_json(fact) for name, fact in applied.facts.items()},
    }


def _fact_json(fact: Fact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in Fact.__dataclass_fields__}


def _pair(written: Sequence[str] | None) -> tuple[str, str] | None:
    return None if written is None else (written[0], written[1])
