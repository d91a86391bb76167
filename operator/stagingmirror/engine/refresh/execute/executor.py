"""A refresh on its way forward: the next step taken, then everything verified. One step per call.

What an error means next is an attribute of its class. While verifying, a 401 or 403 is waited for
like any other answer: the rollback would need the same permission.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from stagingmirror.actions.step import Arrived, Reverted, Underway
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.facts import Why
from stagingmirror.engine.refresh.execute.contention import advice, restored_fields
from stagingmirror.engine.refresh.execute.preflight import (
    Refusal,
    TakeFailed,
    preflight,
    taking,
)
from stagingmirror.engine.refresh.execute.state import PATIENCE, SILENCE, Arrivals, Patience
from stagingmirror.engine.refresh.execute.verification import Judgement
from stagingmirror.engine.refresh.record.failure import Failure
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.errors import NotBegun, StagingMirrorError, StepFailed
from stagingmirror.reasons import Reason

# How often somebody may set a field back within one refresh before it is left to them.
REVERTS = 2

# What a step that failed so makes, it makes again.
_SAME_AGAIN = frozenset(
    {Reason.INDEX_DIFFERS, Reason.MASKING_FAILED, Reason.NOT_MASKED, Reason.NOT_SUPPORTED}
)

# Called before each step, reads live: why nothing more may be written, or None.
MayWrite = Callable[[Record], Awaitable[Why | None]]


@dataclass(frozen=True, slots=True)
class Executor:
    """``took(record, entry)`` is called for each step that is newly taken."""

    records: Records
    tools: Tools
    took: Callable[[Record, Entry], None]

    async def forward(self, record: Record, may_write: MayWrite, patience: Patience) -> Record:
        """Take the next step, or go on with it; the record as it then is."""
        now, entry = self.tools.clock(), record.next_entry
        if entry is None:
            return await self.records.keep(record.begin_verify(now))
        if now > record.started + record.timeout:
            return await self.turn(_too_slow(record, entry), *_timeout(record, entry.message))
        why = await may_write(record)
        if why is not None:
            return await self.turn(record, why.reason, why.message)
        surveyed, refusals = await preflight(record, self.tools)
        if refusals:
            return await self._refused(record, surveyed, refusals, patience)
        record = surveyed
        entry = record.entry(entry.step.id)
        try:
            with taking(entry):
                record = await self._take(record, entry, now)
        except TakeFailed as failed:
            known = self._after(record, failed.refusal.error)
            return await self._refused(known, known, [failed.refusal], patience)
        patience.renew()
        return record

    async def verify(self, record: Record, judgement: Judgement, arrivals: Arrivals) -> Record:
        """Read whether everything has arrived; the record as it then is. Nothing is written to
        staging. What has arrived is read again when all else has, so that all of it is seen at
        once.
        """
        now, arrived = self.tools.clock(), arrivals.of(record)
        waits: list[str] = []
        missing = [entry for entry in record.entries if entry.step.id not in arrived]
        turned = await self._verify_steps(record, missing, arrived, waits)
        if turned is None and not waits and judgement.waiting is None:
            again = [entry for entry in record.entries if entry not in missing]
            turned = await self._verify_steps(record, again, arrived, waits)
        return turned or await self._judge(record, judgement, waits, now)

    async def turn(self, record: Record, reason: str, message: str) -> Record:
        """From here on everything is rolled back."""
        return await self.records.keep(record.roll_back(reason, message, self.tools.clock()))

    async def _verify_steps(
        self, record: Record, entries: Iterable[Entry], arrived: set[str], waits: list[str]
    ) -> Record | None:
        """Note which of these steps have arrived and what is waited for. The record, where one of
        them ended the way forward.
        """
        reverted: list[tuple[Entry, Reverted]] = []
        for entry in entries:
            arrived.discard(entry.step.id)
            try:
                outcome = await entry.step.verify(record.task(entry), self.tools)
            except StagingMirrorError as error:
                match error.next.verify:
                    case "retry":
                        waits.append(error.message)
                        continue
                    case "roll back":
                        return await self._failed(record, entry, error)
                    case "stop":
                        raise
            if isinstance(outcome, Reverted):
                reverted.append((entry, outcome))
            elif isinstance(outcome, Underway):
                waits.append(outcome.message)
            else:
                arrived.add(entry.step.id)
        return await self._reverted(record, reverted) if reverted else None

    async def _take(self, record: Record, entry: Entry, now: float) -> Record:
        if entry.state == "Pending":
            entry = replace(entry, state="Started", began=now)
            record = await self.records.keep(record.with_entry(entry))
        outcome = await entry.step.take(record.task(entry), self.tools)
        if isinstance(outcome, Arrived):
            done = entry.arrived("Taken", outcome, self.tools.clock())
            record = await self.records.keep(record.with_entry(done))
            self.took(record, done)
            return record
        record = record.with_entry(entry.progressed(outcome))
        return record if outcome.after is None else await self.records.keep(record)

    def _after(self, record: Record, error: StagingMirrorError) -> Record:
        """The record once a try to take a step has failed. Where the request was refused, or never
        made, the entry is as it was before: nothing is written by a first try. Another step that
        failed may have written (what admission rewrote is there), and may have to be taken back.
        """
        may_have_written = isinstance(error, StepFailed) and not isinstance(error, NotBegun)
        return (self.records.get(record.uid) or record) if may_have_written else record

    async def _refused(
        self, record: Record, surveyed: Record, refusals: Sequence[Refusal], patience: Patience
    ) -> Record:
        """Steps that cannot be taken: while staging cannot have noticed anything yet, and nothing
        must be removed, their components are left and the rest goes on; else everything is rolled
        back. What was surveyed may be what does not fit into the record.
        """
        left = {name: each.why for each in refusals for name in each.components}
        rest, first = surveyed.leave(left), refusals[0]
        if self._waits(refusals, rest, patience):
            # What was kept may be further than what this pass began with.
            kept = self.records.get(record.uid) or record
            entry = replace(kept.entry(first.entry.step.id), message=first.error.message)
            return kept.with_entry(entry, first.error.message)
        patience.renew()
        if record.is_writing or not rest.entries or _would_leave_behind(record, rest):
            return await self._failed(record, first.entry, first.error)
        return await self.records.keep(rest)

    def _waits(self, refusals: Sequence[Refusal], rest: Record, patience: Patience) -> bool:
        """Whether these steps are tried again. A system that does not answer is waited for, until
        the timeout of the refresh, only where there is nothing else to do.
        """
        silent = [each for each in refusals if each.error.next.take == "retry"]
        if silent and len(silent) == len(refusals) and not rest.entries:
            return True
        most = SILENCE if silent else PATIENCE
        passes = any(each.passes for each in refusals)
        return passes and patience.lasts(self.tools.clock(), most)

    async def _reverted(self, record: Record, reverted: Sequence[tuple[Entry, Reverted]]) -> Record:
        """Taken once more; the second time they are left to whoever does it."""
        outcomes = [outcome for _, outcome in reverted]
        again = record
        for entry, outcome in reverted:
            entry = replace(entry, reverts=entry.reverts + 1, message=outcome.message)
            record, again = record.with_entry(entry), again.take_again(entry)
        if all(entry.reverts + 1 < REVERTS for entry, _ in reverted):
            return await self.records.keep(again)
        message = f"{restored_fields(outcomes)}, twice; {advice(outcomes)}"
        return await self.turn(record, Reason.CONTENDED, message)

    async def _judge(
        self, record: Record, judgement: Judgement, waits: list[str], now: float
    ) -> Record:
        written = record.last_write or now
        if waits and now > written + record.rollout_timeout:
            return await self.turn(record, Reason.ROLLOUT_TIMEOUT, f"{waits[0]}; see its pods.")
        if not waits and judgement.failed is not None:
            record = _not_again(record, judgement.failing, judgement.failed)
            return await self.turn(record, Reason.NOT_VERIFIED, judgement.failed)
        waiting = waits[0] if waits else judgement.waiting
        if waiting is None:
            return await self.records.keep(record.succeed(_success(record, judgement, now), now))
        if now > record.started + record.timeout:
            return await self.turn(record, *_timeout(record, waiting))
        return record.waits_for(waiting)

    async def _failed(self, record: Record, entry: Entry, error: StagingMirrorError) -> Record:
        entry = replace(record.entry(entry.step.id), message=error.message)
        what = f"{entry.step.describe()}: {error.message}"
        is_taken = record.phase == "Verify"
        record = record.with_entry(entry)
        is_edited = is_taken and error.reason == Reason.INDEX_DIFFERS
        if error.reason in _SAME_AGAIN and not is_edited and entry.state != "Pending":
            record = _not_again(record, entry.step.components, what)
        if error.reason == Reason.REWRITTEN_BY_ADMISSION:
            record = _with_failure(record, entry, what)
        return await self.turn(record, error.reason, what)


def _not_again(record: Record, components: Iterable[str], why: str) -> Record:
    """What steps of these components only make again is not tried again, but by request."""
    failed = set(components)
    for entry in record.entries:
        if entry.step.makes_the_same and failed & set(entry.step.components):
            record = _with_failure(record, entry, why)
    return record


def _too_slow(record: Record, entry: Entry) -> Record:
    """Neither is what the refresh had too little time for."""
    if not entry.step.is_slow(entry.after or {}):
        return record
    _, why = _timeout(record, entry.message)
    return _with_failure(record, entry, f"{entry.step.describe()}: {why}", record.timeout)


def _with_failure(record: Record, entry: Entry, why: str, timeout: float | None = None) -> Record:
    step = entry.step
    failure = Failure(why, step.components, step.basis(entry.before or {}), timeout)
    return replace(record, failures={**record.failures, step.id: failure})


def _would_leave_behind(record: Record, rest: Record) -> bool:
    """Whether one of the steps that are left out has made something that may not stay."""
    kept = {entry.step.id for entry in rest.entries}
    return any(
        entry.state != "Pending" and not entry.step.may_stay and entry.step.id not in kept
        for entry in record.entries
    )


def _success(record: Record, judgement: Judgement, now: float) -> str:
    count, unjudged, unproven = len(record.applied), judgement.unjudged, judgement.unproven
    verified = count - len(unjudged) - len(unproven)
    left = [f"{each.component} ({each.why})" for each in record.left_out]
    notes = (
        ("applied, but nothing that runs proves it: ", ", ".join(unproven)),
        ("applied, but not compared, for spec changed meanwhile: ", ", ".join(unjudged)),
        ("not compared since, so that it guarded nothing: ", "; ".join(judgement.uncompared)),
        ("left as they are: ", "; ".join(left)),
    )
    but = "".join(f"; {note}{names}" for note, names in notes if names)
    return f"{verified} of {count} applied and verified in {now - record.started:.0f} s{but}"


def _timeout(record: Record, message: str) -> tuple[str, str]:
    awaited = f" ({message})" if message else ""
    return Reason.TIMEOUT, f"the refresh took longer than {record.timeout:g} s{awaited}."
