"""What staging holds, read for every step before the first is taken.

It is what later writes are guarded by: a loader may run for an hour, and what somebody changes
meanwhile must stop the refresh instead of being taken for what was there before. What can never
arrive is refused here as well, while nothing is written yet.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from stagingmirror.actions.catalogue import action_for
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.steps import PatchWorkload, RunLoader, SetConfigMapKey
from stagingmirror.drift.wording import components_of
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.errors import (
    CannotRefresh,
    ChangedUnderneath,
    NeedsHuman,
    NotAllowed,
    NotThere,
    Refused,
    StagingMirrorError,
    StepFailed,
)
from stagingmirror.reasons import Reason

FINAL = (
    StepFailed,
    ChangedUnderneath,
    NotThere,
    NotAllowed,
    Refused,
    NeedsHuman,
    CannotRefresh,
)
"""What asking again the same way would not mend."""


class PreflightFailed(Exception):
    """A step that cannot be taken, and why."""

    def __init__(self, entry: Entry, error: StagingMirrorError) -> None:
        super().__init__(error.message)
        self.entry = entry
        self.error = error


async def surveyed(record: Record, tools: Tools) -> Record:
    """The record with what is there before each step; whole or not at all, so that whoever crashes
    here has read and written nothing. Raises SurveyFailed, and NotAnswered.
    """
    missing = [entry for entry in record.entries if entry.before is None]
    for entry in missing:
        try:
            before = await action_for(entry.step).survey(record.id, tools)
        except FINAL as error:
            raise PreflightFailed(entry, error) from error
        record = record.with_entry(replace(entry, before=before))
    if missing:
        _refuse_other_former(record)
    return record


def _refuse_other_former(record: Record) -> None:
    """A loader that is rolled back loads what staging had when it was judged; where staging holds
    something else by now, that would be loaded under another name.
    """
    for entry in record.entries:
        step = entry.step
        if not isinstance(step, RunLoader):
            continue
        held = [value for each in record.entries for value in _held(each, step)]
        if held and step.former not in held:
            error = ChangedUnderneath(
                Reason.CHANGED_UNDERNEATH,
                "staging's value was changed after it was judged; the next refresh starts from "
                "what it is now.",
            )
            raise PreflightFailed(entry, error)


def _held(entry: Entry, loader: RunLoader) -> Iterator[object]:
    """What stands where the loaded value is to be written; nothing where it is no plain text."""
    step, before = entry.step, entry.before or {}
    if loader.component not in components_of(step):
        return
    match step:
        case SetConfigMapKey(value=loader.value):
            yield before["value"]
        case PatchWorkload(writes=writes):
            for write, former in zip(writes, before["entries"], strict=True):
                if getattr(write, "value", None) == loader.value:
                    yield from _plain(former)
        case _:
            return


def _plain(former: object) -> Iterator[object]:
    if not isinstance(former, Mapping):
        yield former
    elif "valueFrom" not in former:
        yield former.get("value", "")
