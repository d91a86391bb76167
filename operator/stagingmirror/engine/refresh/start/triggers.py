"""What this process remembers of each mirror between passes: its ticks, the token that requests a
refresh, and what has ended and is not in the status yet.
"""

from dataclasses import dataclass, field, replace

from stagingmirror.api.spec.mirror import Refresh
from stagingmirror.api.status.model import MirrorStatus, RefreshStatus
from stagingmirror.api.status.report import Progress
from stagingmirror.api.types.times import rfc3339
from stagingmirror.drift.facts import Why
from stagingmirror.engine.context import Context
from stagingmirror.engine.observe.check_requests import REFRESH_AT, token_of
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.refresh.start import schedule_ticks as ticking
from stagingmirror.engine.refresh.start.admission import Occasion, Skip, deadline
from stagingmirror.engine.refresh.start.schedule_ticks import Ticks
from stagingmirror.engine.refresh.start.status import skipped, unreported
from stagingmirror.engine.resources.mirror import Mirror
from stagingmirror.reasons import Reason


@dataclass(slots=True)
class Memory:
    """``since`` is when this process began to watch (POSIX s). ``obeyed`` is the token that was
    obeyed or refused, ``requested`` the one that waits. ``waited`` is what the next occasion waited
    for at the last pass; None: for nothing, or its refresh ran.
    """

    since: float
    ticks: Ticks | None = None
    obeyed: str | None = None
    requested: Occasion | None = None
    waited: str | None = None
    unreported: list[RefreshStatus] = field(default_factory=list)

    def close(self, last: Record, status: MirrorStatus) -> None:
        """A record that ended (now, or before a crash) and is not in the status is reported."""
        entry = unreported(last, status)
        if entry is not None and entry.id not in {each.id for each in self.unreported}:
            self.unreported.append(entry)


def remembered(memory: Memory | None, context: Context, last: Record | None) -> Memory:
    """The memory brought up to ``context.now``; None: this process has none yet, and finds in
    status and record what a former one knew. ``last`` is the mirror's last record.
    """
    memory = memory or _first_memory(context)
    _follow_ticks(memory, context, last)
    _follow_token(memory, context, last)
    _forget_reported(memory, context)
    return memory


def forget_ticks(memory: Memory, last: Record | None, *, why: str, now: float) -> None:
    """Nothing can be refreshed now. Once that is mended, ticks count from then, and one that waited
    is reported as skipped.
    """
    if memory.ticks is None:
        return
    due = _not_taken(memory.ticks, last).due
    if due is not None:
        skip(memory, Occasion("Schedule", due), Skip(Reason.STOPPED, why), now)
    memory.ticks = None


def next_occasion(memory: Memory) -> Occasion | None:
    """A manual request comes first."""
    if memory.requested is not None:
        return memory.requested
    if memory.ticks is not None and memory.ticks.due is not None:
        return Occasion("Schedule", memory.ticks.due)
    return None


def took(memory: Memory, occasion: Occasion) -> None:
    """The occasion has started a refresh, or came to nothing."""
    memory.waited = None
    if occasion.trigger == "Manual":
        memory.obeyed, memory.requested = occasion.token, None
    elif memory.ticks is not None:
        memory.ticks = ticking.handled(memory.ticks)


def skip(memory: Memory, occasion: Occasion, why: Skip, now: float) -> None:
    """The occasion came to nothing, and that is reported."""
    took(memory, occasion)
    memory.unreported.append(skipped(occasion, why, now))


def missed_deadline_reason(
    memory: Memory, context: Context, occasion: Occasion, last: Record | None
) -> str:
    """Why an occasion that missed its deadline had not started by then. Current
    blockers are not considered.
    """
    if memory.waited is not None:
        return memory.waited
    if (
        last is not None
        and last.ended is not None
        and last.started < deadline(context, occasion) <= last.ended
    ):
        return f"the mirror's own refresh {last.id} ran until {rfc3339(last.ended)}"
    if occasion.at < memory.since:
        return "no operator ran that could have started it"
    return "the operator did not check it in time"


def _first_memory(context: Context) -> Memory:
    """The token of a mirror without a status is older than this operator: echoed, not obeyed."""
    memory = Memory(since=context.now)
    if context.spec.refresh is not None:
        memory.ticks = ticking.first_seen(
            context.spec.refresh,
            context.mirror.status,
            generation=context.mirror.generation,
            now=context.now,
        )
    if not context.mirror.status.conditions:
        memory.obeyed = token_of(context.mirror.annotations, REFRESH_AT)
    return memory


def _follow_ticks(memory: Memory, context: Context, last: Record | None) -> None:
    refresh = context.spec.refresh
    if refresh is None:
        memory.ticks = None
        return
    former = _not_taken(
        memory.ticks or ticking.begun(refresh, context.mirror.status, context.now), last
    )
    ticks = _not_taken(ticking.passed(former, refresh, context.now), last)
    if former.due is not None and ticks.due is None:
        skip(memory, Occasion("Schedule", former.due), _edited(refresh), context.now)
    memory.ticks = ticks


def _not_taken(ticks: Ticks, last: Record | None) -> Ticks:
    """Without what the mirror's last record has of it: its answer or its status may be lost."""
    return ticks if last is None or last.tick is None else ticking.taken(ticks, last.tick)


def _edited(refresh: Refresh) -> Skip:
    """What becomes of a tick that waited when ``spec.refresh`` was edited."""
    if refresh.suspend:
        return Skip(Reason.SUSPENDED, "spec.refresh.suspend was set while it waited.")
    return Skip(
        Reason.SCHEDULE_CHANGED, "spec.refresh.schedule or timeZone was changed as it waited."
    )


def _follow_token(memory: Memory, context: Context, last: Record | None) -> None:
    token = token_of(context.mirror.annotations, REFRESH_AT)
    handled = {context.mirror.status.handled_refresh_at, memory.obeyed}
    if last is not None and last.token is not None:
        handled.add(last.token)
        if token == last.token:
            memory.obeyed = token
    if token is None or token in handled:
        memory.requested = None
    elif memory.requested is None or memory.requested.token != token:
        memory.requested = Occasion("Manual", context.now, token)


def _forget_reported(memory: Memory, context: Context) -> None:
    """Without what the status shows already."""
    known = {entry.id for entry in context.mirror.status.refreshes}
    memory.unreported = [entry for entry in memory.unreported if entry.id not in known]


def refused_token(mirror: Mirror, why: Why, *, now: float) -> Progress:
    """What echoes a refresh token that cannot be obeyed, with the reason; Idle where there is none.

    A token that was there when the mirror was first seen is only echoed.
    """
    token = token_of(mirror.annotations, REFRESH_AT)
    if token is None or token == mirror.status.handled_refresh_at:
        return Progress()
    if not mirror.seen_before:
        return Progress(handled_refresh_at=token)
    return Progress(
        handled_refresh_at=token,
        finished=RefreshStatus(
            id=f"refused-{token}",
            trigger="Manual",
            result="Skipped",
            reason=why.reason,
            message=why.message,
            started=rfc3339(now),
            finished=rfc3339(now),
        ),
    )


def refusing(mirror: Mirror, unknown: Progress, *, now: float) -> Progress:
    """What is reported where the record is not known: a token given meanwhile is refused where a
    human must mend that, and waits where the record only was not answered.
    """
    if unknown.stalled is None:
        return unknown
    refused = refused_token(mirror, Why(*unknown.stalled), now=now)
    return replace(
        unknown, handled_refresh_at=refused.handled_refresh_at, finished=refused.finished
    )
