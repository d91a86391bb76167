"""What the steps of a refresh write, in the words of claims: open records are claims too, whatever
has become of the specs that they were planned from. Pure.
"""

from collections.abc import Callable, Iterable, Iterator

from stagingmirror.component import Write
from stagingmirror.drift.steps import (
    CopyModel,
    MoveAlias,
    PatchWorkload,
    Restart,
    RunLoader,
    SetAnnotation,
    SetConfigMapKey,
    SetImage,
    SetVariable,
    Step,
)

ALIAS = "alias"
"""``Write.kind`` of an alias; ``where`` is then an environment, and two of them may be one
registry.
"""

SameRegistry = Callable[[str, str], bool | None]


def targets_of(steps: Iterable[Step]) -> frozenset[Write]:
    """As ``Kind.writes`` names them, and the loaders that run. A restart is no write, and a copy is
    named by nothing.
    """
    return frozenset(write for step in steps for write in _targets(step))


def shared(
    ones: Iterable[Write], others: frozenset[Write], same_registry: SameRegistry
) -> Write | None:
    """The first of ``ones`` that is among the others. Two environments that are not proven to be
    two registries count as one.
    """
    return next(
        (one for one in sorted(ones) if any(_is_same(one, each, same_registry) for each in others)),
        None,
    )


def _is_same(one: Write, other: Write, same_registry: SameRegistry) -> bool:
    if one == other or one.kind != ALIAS:
        return one == other
    return one._replace(where="") == other._replace(where="") and (
        same_registry(one.where, other.where) is not False
    )


def _targets(step: Step) -> Iterator[Write]:
    match step:
        case CopyModel():
            return
        case RunLoader():
            yield Write("CronJob", step.namespace, step.cron_job, "as loader")
        case SetConfigMapKey():
            yield Write("ConfigMap", step.namespace, step.name, step.key)
        case MoveAlias():
            yield Write(ALIAS, step.environment, step.model, step.alias)
        case PatchWorkload():
            yield from _fields(step)


def _fields(step: PatchWorkload) -> Iterator[Write]:
    for write in step.writes:
        match write:
            case SetVariable():
                field = f"variable {write.variable} of {write.container}"
            case SetImage():
                field = f"image of {write.container}"
            case SetAnnotation():
                field = f"annotation {write.key}"
            case Restart():
                continue
        yield Write(step.kind, step.namespace, step.name, field)
