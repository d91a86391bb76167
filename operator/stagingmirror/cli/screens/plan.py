"""What ``plan`` shows: what a refresh would do now, in the order in which it would. Pure."""

from rich.text import Text

from stagingmirror.api.status.model import Condition, PlanStatus
from stagingmirror.cli.read.freshness import Freshness
from stagingmirror.cli.read.mirror import Mirror
from stagingmirror.cli.screens.text import columns, concise, elsewhere
from stagingmirror.drift.plan import NOT_KNOWN
from stagingmirror.reasons import Reason

# Why a mirror is Stalled though a refresh would start: what the last one could not roll back, and
# single entries that none follows, or that cannot be judged, beside the others.
DO_NOT_BLOCK = frozenset(
    {
        Reason.ROLLBACK_INCOMPLETE,
        Reason.NOT_OFFERED,
        Reason.NOT_READABLE,
        Reason.SAME_THING,
        Reason.NAMESPACE_NOT_LISTED,
        Reason.NO_REGISTRY,
        Reason.SHARED_REGISTRY,
        Reason.NOT_SHARED_REGISTRY,
    }
)


def plan_screen(mirror: Mirror, believed: Freshness) -> list[Text]:
    """Why a refresh would not start now, and the plan of the last check, or why there is none."""
    doubt = [Text(f"? {believed.doubt}; this plan may be old.")] if believed.doubt else []
    if (missing := _no_plan(mirror)) is not None:
        return doubt or [Text(f"? {mirror.name}: there is no plan: {concise(missing)}")]
    not_now = would_not_start(mirror)
    plan = mirror.status.plan or PlanStatus()
    rows = [
        (each.phase or "", each.component or "", concise(each.text or "")) for each in plan.steps
    ]
    rows += [("leave", each.component or "", concise(each.why or "")) for each in plan.left]
    who = "A refresh now" if not_now is None else "Once it does, it"
    unknown = any((each.why or "").startswith(NOT_KNOWN) for each in plan.left)
    if plan.steps:
        head = f"{who} would change staging like this; production is only read."
    elif unknown:
        head = f"{who} would wait for what is not known; so far there is nothing to change."
    else:
        head = f"{who} would change nothing."
    first = [] if not_now is None else [Text(f"A refresh now would not start: {concise(not_now)}")]
    steps = columns(rows, indent="  ", gap=3)
    return [*doubt, *first, Text(head), *elsewhere(mirror), *steps]


def would_not_start(mirror: Mirror) -> str | None:
    """Why a refresh that is requested now would not start; None: nothing is known against it."""
    if mirror.schedule is None:
        return "spec.refresh is not set, so this mirror only watches; add it first."
    if mirror.suspended:
        return "the mirror is suspended; set spec.refresh.suspend to false."
    if mirror.status.activity == "Frozen":
        return f"a hold has staging left alone; see: {mirror.command('status')}"
    if (blocker := _blocker(mirror)) is not None:
        return blocker
    return f"it waits: {mirror.status.waiting}" if mirror.status.waiting else None


def blocking(mirror: Mirror) -> Condition | None:
    """The condition that a human has to mend before anything is refreshed."""
    stalled = mirror.condition("Stalled")
    if stalled is None or stalled.status != "True" or stalled.reason in DO_NOT_BLOCK:
        return None
    return stalled


def _blocker(mirror: Mirror) -> str | None:
    return None if blocking(mirror) is None else mirror.trouble()


def _no_plan(mirror: Mirror) -> str | None:
    """Why it is not known what a refresh would do. A plan of nothing is not written either."""
    if mirror.status.observed_generation < 0:
        return mirror.trouble() or "nothing was checked yet"
    if mirror.status.plan is not None:
        return None
    if (blocker := _blocker(mirror)) is not None:
        return blocker
    if mirror.status.sync in ("InSync", "Drifted", "Held"):
        return None
    return mirror.status.summary or "nothing was seen"
