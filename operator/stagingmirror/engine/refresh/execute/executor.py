"""A refresh on its way: the next step taken, then everything verified. One step per call.

Errors decide what happens next: a step that failed, or that we may not take, turns the refresh
back; what was not answered is asked again by a later pass, until the refresh's own timeout. A 401
or 403 is asked again for a while (an API server that starts says so to everybody); while verifying,
as long as any other answer is waited for: the way back would need the same permission.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from stagingmirror.actions.action import Arrived, Outcome, Reverted, Task, Underway
from stagingmirror.actions.catalogue import action_for
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.facts import Why
from stagingmirror.drift.wording import describe
from stagingmirror.engine.refresh.execute.arrivals import Arrivals
from stagingmirror.engine.refresh.execute.patience import Patience
from stagingmirror.engine.refresh.execute.preflight import FINAL, PreflightFailed, surveyed
from stagingmirror.engine.refresh.execute.verification import Judgement
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.errors import CannotRefresh, NotAllowed, NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason

REVERTS = 2
"""How often somebody may set a field back within one refresh before it is left to them."""

MayWrite = Callable[[Record], Awaitable[Why | None]]
"""Asked live before a step; the reason why nothing more may be written, or None."""


@dataclass(frozen=True, slots=True)
class Executor:
    """``took(record, entry)`` is told of each step that is newly taken."""

    records: Records
    tools: Tools
    took: Callable[[Record, Entry], None]

    async def forward(self, record: Record, may_write: MayWrite, patience: Patience) -> Record:
        """Take the next step, or go on with it; the record as it then is."""
        now = self.tools.clock()
        entry = next((e for e in record.entries if e.state in ("Pending", "Started")), None)
        if entry is None:
            return await self.records.keep(replace(record, phase="Verify", last_write=now))
        if now > record.started + record.timeout:
            return await self.turn(record, *_timeout(record, entry.message))
        why = await may_write(record)
        if why is not None:
            return await self.turn(record, why.reason, why.message)
        try:
            record = await surveyed(record, self.tools)
            entry = record.entry(entry.step.id)
            record = await self._take(record, entry, now)
        except PreflightFailed as failed:
            return await self._refused_or_failed(record, failed.entry, failed.error, patience)
        except FINAL as error:
            # As it was before this try: refused at the first one it has written nothing.
            return await self._refused_or_failed(record, entry, error, patience)
        patience.renew()
        return record

    async def verify(self, record: Record, judgement: Judgement, arrivals: Arrivals) -> Record:
        """Ask whether everything has arrived; the record as it then is. Nothing is written to
        staging. What has arrived is asked again when all else has, to be sure of all at once.
        """
        now, arrived = self.tools.clock(), arrivals.of(record)
        waits: list[str] = []
        missing = [entry for entry in record.entries if entry.step.id not in arrived]
        turned = await self._ask(record, missing, arrived, waits)
        if turned is None and not waits and judgement.waiting is None:
            again = [entry for entry in record.entries if entry not in missing]
            turned = await self._ask(record, again, arrived, waits)
        return turned or await self._judge(record, judgement, waits, now)

    async def _ask(
        self, record: Record, entries: Iterable[Entry], arrived: set[str], waits: list[str]
    ) -> Record | None:
        """Ask for these steps, noting which have arrived and what is waited for. The record, where
        that turned the refresh.
        """
        for entry in entries:
            arrived.discard(entry.step.id)
            try:
                outcome = await action_for(entry.step).verify(task_of(record, entry), self.tools)
            except (NotAnswered, NotAllowed, CannotRefresh) as error:
                waits.append(error.message)
                continue
            except FINAL as error:
                return await self._failed(record, entry, error)
            if isinstance(outcome, Reverted):
                return await self._reverted(record, entry, outcome)
            if isinstance(outcome, Underway):
                waits.append(outcome.message)
            else:
                arrived.add(entry.step.id)
        return None

    async def turn(self, record: Record, reason: str, message: str) -> Record:
        """Turn back: from here on everything is rolled back."""
        turned = self.tools.clock()
        turned_back = replace(
            record, phase="RollBack", why=(reason, message), turned=turned, message=message
        )
        return await self.records.keep(turned_back)

    async def _take(self, record: Record, entry: Entry, now: float) -> Record:
        if entry.state == "Pending":
            entry = replace(entry, state="Started", began=now)
            record = await self.records.keep(record.with_entry(entry))
        outcome = await action_for(entry.step).take(task_of(record, entry), self.tools)
        return await self._took(record, entry, outcome)

    async def _refused_or_failed(
        self, record: Record, entry: Entry, error: StagingMirrorError, patience: Patience
    ) -> Record:
        may_pass = isinstance(error, NotAllowed) and patience.lasts(self.tools.clock())
        if not may_pass:
            patience.renew()
            return await self._failed(record, entry, error)
        # What was kept may be further than what this pass began with.
        kept = self.records.get(record.uid) or record
        return kept.with_entry(replace(kept.entry(entry.step.id), message=error.message))

    async def _took(self, record: Record, entry: Entry, outcome: Outcome) -> Record:
        after = entry.after if outcome.after is None else outcome.after
        entry = replace(entry, after=after, message=outcome.message)
        if isinstance(outcome, Arrived):
            done = replace(
                entry, state="Taken", produced=outcome.produced, ended=self.tools.clock()
            )
            record = await self.records.keep(record.with_entry(done))
            self.took(record, done)
            return record
        if outcome.after is not None:
            return await self.records.keep(record.with_entry(entry))
        return record.with_entry(entry)

    async def _reverted(self, record: Record, entry: Entry, reverted: Reverted) -> Record:
        """Taken once more; the second time it is left to whoever does it."""
        entry = replace(entry, reverts=entry.reverts + 1, message=reverted.message)
        record = record.with_entry(entry)
        if entry.reverts >= REVERTS:
            return await self.turn(
                record,
                Reason.CONTENDED,
                f"{reverted.message}, twice; let {reverted.manager} leave it to stagingmirror.",
            )
        again = replace(entry, state="Started")
        return await self.records.keep(replace(record.with_entry(again), phase="Forward"))

    async def _judge(
        self, record: Record, judgement: Judgement, waits: list[str], now: float
    ) -> Record:
        written = record.last_write or now
        if waits and now > written + record.rollout_timeout:
            return await self.turn(record, Reason.ROLLOUT_TIMEOUT, f"{waits[0]}; see its pods.")
        if not waits and judgement.failed is not None:
            return await self.turn(record, Reason.NOT_VERIFIED, judgement.failed)
        waiting = waits[0] if waits else judgement.waiting
        if waiting is None:
            return await self._succeed(record, judgement.unjudged, now)
        if now > record.started + record.timeout:
            return await self.turn(record, *_timeout(record, waiting))
        return replace(record, message=waiting)

    async def _succeed(self, record: Record, unjudged: tuple[str, ...], now: float) -> Record:
        entries = tuple(replace(entry, state="Verified") for entry in record.entries)
        count = len(record.applied)
        told = f"{count - len(unjudged)} of {count} applied and verified"
        told = f"{told} in {now - record.started:.0f} s"
        if unjudged:
            names = ", ".join(unjudged)
            told = f"{told}; applied, but not compared, for spec changed meanwhile: {names}"
        return await self.records.keep(
            replace(
                record,
                phase="Closed",
                result="Succeeded",
                entries=entries,
                ended=now,
                message=told,
            )
        )

    async def _failed(self, record: Record, entry: Entry, error: StagingMirrorError) -> Record:
        entry = replace(entry, message=error.message)
        what = f"{describe(entry.step)}: {error.message}"
        return await self.turn(record.with_entry(entry), error.reason, what)


def task_of(record: Record, entry: Entry) -> Task:
    """The step as its hand is told of it."""
    return Task(
        refresh=record.id,
        before=entry.before or {},
        after=entry.after or {},
        produced=record.produced,
        began=entry.began or record.started,
        give_up=(record.turned or record.started) + record.timeout,
        mirror=f"{record.namespace}/{record.name}",
    )


def _timeout(record: Record, message: str) -> tuple[str, str]:
    awaited = f" ({message})" if message else ""
    return Reason.TIMEOUT, f"the refresh took longer than {record.timeout:g} s{awaited}."
