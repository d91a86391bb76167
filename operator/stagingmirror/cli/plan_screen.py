"""What ``plan`` shows: what a refresh would do now, in the order in which it would. Pure."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from stagingmirror.api.status_schema import PlanTold
from stagingmirror.cli.belief import Belief
from stagingmirror.cli.lines import columns, concise
from stagingmirror.cli.mirror import Mirror
from stagingmirror.drift.serial import NotAStep, from_dict
from stagingmirror.drift.wording import components_of, describe, phase

NEWER = "a step that this version of the command does not know; update the command"


def plan_screen(mirror: Mirror, believed: Belief) -> list[Text]:
    """The plan of the last check, or why there is none."""
    doubt = [Text(f"? {believed.doubt}; this plan may be old.")] if believed.doubt else []
    trouble = mirror.trouble()
    if mirror.status.observed_generation < 0 or (trouble and mirror.status.plan is None):
        why = trouble or "nothing was checked yet"
        return doubt or [Text(f"? {mirror.name}: there is no plan: {why}")]
    plan = mirror.status.plan or PlanTold()
    rows = [step_row(each.model_dump(by_alias=True, exclude_none=True)) for each in plan.steps]
    rows += [("leave", each.component or "", concise(each.why or "")) for each in plan.left]
    head = (
        "A refresh now would change staging like this; production is only read."
        if plan.steps
        else "A refresh now would change nothing."
    )
    return [*doubt, Text(head), *columns(rows, indent="  ", gap=3)]


def step_row(written: Mapping[str, Any]) -> tuple[str, str, str]:
    """Phase, components and the step in words: the operator's own, else ours."""
    if text := written.get("text"):
        return (
            str(written.get("phase", "")),
            str(written.get("component", "")),
            concise(str(text)),
        )
    try:
        step = from_dict(written)
    except NotAStep:
        return ("?", str(written.get("component", "")), NEWER)
    return (phase(step), ", ".join(components_of(step)), concise(describe(step)))
