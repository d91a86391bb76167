"""What a pass reports of the refresh half of a mirror. Pure."""

from stagingmirror.api.status.model import MirrorStatus, RefreshStatus
from stagingmirror.api.status.report import Activity, Progress
from stagingmirror.api.types.times import parse_time
from stagingmirror.engine.context import Context
from stagingmirror.engine.refresh.execute.leftovers import ENDS
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.refresh.start import schedule_ticks as ticking
from stagingmirror.engine.refresh.start.admission import Wait
from stagingmirror.engine.refresh.start.live_guard import holding
from stagingmirror.engine.refresh.start.status import open_refresh
from stagingmirror.engine.refresh.start.triggers import Memory
from stagingmirror.reasons import Reason


def progress_of(
    record: Record | None,
    pace: float,
    *,
    context: Context | None = None,
    memory: Memory | None = None,
    wait: Wait | None = None,
    contended: tuple[str, str] | None = None,
    finished: RefreshStatus | None = None,
) -> Progress:
    """``finished`` is reported where memory has nothing to report. ``record`` is the mirror's last,
    open or closed; ``pace`` the seconds between two passes of an open one.
    """
    is_open = record is not None and record.is_open
    ticks = memory.ticks if memory else None
    refresh = context.spec.refresh if context else None
    next_refresh = (
        ticking.announced(ticks, refresh, context.now) if ticks and refresh and context else None
    )
    unreported = memory.unreported[0] if memory and memory.unreported else None
    return Progress(
        activity="Refreshing" if is_open else _activity(context),
        refresh=open_refresh(record) if record is not None and is_open else None,
        finished=unreported or finished,
        writing=record is not None and record.is_writing,
        stalled=_stalled(record),
        contended=contended,
        next_refresh=next_refresh,
        last_schedule=ticks.last if ticks else None,
        waiting=wait.message if wait else None,
        handled_refresh_at=memory.obeyed if memory else None,
        again_in=_again_in(
            pace if is_open else None, wait, memory, _tick_in(context, next_refresh)
        ),
    )


def unknown_progress(
    status: MirrorStatus,
    *,
    waiting: str | None = None,
    stalled: tuple[str, str] | None = None,
    again_in: float,
) -> Progress:
    """Where the record cannot be known: whatever is seen, it may be half refreshed. What ``status``
    shows of ticks stays.
    """
    return Progress(
        waiting=waiting,
        stalled=stalled,
        again_in=again_in,
        writing=True,
        next_refresh=parse_time(status.next_refresh_time),
        last_schedule=parse_time(status.last_schedule_time),
    )


def _activity(context: Context | None) -> Activity:
    if context is None or context.spec.refresh is None:
        return "Idle"
    if context.spec.refresh.suspend:
        return "Suspended"
    return "Idle" if holding(context.holds, frozenset()) is None else "Frozen"


def _stalled(record: Record | None) -> tuple[str, str] | None:
    if record is None or record.result != "RollbackIncomplete" or not record.left:
        return None
    left = "; ".join(map(str, record.left))
    return Reason.ROLLBACK_INCOMPLETE, f"Could not be rolled back: {left.rstrip('.')}. {ENDS}"


def _again_in(
    pace: float | None, wait: Wait | None, memory: Memory | None, tick_in: float | None
) -> float | None:
    waits_for = wait.again_in if wait else None
    reports_in = 1.0 if memory and memory.unreported else None
    wishes = (pace, tick_in, waits_for, reports_in)
    return min((each for each in wishes if each is not None), default=None)


def _tick_in(context: Context | None, tick: float | None) -> float | None:
    """In how many seconds the pass must come that notices the next tick; None: none comes."""
    if context is None or context.spec.refresh is None or tick is None or tick <= context.now:
        return None
    return ticking.pass_time(context.spec.refresh, tick, context.mirror.uid) - context.now
