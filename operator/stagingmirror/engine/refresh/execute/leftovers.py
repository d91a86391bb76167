"""Fields that a rollback could not restore: the end of Stalled(RollbackIncomplete).

They are read again, never written. A field that holds its former or the applied value is settled,
and so is one that is gone with its object. Whether a loader's data are right cannot be seen: it is
settled once the whole mirror is in sync when a refresh is requested.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from stagingmirror.actions.tools import Tools
from stagingmirror.drift.verdict import Accepted, InSync
from stagingmirror.engine.context import Context
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.errors import NotAnswered, NotThere, StagingMirrorError, StepFailed

# Seconds between two reads of what was left, and where some of it was not answered: each pass waits
# for the answer.
PERIOD = 15.0
SILENCE = 60.0

ENDS = (
    "This ends when each of these holds its former or the applied value again, or with the next "
    "refresh (also one that finds everything in sync)."
)


@dataclass(slots=True)
class LeftoversCheck:
    """When the leftovers of one mirror are read again (POSIX s)."""

    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Leftovers:
    records: Records
    tools: Tools

    async def settle(self, record: Record, last: LeftoversCheck) -> Record:
        """The closed record, without what is settled by now. Raises what keeping it raises."""
        if not record.left or self.tools.clock() < last.at:
            return record
        found = [(entry, await self._is_settled(record, entry)) for entry in record.left]
        is_answered = all(settled is not None for _, settled in found)
        last.at = self.tools.clock() + (PERIOD if is_answered else SILENCE)
        settled = [entry for entry, is_settled in found if is_settled]
        return await self._settle(record, settled, "found at its former or the applied value")

    async def found_in_sync(self, context: Context, record: Record | None) -> None:
        """A refresh was requested, and there was nothing to do."""
        verdicts = [judged.verdict for judged in context.components]
        if record is not None and all(isinstance(each, InSync | Accepted) for each in verdicts):
            await self._settle(record, record.left, "staging was found in sync")

    async def _settle(self, record: Record, entries: Iterable[Entry], message: str) -> Record:
        settled = record
        for entry in entries:
            settled = settled.with_entry(replace(entry, state="Restored", message=message))
        return record if settled is record else await self.records.keep(settled)

    async def _is_settled(self, record: Record, entry: Entry) -> bool | None:
        """None: not answered."""
        try:
            return await entry.step.is_settled(record.task(entry), self.tools)
        except (NotThere, StepFailed):
            return True  # with its object, or its container
        except NotAnswered:
            return None
        except StagingMirrorError:
            return False  # not seen is not settled
