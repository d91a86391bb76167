"""What staging holds, read for every step before the first is taken.

Later writes are guarded by it: a loader may run for an hour, and what somebody changes meanwhile
must stop the refresh instead of being taken for the former value. What can never arrive is refused
here as well, while nothing is written yet.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from stagingmirror.actions.step import Surveyed, text_bytes
from stagingmirror.actions.tools import Tools
from stagingmirror.engine.refresh.record.record import Entry, Record, encoded
from stagingmirror.engine.refresh.record.room import BEFORE_WRITING
from stagingmirror.errors import ChangedUnderneath, StagingMirrorError, StepFailed
from stagingmirror.reasons import Reason


class TakeFailed(Exception):
    """A step cannot be taken, and no later pass would change that by itself."""

    def __init__(self, entry: Entry, error: StagingMirrorError) -> None:
        super().__init__(error.message)
        self.entry = entry
        self.error = error


@contextmanager
def taking(entry: Entry) -> Iterator[None]:
    """Raises TakeFailed for errors that are not simply retried; the others go through."""
    try:
        yield
    except StagingMirrorError as error:
        if error.next.take in ("retry", "stop"):
            raise
        raise TakeFailed(entry, error) from error


async def surveyed(record: Record, tools: Tools) -> Record:
    """The record with what is there before each step; whole or not at all, so that whoever crashes
    here has read and written nothing. Raises TakeFailed, and errors to be retried.
    """
    missing = [entry for entry in record.entries if entry.before is None]
    for entry in missing:
        with taking(entry):
            before = await entry.step.survey(record.id, tools)
        record = record.with_entry(replace(entry, before=before))
    if missing:
        _check(record)
        _refuse_what_does_not_fit(record)
    return record


def _check(record: Record) -> None:
    found = [Surveyed(entry.step, entry.before or {}) for entry in record.entries]
    for entry in record.entries:
        why = entry.step.check(entry.before or {}, found)
        if why is not None:
            raise TakeFailed(entry, ChangedUnderneath(why.reason, why.message))


def _refuse_what_does_not_fit(record: Record) -> None:
    """A record that could not be written once the first step is taken would leave staging half
    changed.
    """
    held = text_bytes(encoded(record))
    if held > BEFORE_WRITING:
        largest = max(record.entries, key=lambda entry: len(str(entry.before)))
        raise TakeFailed(
            replace(largest, before=None),
            StepFailed(
                Reason.TOO_LARGE,
                f"what this refresh must keep to be able to roll back has {held} bytes, and it can "
                f"keep {BEFORE_WRITING}; make the value shorter.",
            ),
        )
