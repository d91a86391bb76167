"""A record as ``status`` shows it. Pure.

Nothing of ``before`` and ``after`` is shown: former values may be unreadable ones.
"""

from typing import Any

from stagingmirror.api.status.model import MirrorStatus, PlanLeft, RefreshStatus
from stagingmirror.api.types.times import rfc3339
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.start.admission import Occasion, Skip
from stagingmirror.reasons import Reason


def open_refresh(record: Record) -> RefreshStatus:
    """``status.refresh``."""
    return RefreshStatus(
        id=record.id,
        trigger=record.trigger,
        generation=record.generation,
        token=record.token,
        phase=_phase(record),
        message=_message(record),
        started=rfc3339(record.started),
        steps=tuple(_step(entry) for entry in record.entries),
        **_left(record),
    )


def ended_refresh(record: Record) -> RefreshStatus:
    """The entry of ``status.refreshes``."""
    components = dict.fromkeys(c for e in record.entries for c in e.step.components)
    return RefreshStatus(
        id=record.id,
        trigger=record.trigger,
        generation=record.generation,
        token=record.token,
        result=record.result,
        reason=record.why[0] if record.why else Reason.VERIFIED,
        message=record.message,
        components=tuple(components),
        **_left(record),
        started=rfc3339(record.started),
        finished=rfc3339(record.ended or record.started),
    )


def unreported(record: Record | None, status: MirrorStatus) -> RefreshStatus | None:
    """The entry of a refresh that has ended (now, or before a crash) and that ``status`` lacks."""
    if record is None or record.ended is None or record.is_open:
        return None
    shown = status.refreshes
    if any(each.id == record.id for each in shown):
        return None
    entry = ended_refresh(record)
    # Times have one form, so their texts sort as they do; older ones may have been cut off.
    newest = (shown[0].finished or "") if shown else ""
    return entry if (entry.finished or "") >= newest else None


def skipped(occasion: Occasion, skip: Skip, now: float) -> RefreshStatus:
    """The entry of ``status.refreshes`` for an occasion that came to nothing."""
    return RefreshStatus(
        id=occasion.id,
        trigger=occasion.trigger,
        token=occasion.token,
        result=skip.result,
        reason=skip.reason,
        message=skip.message,
        started=rfc3339(occasion.at),
        finished=rfc3339(now),
    )


def _left(record: Record) -> dict[str, Any]:
    if not record.left_out:
        return {}
    return {"left": tuple(PlanLeft(component=e.component, why=e.why) for e in record.left_out)}


def _phase(record: Record) -> str:
    if record.phase != "Forward":
        return record.phase
    ahead = record.next_entry
    return "Prepare" if ahead is not None and ahead.step.phase == "prepare" else "Switch"


def _message(record: Record) -> str:
    if record.phase == "RollBack" and record.why is not None:
        awaited = record.awaited
        return f"rolling back: {record.why[1]}" + (f" Waits: {awaited}" if awaited else "")
    if record.phase == "Verify":
        return record.message or "waits for what was applied to arrive"
    working = next((e for e in record.entries if e.state == "Started"), None)
    return working.message if working else record.message


def _step(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.step.id,
        "phase": entry.step.phase,
        "component": ", ".join(entry.step.components),
        "components": list(entry.step.components),
        "text": entry.step.describe(),
        "state": entry.state,
        **({"message": entry.message} if entry.message else {}),
    }
