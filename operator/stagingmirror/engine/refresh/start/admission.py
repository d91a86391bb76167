"""Whether a refresh starts now, waits, or is skipped. Pure.

A tick waits until production was seen, whole and unchanged for ``settle``, up to
``startingDeadline``. A manual request waits for production to be seen whole as well, but not for
``settle``: who makes it has checked. Both are refused by a suspended mirror and by a hold, and both
come to nothing only where that was seen: what is not known in staging (pods are being replaced, a
server does not answer) is waited for as long.
"""

from dataclasses import dataclass, replace
from typing import Literal

from stagingmirror.api.types.duration import seconds
from stagingmirror.drift.steps import Plan, Step
from stagingmirror.drift.verdict import Unknown
from stagingmirror.engine.context import A_MOMENT, Context
from stagingmirror.engine.refresh.record.record import Trigger
from stagingmirror.engine.refresh.start.live_guard import holding
from stagingmirror.engine.refresh.start.quiet_period import not_whole
from stagingmirror.reasons import Reason


@dataclass(frozen=True, slots=True)
class Occasion:
    """A due tick, or a token of ``refresh-at`` that was first seen at ``at`` (POSIX s)."""

    trigger: Trigger
    at: float
    token: str | None = None

    @property
    def id(self) -> str:
        """Of an occasion that came to nothing."""
        return f"{self.trigger.lower()}-{int(self.at)}"


@dataclass(frozen=True, slots=True)
class Start:
    """Nothing blocks it."""


@dataclass(frozen=True, slots=True)
class Wait:
    message: str
    again_in: float = 5.0


@dataclass(frozen=True, slots=True)
class Skip:
    """The occasion is over, and reported."""

    reason: str
    message: str
    result: Literal["Skipped", "NothingToDo"] = "Skipped"


Decision = Start | Wait | Skip


def decide(
    context: Context,
    occasion: Occasion,
    *,
    quiet_since: float | None,
    queued: bool,
    missed_deadline_reason: str,
) -> Decision:
    """What becomes of this occasion now. ``quiet_since``: since when production has shown the same
    facts (POSIX s); None: a part of it is not seen. ``queued``: it could have started and waits for
    others only, so it has no deadline. ``missed_deadline_reason``: why it had not started before.
    """
    refused = _refused(context)
    if refused is not None or context.spec.refresh is None:
        return refused or Wait("")
    waits_for = _waits_for(context, occasion, quiet_since)
    if queued:
        return waits_for or _start_or_nothing(context)
    left = deadline(context, occasion) - context.now
    if left < 0:
        why = missed_deadline_reason.rstrip(".")
        return Skip(Reason.DEADLINE_MISSED, f"it could not start within startingDeadline: {why}.")
    waits_for = waits_for or _nothing_known(context)
    if waits_for is not None:
        return replace(waits_for, again_in=min(waits_for.again_in, left + A_MOMENT))
    return _start_or_nothing(context)


def deadline(context: Context, occasion: Occasion) -> float:
    """Until when it must have started (POSIX s); without ``spec.refresh`` it never can."""
    refresh = context.spec.refresh
    return occasion.at + (0.0 if refresh is None else seconds(refresh.starting_deadline))


def planned(plan: Plan[Step]) -> frozenset[str]:
    """The components that a refresh would write."""
    return frozenset(name for step in plan.steps for name in step.components)


def _refused(context: Context) -> Skip | None:
    refresh = context.spec.refresh
    if refresh is None:
        return Skip(
            Reason.NO_REFRESH, "this mirror only watches; add spec.refresh to let it write."
        )
    if refresh.suspend:
        return Skip(Reason.SUSPENDED, "the mirror is suspended; set spec.refresh.suspend to false.")
    hold = holding(context.holds, frozenset())
    if hold is not None:
        return Skip(Reason.HELD, f"{hold.name} holds staging: {hold.reason}.")
    return None


def _waits_for(context: Context, occasion: Occasion, quiet_since: float | None) -> Wait | None:
    missing = not_whole(context)
    if missing is not None:
        return Wait(missing)
    if occasion.trigger == "Manual" or context.spec.refresh is None:
        return None
    settle = seconds(context.spec.refresh.settle)
    quiet = 0.0 if quiet_since is None else context.now - quiet_since
    if quiet >= settle:
        return None
    message = f"production must be seen without a change for {settle:g} s first"
    # Whatever changes in production brings the mirror back by itself.
    return Wait(message, max(settle - quiet, 0.2))


def _nothing_known(context: Context) -> Wait | None:
    """Without a step to take, a component that is not known might still need one."""
    unknown = _unknown(context)
    return None if context.plan.steps or unknown is None else Wait(unknown)


def _start_or_nothing(context: Context) -> Decision:
    if context.plan.steps:
        return Start()
    unknown = _unknown(context)
    if unknown is not None:
        return Skip(Reason.NOT_KNOWN, f"{unknown}.")
    left = "; ".join(f"{each.component}: {each.why}" for each in context.plan.left[:5])
    return Skip(Reason.NOTHING_TO_DO, left or "staging is like production already", "NothingToDo")


def _unknown(context: Context) -> str | None:
    """The first component that a refresh would follow and of which nothing is known."""
    for judged in context.components:
        if judged.track.effective_mode == "Refresh" and isinstance(judged.verdict, Unknown):
            why, side = judged.verdict.why, judged.verdict.side
            where = f" in {side}" if side else ""
            return f"{judged.track.name} is not known{where} ({why.message.rstrip('.')})"
    return None
