"""The story of one refresh: an occasion, a record, then one step per pass until everything is
verified or rolled back.

A pass waits for nothing: copies run beside it, Jobs and rollouts are checked again by a later
one, so checks go on during a refresh.
"""

import contextlib
import secrets
from collections.abc import Callable
from typing import Protocol

from stagingmirror.actions.tools import Tools
from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import Progress
from stagingmirror.api.types.duration import seconds
from stagingmirror.component import Sides
from stagingmirror.drift.facts import Why
from stagingmirror.drift.places import SamePlace
from stagingmirror.engine.context import Context, acceptances_of
from stagingmirror.engine.refresh.execute.contention import Contention
from stagingmirror.engine.refresh.execute.executor import Executor
from stagingmirror.engine.refresh.execute.guards import guarded, send_again
from stagingmirror.engine.refresh.execute.leftovers import Leftovers
from stagingmirror.engine.refresh.execute.rollback import Rollback
from stagingmirror.engine.refresh.execute.verification import (
    GRACE,
    DeepRead,
    judge_applied,
    reread,
)
from stagingmirror.engine.refresh.orphans import Orphans
from stagingmirror.engine.refresh.outcome import progress_of, unknown_progress
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.record.record_store import UNREADABLE_PERIOD, Records
from stagingmirror.engine.refresh.removal.old_copies import AGAIN, REMOVING, Removal
from stagingmirror.engine.refresh.start import live_guard
from stagingmirror.engine.refresh.start.admission import Wait
from stagingmirror.engine.refresh.start.conflicts import Conflicts
from stagingmirror.engine.refresh.start.start import Starter
from stagingmirror.engine.refresh.start.state import RefreshState
from stagingmirror.engine.refresh.start.status import ended_refresh, unreported
from stagingmirror.engine.refresh.start.triggers import (
    forget_ticks,
    refusing,
    remembered,
)
from stagingmirror.engine.resources.mirror import Mirror, MirrorKey
from stagingmirror.engine.workqueue.loop import Loop
from stagingmirror.errors import StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.runtime import Runtime
from stagingmirror.settings import Settings

# Seconds after which a request without an answer is retried.
RETRY = 3.0

# Seconds after which a refresh that another process began, and of which no step was taken, is not
# gone on with: what it was planned from may be gone.
UNBEGUN = 60.0
TOO_LATE = "the operator that began it ended before its first step."


class Reporter(Protocol):
    """What is reported of a refresh beside the status."""

    def took_over(self, key: MirrorKey, uid: str, message: str) -> None:
        """A field that another manager wrote is ours now."""

    def removed(self, key: MirrorKey, uid: str, message: str) -> None:
        """An old copy is gone, or is not ours any more."""

    def rollback_waits(self, key: MirrorKey, awaited: str | None) -> None:
        """Called after each step of a rollback. None: it waits for nothing, or has ended."""


