"""Whether a refresh starts now, waits, or is skipped. Pure.

A tick waits until production was seen, whole and unchanged for ``settle``, in everything that the
refresh would write, up to ``startingDeadline``; what is not so by then is left, and the rest goes
on. What is only reported, held or accepted hinders nothing, and neither does what cannot be
observed before a human acts. A manual request waits for production to be seen as well, but not for
``settle``: who makes it has checked. Both are refused by a suspended mirror and by a hold, and both
come to nothing only where that was seen: what is not known in staging (pods are being replaced, a
server does not answer) is waited for as long.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from zlib import crc32

from stagingmirror.api.types.duration import seconds
from stagingmirror.drift.steps import Left, Plan, Step
from stagingmirror.drift.verdict import Unknown
from stagingmirror.engine.context import A_MOMENT, Context
from stagingmirror.engine.refresh.record.record import Trigger
from stagingmirror.engine.refresh.start.live_guard import holding
from stagingmirror.engine.refresh.start.quiet_period import LASTING, not_whole
from stagingmirror.reasons import Reason


@dataclass(frozen=True, slots=True)
class Occasion:
    """A due tick, or a token of ``refresh-at`` that was first seen at ``at`` (POSIX s)."""

    trigger: Trigger
    at: float
    token: str | None = None

    @property
    def id(self) -> str:
        """Of an occasion that came to nothing: two requests of one second are two."""
        which = "" if self.token is None else f"-{crc32(self.token.encode()):08x}"
        return f"{self.trigger.lower()}-{int(self.at)}{which}"


@dataclass(frozen=True, slots=True)
class Start:
    """Nothing blocks it. ``without``: components that are left, each with the reason."""

    without: Mapping[str, str] = field(default_factory=dict)


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
    quiet: Mapping[str, float],
    queued: bool,
    waited: str | None,
    missed_deadline_reason: str,
) -> Decision:
    """What becomes of this occasion now. ``quiet``: since when production has shown the same facts
    (POSIX s), by component; those that are not seen are left out. ``queued``: it could have started
    and waits for others only, so it has no deadline. ``waited``: what this process saw it wait for
    before; ``missed_deadline_reason``: why it had not started before.
    """
    refused = _refused(context)
    if refused is not None or context.spec.refresh is None:
        return refused or Wait("")
    waits = _waits(context, occasion, quiet)
    soonest = min(waits.values(), key=lambda wait: wait.again_in, default=None)
    if queued:
        return soonest or _start_or_nothing(context)
    left = deadline(context, occasion) - context.now
    if left >= 0:
        wait = soonest or _nothing_known(context)
        if wait is not None:
            return replace(wait, again_in=min(wait.again_in, left + A_MOMENT))
        return _start_or_nothing(context)
    without = {name: wait.message for name, wait in waits.items()}
    if waited is not None and without and context.leaving(without).plan.steps:
        return Start(without)
    why = missed_deadline_reason.rstrip(".")
    return Skip(Reason.DEADLINE_MISSED, f"it could not start within startingDeadline: {why}.")


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


def _waits(context: Context, occasion: Occasion, quiet: Mapping[str, float]) -> dict[str, Wait]:
    """What must be waited for before production can be followed, by component: also where one is
    left only for now.
    """
    found = {each.component: Wait(f"{each.component}: {each.why}") for each in _passing(context)}
    wanted = planned(context.plan)
    assert context.spec.refresh is not None, "a mirror that only watches is refused before"
    settle = 0.0 if occasion.trigger == "Manual" else seconds(context.spec.refresh.settle)
    for judged in context.components:
        name = judged.track.name
        if name not in wanted and not isinstance(judged.verdict, Unknown):
            continue
        if (missing := not_whole(judged)) is not None:
            found[name] = Wait(missing)
        elif (
            name in wanted and (lacks := settle - (context.now - quiet.get(name, context.now))) > 0
        ):
            message = f"production's {name} must be seen without a change for {settle:g} s first"
            # Whatever changes in production brings the mirror back by itself.
            found[name] = Wait(message, max(lacks, 0.2))
    return found


def _passing(context: Context) -> Iterator[Left]:
    return (each for each in context.plan.left if each.passes)


def _nothing_known(context: Context) -> Wait | None:
    """Without a step to take, a component that is not known might still need one."""
    unknown = _unknown(context, LASTING)
    return None if context.plan.steps or unknown is None else Wait(unknown)


def _start_or_nothing(context: Context) -> Decision:
    if context.plan.steps:
        return Start()
    unknown = _unknown(context, frozenset())
    if unknown is not None:
        return Skip(Reason.NOT_KNOWN, f"{unknown}.")
    left = "; ".join(f"{each.component}: {each.why.rstrip('.')}" for each in context.plan.left[:5])
    return Skip(Reason.NOTHING_TO_DO, left or "staging is like production already", "NothingToDo")


def _unknown(context: Context, excused: frozenset[str]) -> str | None:
    """The first component that a refresh would follow and of which nothing is known, unless for an
    excused reason.
    """
    for judged in context.components:
        if judged.track.effective_mode == "Refresh" and isinstance(judged.verdict, Unknown):
            why, side = judged.verdict.why, judged.verdict.side
            if why.reason in excused:
                continue
            where = f" in {side}" if side else ""
            return f"{judged.track.name} is not known{where} ({why.message.rstrip('.')})"
    return None
