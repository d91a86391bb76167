"""Steps in people's words: one line each, in the order and density of a terminal."""

from typing import Literal

from stagingmirror.drift.steps import (
    CopyModel,
    FieldWrite,
    MoveAlias,
    PatchWorkload,
    Produced,
    Restart,
    RunLoader,
    SetAnnotation,
    SetConfigMapKey,
    SetImage,
    SetVariable,
    Step,
    Value,
)

MAX_SHOWN = 128
"""Characters of a single value in a line."""


def phase(step: Step) -> Literal["prepare", "switch"]:
    """Prepare is invisible to staging; switch is what staging runs."""
    return "prepare" if isinstance(step, CopyModel | RunLoader) else "switch"


def components_of(step: Step) -> tuple[str, ...]:
    """The components that this step is done for."""
    return step.components if isinstance(step, PatchWorkload) else (step.component,)


def describe(step: Step) -> str:
    """What the step does, without saying for which component."""
    match step:
        case CopyModel():
            return (
                f"copy version {step.from_version} of {step.from_model} "
                f"({_count(step.files, 'file')}, {size(step.size)}) "
                f"from {step.from_environment} to {step.to_environment}"
            )
        case RunLoader():
            return f"run a Job of CronJob {step.cron_job} with {step.variable}={shown(step.value)}"
        case SetConfigMapKey():
            return f"ConfigMap {step.name}: {step.key} → {shown(step.value)}"
        case MoveAlias():
            return f"alias {step.alias} of {step.model} → {_version(step.version)}"
        case PatchWorkload():
            return f"{step.kind} {step.name}: {'; '.join(_write(each) for each in step.writes)}"


def size(count: int) -> str:
    """Bytes, rounded as people say them: ``90 MB``."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit != "GB" else f"{amount:.1f} GB"
        amount /= 1000
    return f"{amount:.1f} TB"


def shown(text: str) -> str:
    """A value cut to what a line can bear."""
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _write(write: FieldWrite) -> str:
    match write:
        case SetVariable():
            return f"{write.variable} of {write.container} → {_text(write.value)}"
        case SetImage():
            return f"image of {write.container} → {shown(write.image)}"
        case SetAnnotation():
            return f"annotation {write.key} → {shown(write.value)}"
        case Restart():
            return "restart"


def _version(value: Value) -> str:
    return "the copy" if isinstance(value, Produced) else f"version {shown(value)}"


def _text(value: Value) -> str:
    if isinstance(value, str):
        return shown(value)
    return shown(value.form.replace("{value}", "the copy"))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
