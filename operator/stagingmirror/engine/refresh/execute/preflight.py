"""What staging holds, read for every step before the first is taken, and whether each could be.

Later writes are guarded by it: a loader may run for an hour, and what somebody changes meanwhile
must stop the refresh instead of being taken for the former value. What can never arrive (a name, a
size, a right, a rule of admission) is found here as well, while nothing is written yet.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

from stagingmirror.actions.step import ExecutableStep, Surveyed, Task, text_bytes
from stagingmirror.actions.tools import Tools
from stagingmirror.engine.refresh.record.record import Entry, Record, encoded
from stagingmirror.engine.refresh.record.room import BEFORE_WRITING
from stagingmirror.errors import ChangedUnderneath, Refused, StagingMirrorError, StepFailed
from stagingmirror.reasons import Reason

# Steps that are surveyed at the same time.
AT_ONCE = 8
# Written by a rehearsal in the place of what an earlier step will produce.
PLACEHOLDER = "1"


class Refusal(NamedTuple):
    """A step that cannot be taken. ``components`` are those for which it cannot."""

    entry: Entry
    components: tuple[str, ...]
    error: StagingMirrorError

    @property
    def passes(self) -> bool:
        """Whether a later pass may find it otherwise."""
        return self.error.next.take in ("retry", "retry briefly")

    @property
    def why(self) -> str:
        return f"{self.entry.step.describe()}: {self.error.message}"


class TakeFailed(Exception):
    """A step could not be taken."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.error.message)
        self.refusal = refusal


@contextmanager
def taking(entry: Entry) -> Iterator[None]:
    """Raises TakeFailed for errors that are not simply retried; the others go through."""
    try:
        yield
    except StagingMirrorError as error:
        if error.next.take in ("retry", "stop"):
            raise
        raise TakeFailed(Refusal(entry, entry.step.components, error)) from error


async def preflight(record: Record, tools: Tools) -> tuple[Record, Sequence[Refusal]]:
    """The record with what is there before each step, and the steps that cannot be taken. All of
    them or none, so that whoever crashes here has read and written nothing.
    """
    missing = [entry for entry in record.entries if entry.before is None]
    if not missing:
        return record, ()
    refusals: list[Refusal] = []
    for found in await _survey_all(record, missing, tools):
        if isinstance(found, Refusal):
            refusals.append(await _narrowed(record, found, tools))
        else:
            record = record.with_entry(found)
    for check in (_check, _too_large):
        rest = record.leave({name: each.why for each in refusals for name in each.components})
        refusals += check(rest)
    return record, refusals


async def _survey_all(
    record: Record, entries: Sequence[Entry], tools: Tools
) -> list[Entry | Refusal]:
    room = asyncio.Semaphore(AT_ONCE)

    async def survey(entry: Entry) -> Entry | Refusal:
        async with room:
            return await _survey(record, entry, tools)

    ends = await asyncio.gather(*map(survey, entries), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    return [end for end in ends if not isinstance(end, BaseException)]


async def _survey(record: Record, entry: Entry, tools: Tools) -> Entry | Refusal:
    produced = {each.step.id: PLACEHOLDER for each in record.entries}
    try:
        before = await entry.step.survey(record.id, tools)
        surveyed = replace(entry, before=before)
        task = replace(record.task(surveyed), produced=produced)
        await _rehearse(entry.step, task, tools)
    except StagingMirrorError as error:
        if error.next.take == "stop":
            raise
        return Refusal(entry, entry.step.components, error)
    return surveyed


async def _rehearse(step: ExecutableStep, task: Task, tools: Tools) -> None:
    try:
        await step.rehearse(task, tools)
    except Refused as error:
        if error.reason != Reason.DRY_RUN_NOT_SUPPORTED:  # then nothing is known
            raise


async def _narrowed(record: Record, refusal: Refusal, tools: Tools) -> Refusal:
    """Of a step that several components share, only for those whose own part cannot be taken."""
    key = refusal.entry.step.merge_key()
    parts = [Entry(part) for part in record.parts if part.merge_key() == key]
    found = await _survey_all(record, parts, tools)
    blamed = {name for each in found if isinstance(each, Refusal) for name in each.components}
    return refusal._replace(components=tuple(sorted(blamed))) if blamed else refusal


def _check(record: Record) -> Iterable[Refusal]:
    """What is a new step for what others leave is surveyed, and checked, by the next pass."""
    surveyed = [(each, each.before) for each in record.entries if each.before is not None]
    found = [Surveyed(entry.step, before) for entry, before in surveyed]
    return [
        Refusal(entry, entry.step.components, ChangedUnderneath(why.reason, why.message))
        for entry, before in surveyed
        if (why := entry.step.check(before, found)) is not None
    ]


def _too_large(record: Record) -> Iterator[Refusal]:
    """A record that could not be written once the first step is taken would leave staging half
    changed.
    """
    while (held := text_bytes(encoded(record))) > BEFORE_WRITING and record.entries:
        largest = max(record.entries, key=lambda entry: len(str(entry.before)))
        error = StepFailed(
            Reason.TOO_LARGE,
            f"what this refresh must keep to be able to roll back has {held} bytes, and it can "
            f"keep {BEFORE_WRITING}; make the value shorter.",
        )
        yield Refusal(replace(largest, before=None), largest.step.components, error)
        record = record.leave(dict.fromkeys(largest.step.components, error.message))
