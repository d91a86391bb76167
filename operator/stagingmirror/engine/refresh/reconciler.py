"""The story of one refresh: an occasion, a record, then one step per pass until everything is
verified or rolled back.

A pass waits for nothing: copies run beside it, Jobs and rollouts are checked again by a later
one, so checks go on during a refresh.
"""

import contextlib
import secrets
from collections.abc import Callable

import structlog

from stagingmirror.actions.tools import Tools
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import Progress
from stagingmirror.api.types.duration import seconds
from stagingmirror.drift.facts import Why
from stagingmirror.drift.places import SamePlace
from stagingmirror.engine.context import Context, acceptances_of
from stagingmirror.engine.refresh.execute.contention import Contention
from stagingmirror.engine.refresh.execute.executor import Executor
from stagingmirror.engine.refresh.execute.leftovers import Leftovers
from stagingmirror.engine.refresh.execute.rollback import Rollback
from stagingmirror.engine.refresh.execute.verification import (
    GRACE,
    ReadBytes,
    judge_applied,
    reread,
)
from stagingmirror.engine.refresh.orphans import Orphans
from stagingmirror.engine.refresh.outcome import progress_of, unknown_progress
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.record.record_store import UNREADABLE_PERIOD, Records
from stagingmirror.engine.refresh.start import live_guard
from stagingmirror.engine.refresh.start.admission import Wait
from stagingmirror.engine.refresh.start.conflicts import Conflicts
from stagingmirror.engine.refresh.start.start import Starter
from stagingmirror.engine.refresh.start.state import RefreshState
from stagingmirror.engine.refresh.start.status import unreported
from stagingmirror.engine.refresh.start.triggers import (
    Memory,
    forget_ticks,
    refusing,
    remembered,
    waits,
)
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.workqueue.loop import Loop
from stagingmirror.errors import StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.runtime import Runtime
from stagingmirror.settings import Settings

log = structlog.get_logger(__name__)

# Seconds after which a request without an answer is retried.
RETRY = 3.0


# Emits an Event and a log line: mirror, its uid, Normal or Warning, reason, message.
Emit = Callable[[MirrorKey, str, str, str, str], None]


