"""A refresh that is rolled back: everything that may have been written, in an order of its own.

Stores first, then workloads: what restarts must read the former value. Workloads of a component
whose loader runs again wait for it; the others do not. Within each, last written is first rolled
back. What cannot be rolled back is named, and the rest is rolled back all the same.

A refusal (401, 403, quota, credentials that are not there) is not the last word: it is asked
again until the refresh's timeout, counted from when it turned back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stagingmirror.actions.action import Arrived, Underway
from stagingmirror.actions.catalogue import action_for
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.steps import CopyModel, PatchWorkload, RunLoader
from stagingmirror.drift.wording import components_of, describe
from stagingmirror.engine.refresh.execute.executor import task_of
from stagingmirror.engine.refresh.record.record import Entry, Record, State
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.errors import (
    CannotRefresh,
    ChangedUnderneath,
    Conflicted,
    NeedsHuman,
    NotAllowed,
    NotAnswered,
    NotThere,
    Refused,
    StepFailed,
)
from stagingmirror.reasons import Reason

LOST = (ChangedUnderneath, StepFailed, NotThere)
"""What no asking again brings back."""
PASSING = (NotAnswered, Conflicted, NotAllowed, Refused, CannotRefresh, NeedsHuman)
"""What may be otherwise the next time, by itself or because somebody mends it."""

_WRITTEN = ("Started", "Taken", "Verified", "Returning")


def way_back(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries in the order in which they are rolled back."""
    loaded = {
        component
        for entry in entries
        if isinstance(entry.step, RunLoader) and entry.state != "Pending"
        for component in components_of(entry.step)
    }

    def rank(entry: Entry) -> int:
        match entry.step:
            case CopyModel():
                return 0  # ends a copy that still runs
            case PatchWorkload() as step:
                return 4 if loaded & set(components_of(step)) else 2
            case RunLoader():
                return 3
            case _:
                return 1

    latest_first = entries[::-1]
    return tuple(sorted(latest_first, key=rank))


@dataclass(frozen=True, slots=True)
class Rollback:
    records: Records
    tools: Tools

    async def back(self, record: Record) -> Record:
        """Roll back the next step, or verify that all are; the record as it then is.

        What waits keeps waiting only what comes after it in its own components.
        """
        waiting: set[str] = set()
        for todo in way_back(record.entries):
            components = set(components_of(todo.step))
            if todo.state not in _WRITTEN or components & waiting:
                continue
            record = await self._put_back(record, todo)
            if record.entry(todo.step.id).state != "Returning":
                return record
            waiting |= components
        if waiting:
            return record
        for entry in record.entries:
            if entry.state == "Returned":
                record = await self._verify_back(record, entry)
        if any(entry.state == "Returned" for entry in record.entries):
            return record
        return await self._close(record)

    async def _put_back(self, record: Record, entry: Entry) -> Record:
        if entry.before is None:
            return await self._note(record, replace(entry, state="Restored"))
        if entry.state != "Returning":
            entry = replace(entry, state="Returning")
            record = await self._note(record, entry)
        try:
            outcome = await action_for(entry.step).roll_back(task_of(record, entry), self.tools)
        except LOST as error:
            return await self._left(record, entry, error.message)
        except PASSING as error:
            return await self._ask_again(record, entry, error.message)
        after = entry.after if outcome.after is None else outcome.after
        entry = replace(entry, after=after, message=outcome.message)
        if isinstance(outcome, Arrived):
            entry = _arrived(entry, "Returned", outcome)
            entry = replace(entry, ended=self.tools.clock())
        elif outcome.after is None:
            return record.with_entry(entry)
        return await self._note(record, entry)

    async def _verify_back(self, record: Record, entry: Entry) -> Record:
        try:
            outcome = await action_for(entry.step).verify_rollback(
                task_of(record, entry), self.tools
            )
            if isinstance(outcome, Underway):
                self._refuse_late(record, entry, outcome.message)
                return replace(record, message=outcome.message)
        except LOST as error:
            return await self._left(record, entry, error.message)
        except PASSING as error:
            return await self._ask_again(record, entry, error.message)
        return await self._note(record, _arrived(entry, "Restored", outcome))

    def _refuse_late(self, record: Record, entry: Entry, message: str) -> None:
        if self.tools.clock() > (entry.ended or 0.0) + record.rollout_timeout:
            raise StepFailed(Reason.NOT_ROLLED_BACK, f"rolled back, but {message}")

    async def _ask_again(self, record: Record, entry: Entry, message: str) -> Record:
        if self.tools.clock() > (record.turned or 0.0) + record.timeout:
            return await self._left(record, entry, message)
        return replace(record.with_entry(replace(entry, message=message)), message=message)

    async def _left(self, record: Record, entry: Entry, message: str) -> Record:
        return await self._note(record, replace(entry, state="Left", message=message))

    async def _note(self, record: Record, entry: Entry) -> Record:
        return await self.records.keep(replace(record.with_entry(entry), message=""))

    async def _close(self, record: Record) -> Record:
        left = [entry for entry in record.entries if entry.state == "Left"]
        closed = replace(
            record,
            phase="Closed",
            result="RollbackIncomplete" if left else "RolledBack",
            ended=self.tools.clock(),
            message=_told(record, left),
        )
        return await self.records.keep(closed)


def _arrived(entry: Entry, state: State, outcome: Arrived) -> Entry:
    caveat = outcome.caveat or entry.caveat
    return replace(entry, state=state, message=caveat or outcome.message, caveat=caveat)


def _told(record: Record, left: Sequence[Entry]) -> str:
    why = record.why[1] if record.why else ""
    caveats = [entry for entry in record.entries if entry.caveat and entry not in left]
    but = "; ".join(f"{describe(entry.step)} ({entry.caveat})" for entry in caveats)
    if left:
        steps = "; ".join(f"{describe(entry.step)} ({entry.message})" for entry in left)
        told = f"{why} Could not be rolled back: {steps}"
        return f"{told}; rolled back, but: {but}" if but else told
    return (
        f"{why} Everything was rolled back, but: {but}"
        if but
        else f"{why} Everything was rolled back."
    )
