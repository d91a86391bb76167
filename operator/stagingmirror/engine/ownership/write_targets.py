"""What the steps of a refresh write, in the words of claims: open records are claims too, whatever
has become of the specs that they were planned from. Pure.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from stagingmirror.drift.places import ConfigMapKey, Loader, Place, RegistryAlias, WorkloadField
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

SameRegistry = Callable[[str, str], bool | None]


def targets_of(steps: Iterable[Step]) -> frozenset[Place]:
    """As ``Kind.writes`` names them, and the loaders that run. A restart is no write, and a copy is
    named by nothing.
    """
    return frozenset(write for step in steps for write in _targets(step))


def shared(
    ones: Iterable[Place], others: frozenset[Place], same_registry: SameRegistry
) -> Place | None:
    """The first of ``ones`` that is among the others. Two environments that are not proven to be
    two registries count as one.
    """
    for one in sorted(ones, key=str):
        if any(_is_same(one, each, same_registry) for each in others):
            return one
    return None


def _is_same(one: Place, other: Place, same_registry: SameRegistry) -> bool:
    if isinstance(one, RegistryAlias) and isinstance(other, RegistryAlias) and one != other:
        return replace(one, environment=other.environment) == other and (
            same_registry(one.environment, other.environment) is not False
        )
    return one == other


def _targets(step: Step) -> Iterator[Place]:
    match step:
        case CopyModel():
            return
        case RunLoader():
            yield Loader(step.namespace, step.cron_job)
        case SetConfigMapKey():
            yield ConfigMapKey(step.namespace, step.name, step.key)
        case MoveAlias():
            yield RegistryAlias(step.environment, step.model, step.alias)
        case PatchWorkload():
            yield from _fields(step)


def _fields(step: PatchWorkload) -> Iterator[Place]:
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
        yield WorkloadField(step.kind, step.namespace, step.name, field)