class RefreshReconciler:
    """Makes staging follow production. Called once per pass by the check; never waits for work."""

    def __init__(
        self,
        tools: Tools,
        *,
        runtime: Runtime,
        settings: Settings,
        reporter: Reporter,
        mirror_is_there: Callable[[str], bool],
        same_place: SamePlace,
        prove: Callable[[MirrorKey, float], None],
        deep_read: DeepRead,
    ) -> None:
        """``mirror_is_there`` returns whether the cache has a mirror of this uid that is not being
        deleted. ``same_place``: whether two places are one (None: not known).
        ``prove`` requests anew, beside the pass, every observation of a mirror that began before
        ``since`` (POSIX s); each pass that waits for one calls it. ``deep_read`` does so for
        bytes, and for samples that are sent to endpoints.
        """
        self._tools = tools
        self._runtime = runtime
        self._reporter = reporter
        self._prove = prove
        self._deep_read = deep_read
        # A container that restarts keeps its pod's name; it is another writer all the same.
        name = f"{settings.identity}/{secrets.token_hex(4)}"
        self.records = Records(
            tools.writer, namespace=settings.namespace, writer_name=name, clock=runtime.clock
        )
        self._executor = Executor(self.records, tools, self._took_over)
        self._rollback = Rollback(self.records, tools)
        self._contention = Contention(tools)
        self._conflicts = Conflicts(self.records, mirror_is_there, same_place)
        self._leftovers = Leftovers(self.records, tools)
        self._removal = Removal(self.records, tools)
        self._starter = Starter(self.records, tools, self._conflicts, self._leftovers)
        self.orphans = Orphans(self.records, tools.writer, runtime, mirror_is_there, self._back)
        self.orphans_loop = Loop(self.orphans.tend)

    async def advance(self, context: Context, state: RefreshState) -> Progress:
        """Take at most one step of this mirror's refresh, or start one that is due.

        Where the API server does not let us know or keep how far it is, nothing is done, and the
        status shows that this is waited for: verdicts go on being written.
        """
        if not self._runtime.leading():
            return Progress()
        unknown = await self._unknown(context.mirror.uid, context.mirror.status)
        if unknown is not None:
            return refusing(context.mirror, unknown, now=context.now)
        uid, contended = context.mirror.uid, None
        record, wait = self.records.get(uid), None
        memory = state.memory = remembered(state.memory, context, record)
        quiet = state.quiet.since(context)
        try:
            if record is not None and record.is_open:
                record = await self._go_on(context, record, state)
            elif record is None or state.removal.running is None:
                wait = await self._starter.consider(context, memory, quiet, state.patience)
                record = self.records.get(uid)
        except StagingMirrorError as error:
            record, wait = self.records.get(uid), Wait(error.message, RETRY)
        memory.waited = None if wait is None else wait.message
        if record is not None and not record.is_open:
            memory.close(record, context.mirror.status)
            send_again(context, record, self._deep_read)
            contended = await self._contention.find(record, context.components, state.contention)
            with contextlib.suppress(StagingMirrorError):  # a later pass retries
                record = await self._leftovers.settle(record, state.leftovers)
                record = await self._remove_old(context, record, state)
            if state.removal.running is not None:
                wait = Wait(REMOVING, AGAIN)
        pace = self._pace(record, state)
        return progress_of(
            record, pace, context=context, memory=memory, wait=wait, contended=contended
        )

    async def roll_back(self, mirror: Mirror, why: str, state: RefreshState) -> Progress:
        """Roll back what is open where there can be no Context (spec wrong, environment revoked,
        deleted, Overlap), one step per call. Idle where nothing is open. An end that is not in the
        mirror's status yet is reported.
        """
        if not self._runtime.leading():
            return Progress()
        unknown = await self._unknown(mirror.uid, MirrorStatus())
        if unknown is not None:
            return unknown
        record, wait = self.records.get(mirror.uid), None
        if state.memory is not None:
            forget_ticks(state.memory, record, why=why, now=self._runtime.clock())
        state.quiet.restart()
        state.patience.renew()
        try:
            if record is not None and record.is_open:
                record = await self._back(record, why)
            elif record is not None:
                record = await self._leftovers.settle(record, state.leftovers)
        except StagingMirrorError as error:
            record, wait = self.records.get(mirror.uid), Wait(error.message, RETRY)
        finished = unreported(record, mirror.status)
        return progress_of(record, self._pace(record, state), wait=wait, finished=finished)

    def others_write(self, uid: str, namespace: str, spec: StagingMirrorSpec, sides: Sides) -> bool:
        """Whether another mirror's refresh may have half written what this one compares."""
        return self._runtime.leading() and self._conflicts.are_writing(uid, namespace, spec, sides)

    def gone(self, uid: str) -> None:
        """The mirror was deleted: it waits for no slot, and its record is looked up at once."""
        self._starter.leave(uid)
        self._removal.abandon(uid)
        self.orphans_loop.wake()

    def is_open(self, uid: str) -> bool:
        """Whether a refresh of this mirror is in progress; holds become effective when it is not.
        True while that is not known.
        """
        record = self.records.get(uid)
        return not self.records.is_known(uid) or (record is not None and record.is_open)

    async def _unknown(self, uid: str, status: MirrorStatus) -> Progress | None:
        """What is reported where the record is not known now; None: it is known."""
        try:
            await self.records.load(uid)
        except StagingMirrorError as error:
            return unknown_progress(status, waiting=error.message, again_in=RETRY)
        why = self.records.unreadable(uid)
        if why is None:
            return None
        stalled = (
            Reason.UNREADABLE_RECORD,
            f"the record refresh-{uid} cannot be read ({why}), so it is not known what was "
            "written; see what staging runs, then delete that ConfigMap.",
        )
        return unknown_progress(status, stalled=stalled, again_in=UNREADABLE_PERIOD)

    async def _go_on(self, context: Context, record: Record, state: RefreshState) -> Record:
        is_inherited = not self.records.is_own(record)
        record = await self.records.own(record)
        is_old = self._runtime.clock() > record.started + UNBEGUN
        if is_inherited and record.is_unbegun and is_old:
            return await self._executor.turn(record, Reason.NOT_LEADING, TOO_LATE)
        match record.phase:
            case "Forward":
                return await self._executor.forward(record, self._may_write, state.patience)
            case "Verify":
                judgement = judge_applied(
                    record,
                    context.components,
                    acceptances=acceptances_of(context.spec, context.sides),
                    grace=seconds(context.spec.check_interval) + GRACE,
                    now=self._runtime.clock(),
                )
                if judgement.waiting is not None and record.last_write is not None:
                    self._prove(context.mirror.key, record.last_write)
                judgement = reread(judgement, context, record, self._deep_read)
                complete = state.arrivals.complete_since(record, context.now)
                judgement = guarded(judgement, context, record, self._deep_read, complete)
                return await self._executor.verify(record, judgement, state.arrivals)
            case "RollBack":
                state.patience.renew()
                return await self._roll_on(record)
            case "Closed":
                return record

    async def _back(self, record: Record, why: str) -> Record:
        record = await self.records.own(record)
        if record.phase != "RollBack":
            return await self._executor.turn(record, Reason.STOPPED, why)
        return await self._roll_on(record)

    async def _remove_old(self, context: Context, record: Record, state: RefreshState) -> Record:
        message = await self._removal.tend(record, context, state.removal)
        if message is None:
            return record
        self._reporter.removed(context.mirror.key, context.mirror.uid, message)
        record = self.records.get(record.uid) or record
        if state.memory is not None:
            state.memory.unreported.append(ended_refresh(record))
        return record

    async def _roll_on(self, record: Record) -> Record:
        record = await self._rollback.back(record)
        self._reporter.rollback_waits(MirrorKey(record.namespace, record.name), record.awaited)
        return record

    async def _may_write(self, record: Record) -> Why | None:
        key = MirrorKey(record.namespace, record.name)
        now = await live_guard.fetch(
            self._tools.writer,
            key,
            production=record.production,
            staging=record.environment,
            components=frozenset(record.applied),
            now=self._runtime.clock(),
        )
        return live_guard.must_stop(
            now, key, record.uid, frozenset(record.applied), record.rests_on
        )

    def _pace(self, record: Record | None, state: RefreshState) -> float:
        return RETRY if record is None else state.pacing.of(record, self._runtime.clock())

    def _took_over(self, record: Record, entry: Entry) -> None:
        key = MirrorKey(record.namespace, record.name)
        for message in entry.step.owners(entry.before or {}):
            self._reporter.took_over(key, record.uid, message)
