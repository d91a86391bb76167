"""What a refresh does, on a small world instead of a cluster: each step changes what the view would
answer once the step has arrived.
"""

from collections.abc import Iterable
from dataclasses import replace

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.copy_model import CopyModel
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.drift.steps import Produced, Step, Value
from stagingmirror.reading.images import Reference
from stagingmirror.sources.kubernetes.subjects import Container, Pod, Variable, Workload
from stagingmirror.sources.kubernetes.write.field_patch import (
    FieldWrite,
    Restart,
    SetAnnotation,
    SetImage,
    SetVariable,
)
from support.kinds.builders import World


class Rehearsal:
    """Takes steps in order at ``now`` (POSIX s); everything that starts, starts a bit later."""

    def __init__(self, world: World, now: float) -> None:
        self.world = world
        self.loaded: list[str] = []
        self._now = now
        self._produced: dict[str, str] = {}

    def take(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case CopyModel():
                    self._copy(step)
                case RunLoader():
                    self.loaded.append(step.value)
                case SetConfigMapKey():
                    self._set(step)
                case MoveAlias():
                    self._move(step)
                case PatchWorkload():
                    self._patch(step)
                case _:
                    raise AssertionError(step)

    def _copy(self, step: CopyModel) -> None:
        versions = self.world.versions
        theirs = versions[(step.from_environment, step.from_model, step.from_version)]
        number = str(1 + max((int(n) for env, _, n in versions if env == step.to_environment)))
        copied = replace(theirs, model=step.to_model, version=number, created=self._now)
        self.world.register(step.to_environment, copied)
        self._produced[step.id] = number

    def _set(self, step: SetConfigMapKey) -> None:
        former = self.world.config_maps[(step.namespace, step.name)]
        data = {**former.data, step.key: step.value}
        changed = {**former.changed, step.key: self._now}
        self.world.add(replace(former, data=data, changed=changed))

    def _move(self, step: MoveAlias) -> None:
        self.world.alias(
            step.environment,
            self._text(step.version),
            model=step.model,
            name=step.alias,
            moved=self._now + 10,
            unmoved=self._now - 1,
        )

    def _patch(self, step: PatchWorkload) -> None:
        workload = self.world.workloads[(step.kind, step.namespace, step.name)]
        for write in step.fields:
            workload = self._written(workload, write)
        if any(not isinstance(write, SetAnnotation) for write in step.fields):
            workload = replace(workload, pods=tuple(self._new(workload) for _ in workload.pods))
        self.world.add(workload)

    def _written(self, workload: Workload, write: FieldWrite) -> Workload:
        match write:
            case SetAnnotation(key=key, value=value):
                return replace(workload, annotations={**workload.annotations, key: value})
            case SetVariable(container=name, variable=variable, value=value):
                former = workload.containers[name]
                variables = {**former.variables, variable: Variable(self._text(value))}
                return _with(workload, name, replace(former, variables=variables))
            case SetImage(container=name, value=image):
                return _with(workload, name, replace(workload.containers[name], image=image))
            case Restart():
                return workload

    def _new(self, workload: Workload) -> Pod:
        digests = {
            name: Reference.parse(each.image).digest for name, each in workload.containers.items()
        }
        return Pod(
            name="pod-new",
            ready=True,
            terminating=False,
            started=self._now + 5,
            containers=workload.containers,
            image_ids={name: f"r@{digest}" for name, digest in digests.items() if digest},
        )

    def _text(self, value: Value) -> str:
        if isinstance(value, Produced):
            return value.form.replace("{value}", self._produced[value.step])
        return value


def _with(workload: Workload, name: str, container: Container) -> Workload:
    return replace(workload, containers={**workload.containers, name: container})
