"""What a refresh does, on a small world instead of a cluster: each step changes what the view would
answer once the step has arrived.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import singledispatch

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.copies.copy_files import CopyFiles
from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.drift.command.edits import added, replaced
from stagingmirror.drift.command.flags import Form, Given, find
from stagingmirror.drift.command.words import Words
from stagingmirror.drift.steps import Produced, Step, Value
from stagingmirror.reading.images import Reference
from stagingmirror.sources.kubernetes.objects.templates import INITIALIZER
from stagingmirror.sources.kubernetes.subjects import Container, Pod, Variable, Workload
from stagingmirror.sources.kubernetes.write.field_patch import (
    FieldWrite,
    Restart,
    SetAnnotation,
    SetArgument,
    SetImage,
    SetStorageUri,
    SetVariable,
)
from stagingmirror.sources.objectstore.subjects import (
    FolderSubject,
    StoredFolder,
    TableSubject,
    TableVersion,
)
from support.kinds.builders import World


@singledispatch
def rehearse(step: Step, rehearsal: "Rehearsal") -> None:
    """What the step changes. The world of a new kind registers its own steps here."""
    raise AssertionError(f"register {type(step).__name__}: rehearse.register")


class Rehearsal:
    """Takes steps in order at ``now`` (POSIX s); everything that starts, starts a bit later."""

    def __init__(self, world: World, now: float) -> None:
        self.world = world
        self.loaded: list[str] = []
        self.now = now
        self.produced: dict[str, str] = {}

    def take(self, steps: Iterable[Step]) -> None:
        for step in steps:
            rehearse(step, self)

    def copy(self, step: CopyModel) -> None:
        versions = self.world.versions
        theirs = versions[(step.from_environment, step.from_model, step.from_version)]
        number = str(1 + max((int(n) for env, _, n in versions if env == step.to_environment)))
        copied = replace(theirs, model=step.to_model, version=number, created=self.now)
        self.world.register(step.to_environment, copied)
        self.produced[step.id] = number

    def copy_files(self, step: CopyFiles) -> None:
        folder = self.world.others[FolderSubject(step.from_environment, step.from_uri)]
        copied = StoredFolder(step.to_uri, folder.content, self.now - 60)
        self.world.put(FolderSubject(step.to_environment, step.to_uri), copied)

    def set(self, step: SetConfigMapKey) -> None:
        former = self.world.config_maps[(step.namespace, step.name)]
        data = {**former.data, step.key: step.value}
        changed = {**former.changed, step.key: self.now}
        self.world.add(replace(former, data=data, changed=changed))

    def move(self, step: MoveAlias) -> None:
        self.world.alias(
            step.environment,
            self.text(step.version),
            model=step.model,
            name=step.alias,
            moved=self.now + 10,
            unmoved=self.now - 1,
        )

    def patch(self, step: PatchWorkload) -> None:
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
                variables = {**former.variables, variable: Variable(self.text(value))}
                return _with(workload, name, replace(former, variables=variables))
            case SetArgument(container=name, flag=flag, value=value, added=form):
                former = workload.containers[name]
                assert former.words is not None
                words = _given(former.words, flag, value, form)
                return _with(workload, name, replace(former, words=words))
            case SetImage(container=name, value=image):
                return _with(workload, name, replace(workload.containers[name], image=image))
            case SetStorageUri(value=uri):
                assert workload.storage is not None
                fetching = Container("kserve/storage-initializer", {}, fetches=(uri,))
                storage = replace(workload.storage, uris=(uri,), given=(uri,))
                return replace(_with(workload, INITIALIZER, fetching), storage=storage)
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
            started=self.now + 5,
            containers=workload.containers,
            image_ids={name: f"r@{digest}" for name, digest in digests.items() if digest},
        )

    def text(self, value: Value) -> str:
        if isinstance(value, Produced):
            return value.form.replace("{value}", self.produced[value.step])
        return value


@rehearse.register
def _(step: CopyModel, rehearsal: Rehearsal) -> None:
    rehearsal.copy(step)


@rehearse.register
def _(step: CopyFiles, rehearsal: Rehearsal) -> None:
    rehearsal.copy_files(step)


@rehearse.register
def _(step: RunLoader, rehearsal: Rehearsal) -> None:
    rehearsal.loaded.append(step.value)
    for subject in [*rehearsal.world.others]:
        if isinstance(subject, TableSubject) and subject.environment == "staging":
            rehearsal.world.put(subject, TableVersion(int(step.value), rehearsal.now))


@rehearse.register
def _(step: SetConfigMapKey, rehearsal: Rehearsal) -> None:
    rehearsal.set(step)


@rehearse.register
def _(step: MoveAlias, rehearsal: Rehearsal) -> None:
    rehearsal.move(step)


@rehearse.register
def _(step: PatchWorkload, rehearsal: Rehearsal) -> None:
    rehearsal.patch(step)


def _given(words: Words, flag: str, value: str, form: Form | None) -> Words:
    given = find(words, flag)
    if isinstance(given, Given):
        return replaced(words, given, {"value": value})
    assert given is None
    assert form is not None
    return added(words, flag, value, form)


def _with(workload: Workload, name: str, container: Container) -> Workload:
    return replace(workload, containers={**workload.containers, name: container})