class RefreshReconciler:
    """Makes staging follow production. Called once per pass by the check; never waits for work."""

    def __init__(
        self,
        tools: Tools,
        *,
        runtime: Runtime,
        settings: Settings,
        emit: Emit,
        mirror_is_there: Callable[[str], bool],
        same_place: SamePlace,
        prove: Callable[[MirrorKey, float], None],
        read_bytes: ReadBytes,
    ) -> None:
        """``mirror_is_there`` returns whether the cache has a mirror of this uid that is not being
        deleted. ``same_place``: whether two places are one (None: not known).
        ``prove`` requests anew, beside the pass, every observation of a mirror that began before
        ``since`` (POSIX s); each pass that waits for one calls it. ``read_bytes`` does so for the
        bytes of models.
        """
        self._tools = tools
        self._runtime = runtime
        self._emit = emit
        self._prove = prove
        self._read_bytes = read_bytes
        # A container that restarts keeps its pod's name; it is another writer all the same.
        name = f"{settings.identity}/{secrets.token_hex(4)}"
        self._records = Records(
            tools.writer, namespace=settings.namespace, writer_name=name, clock=runtime.clock
        )
        self._executor = Executor(self._records, tools, self._took_over)
        self._rollback = Rollback(self._records, tools)
        self._contention = Contention(tools)
        self._conflicts = Conflicts(self._records, mirror_is_there, same_place)
        self._leftovers = Leftovers(self._records, tools)
        self._starter = Starter(self._records, tools, self._conflicts, self._leftovers)
        self.orphans = Orphans(self._records, tools.writer, runtime, mirror_is_there, self._back)
        self.orphans_loop = Loop(self.orphans.tend)

    async def advance(self, context: Context, state: RefreshState) -> Progress:
        """Take at most one step of this mirror's refresh, or start one that is due.

        Where the API server does not let us know or keep how far it is, nothing is done, and the
        status shows that this is waited for: verdicts go on being written.
        """
        if not self._runtime.leading():
            return Progress()
        unknown = await self._unknown(context.uid, context.status)
        if unknown is not None:
            return refusing(context.annotations, context.status, unknown, now=context.now)
        memory = remembered(state.memory, context, self._records.get(context.uid))
        state.memory = memory
        try:
            record, wait = await self._pass(context, memory, state)
        except StagingMirrorError as error:
            record, wait = self._records.get(context.uid), Wait(error.message, RETRY)
        waits(memory, wait)
        return await self._progress(context, state, record, wait)

    async def roll_back(
        self, uid: str, why: str, status: MirrorStatus, state: RefreshState
    ) -> Progress:
        """Roll back what is open where there can be no Context (spec wrong, environment revoked,
        deleted, Overlap), one step per call. Idle where nothing is open. ``status`` is the mirror's
        as last written: an end that is not in it yet is reported.
        """
        if not self._runtime.leading():
            return Progress()
        unknown = await self._unknown(uid, MirrorStatus())
        if unknown is not None:
            return unknown
        wait = None
        try:
            record = self._records.get(uid)
            if state.memory is not None:
                forget_ticks(state.memory, record, why=why, now=self._runtime.clock())
            state.quiet.restart()
            if record is not None and record.is_open:
                record = await self._back(record, why)
            elif record is not None:
                record = await self._leftovers.settle(record, state.leftovers)
        except StagingMirrorError as error:
            record, wait = self._records.get(uid), Wait(error.message, RETRY)
        finished = unreported(record, status)
        return progress_of(record, self._pace(record, state), wait=wait, finished=finished)

    def others_write(self, context: Context) -> bool:
        """Whether another mirror's refresh may have half written what this one compares."""
        return self._runtime.leading() and self._conflicts.are_writing(context)

    async def _unknown(self, uid: str, status: MirrorStatus) -> Progress | None:
        """What is reported where the record is not known now; None: it is known."""
        try:
            await self._records.load(uid)
        except StagingMirrorError as error:
            return unknown_progress(status, waiting=error.message, again_in=RETRY)
        why = self._records.unreadable(uid)
        if why is None:
            return None
        stalled = _unreadable(uid, why)
        return unknown_progress(status, stalled=stalled, again_in=UNREADABLE_PERIOD)

    def _pace(self, record: Record | None, state: RefreshState) -> float:
        return RETRY if record is None else state.pacing.of(record, self._runtime.clock())

    def gone(self, uid: str) -> None:
        """The mirror was deleted: it waits for no slot, and its record is looked up at once."""
        self._starter.leave(uid)
        self.orphans_loop.wake()

    def is_open(self, uid: str) -> bool:
        """Whether a refresh of this mirror is in progress; holds become effective when it is not.
        True while that is not known.
        """
        record = self._records.get(uid)
        return not self._records.is_known(uid) or (record is not None and record.is_open)

    def still_open(self) -> frozenset[MirrorKey]:
        """The mirrors, deleted ones too, whose refresh is in progress."""
        return self._records.still_open()

    async def _pass(
        self, context: Context, memory: Memory, state: RefreshState
    ) -> tuple[Record | None, Wait | None]:
        stale_after = seconds(context.spec.stale_after)
        quiet = state.quiet.since(context.components, now=context.now, stale_after=stale_after)
        record = self._records.get(context.uid)
        if record is not None and record.is_open:
            return await self._go_on(context, record, state), None
        wait = await self._starter.consider(context, memory, quiet, state.patience)
        return self._records.get(context.uid), wait

    async def _go_on(self, context: Context, record: Record, state: RefreshState) -> Record:
        if not self._records.is_mine(record):
            record = await self._records.keep(record)
        match record.phase:
            case "Forward":
                return await self._executor.forward(record, self._may_write, state.patience)
            case "Verify":
                judgement = judge_applied(
                    record,
                    context.components,
                    acceptances=acceptances_of(context.spec),
                    grace=seconds(context.spec.check_interval) + GRACE,
                    now=self._runtime.clock(),
                )
                if judgement.waiting is not None and record.last_write is not None:
                    self._prove(context.key, record.last_write)
                judgement = reread(judgement, context, record, self._read_bytes)
                return await self._executor.verify(record, judgement, state.arrivals)
            case "RollBack":
                return await self._rollback.back(record)
            case "Closed":
                return record

    async def _back(self, record: Record, why: str) -> Record:
        if not self._records.is_mine(record):
            record = await self._records.keep(record)
        if record.phase != "RollBack":
            return await self._executor.turn(record, Reason.STOPPED, why)
        return await self._rollback.back(record)

    async def _may_write(self, record: Record) -> Why | None:
        key = MirrorKey(record.namespace, record.name)
        now = await live_guard.fetch(
            self._tools.writer,
            key,
            production=record.production,
            staging=record.environment,
            now=self._runtime.clock(),
        )
        return live_guard.must_stop(now, key, record.uid, frozenset(record.applied))

    async def _progress(
        self, context: Context, state: RefreshState, record: Record | None, wait: Wait | None
    ) -> Progress:
        contended, memory = None, state.memory
        if record is not None and memory is not None and not record.is_open:
            memory.close(record, context.status)
            contended = await self._contention.find(record, context.components, state.contention)
            with contextlib.suppress(StagingMirrorError):  # a later pass retries
                record = await self._leftovers.settle(record, state.leftovers)
        pace = self._pace(record, state)
        return progress_of(
            record, pace, context=context, memory=memory, wait=wait, contended=contended
        )

    def _took_over(self, record: Record, entry: Entry) -> None:
        key = MirrorKey(record.namespace, record.name)
        for message in entry.step.owners(entry.before or {}):
            self._emit(key, record.uid, "Normal", Reason.TOOK_OVER, message)


def _unreadable(uid: str, why: str) -> tuple[str, str]:
    return (
        Reason.UNREADABLE_RECORD,
        f"the record refresh-{uid} cannot be read ({why}), so it is not known what was written; "
        "see what staging runs, then delete that ConfigMap.",
    )
