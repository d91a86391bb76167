"""The rollback of a refresh: everything that may have been written, in an order of its own.

Stores first, then workloads: what restarts must read the former value. Workloads of a component
whose loader runs again wait for it; the others do not. Within each, the last written comes first.
What cannot be rolled back is named, and the rest is rolled back all the same.

A refusal (401, 403, quota, missing credentials) is retried until the refresh's timeout, counted
from the beginning of the rollback.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stagingmirror.actions.step import Arrived, Underway
from stagingmirror.actions.tools import Tools
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.errors import StagingMirrorError, StepFailed
from stagingmirror.reasons import Reason

_WRITTEN = ("Started", "Taken", "Verified", "RollingBack")


def in_rollback_order(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """``loaded`` are the components for which staging may have noticed a prepare step."""
    loaded = frozenset(
        component
        for entry in entries
        if entry.step.phase == "prepare" and entry.step.visible and entry.state != "Pending"
        for component in entry.step.components
    )
    latest_first = entries[::-1]
    return tuple(sorted(latest_first, key=lambda entry: entry.step.rollback_rank(loaded)))


@dataclass(frozen=True, slots=True)
class Rollback:
    records: Records
    tools: Tools

    async def back(self, record: Record) -> Record:
        """Roll back the next step, or verify that all are; the record as it then is.

        A step that waits delays only what comes after it in its own components.
        """
        waiting: set[str] = set()
        for entry in in_rollback_order(record.entries):
            components = set(entry.step.components)
            if entry.state not in _WRITTEN or components & waiting:
                continue
            record = await self._roll_back(record, entry)
            if record.entry(entry.step.id).state != "RollingBack":
                return record
            waiting |= components
        if waiting:
            return record
        for entry in record.entries:
            if entry.state == "RolledBack":
                record = await self._verify(record, entry)
        if any(entry.state == "RolledBack" for entry in record.entries):
            return record
        return await self.records.keep(record.close_rollback(_summary(record), self.tools.clock()))

    async def _roll_back(self, record: Record, entry: Entry) -> Record:
        if entry.before is None:
            return await self._keep(record, replace(entry, state="Restored"))
        if entry.state != "RollingBack":
            entry = replace(entry, state="RollingBack")
            record = await self._keep(record, entry)
        try:
            outcome = await entry.step.roll_back(record.task(entry), self.tools)
        except StagingMirrorError as error:
            return await self._failed(record, entry, error)
        if isinstance(outcome, Arrived):
            entry = entry.arrived("RolledBack", outcome, self.tools.clock())
            return await self._keep(record, entry)
        entry = entry.progressed(outcome)
        return (
            record.with_entry(entry) if outcome.after is None else await self._keep(record, entry)
        )

    async def _verify(self, record: Record, entry: Entry) -> Record:
        now = self.tools.clock()
        try:
            outcome = await entry.step.verify_rollback(record.task(entry), self.tools)
            if isinstance(outcome, Underway):
                if now <= (entry.ended or 0.0) + record.rollout_timeout:
                    return record.waits_for(outcome.message)
                raise StepFailed(Reason.NOT_ROLLED_BACK, f"rolled back, but {outcome.message}")
        except StagingMirrorError as error:
            return await self._failed(record, entry, error)
        return await self._keep(record, entry.arrived("Restored", outcome, now))

    async def _failed(self, record: Record, entry: Entry, error: StagingMirrorError) -> Record:
        if error.next.rollback == "stop":
            raise error
        late = self.tools.clock() > (record.turned or 0.0) + record.timeout
        if late or error.next.rollback == "leave":
            return await self._keep(record, replace(entry, state="Left", message=error.message))
        return record.with_entry(replace(entry, message=error.message), error.message)

    async def _keep(self, record: Record, entry: Entry) -> Record:
        return await self.records.keep(record.with_entry(entry, message=""))


def _summary(record: Record) -> str:
    why = record.why[1] if record.why else ""
    but = "; ".join(
        f"{entry.step.describe()} ({entry.caveat})"
        for entry in record.entries
        if entry.caveat and entry.state != "Left"
    )
    if record.left:
        left = "; ".join(map(str, record.left))
        done = f"; rolled back, but: {but}" if but else ""
        return f"{why} Could not be rolled back: {left}{done}"
    if all(entry.state == "Pending" for entry in record.entries):
        return f"{why} Nothing had been written."
    return f"{why} Everything was rolled back" + (f", but: {but}" if but else ".")
