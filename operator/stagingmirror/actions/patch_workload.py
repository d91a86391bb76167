"""All fields of one workload in one patch, so one rollout."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from stagingmirror.actions.fence import FENCED, fence, hand_back
from stagingmirror.actions.step import (
    Arrived,
    ExecutableStep,
    Json,
    Outcome,
    Reverted,
    Task,
    Underway,
)
from stagingmirror.actions.tools import Tools
from stagingmirror.api.types.workload import TemplateKind
from stagingmirror.drift.steps import Phase, Write, renamed
from stagingmirror.errors import NotThere, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import WorkloadField
from stagingmirror.sources.kubernetes.write.containers import (
    Body,
    workload_path,
)
from stagingmirror.sources.kubernetes.write.field_managers import is_foreign, our_entry, owner_of
from stagingmirror.sources.kubernetes.write.field_patch import (
    Change,
    Entry,
    FieldWrite,
    Restart,
    SetAnnotation,
    SetVariable,
    describe,
    field_of,
    in_order,
    path_of,
    read_field,
    target_of,
)
from stagingmirror.sources.kubernetes.write.rollout_read import Rollout, read_rollout
from stagingmirror.sources.kubernetes.write.rollout_status import (
    generation_of,
    is_stuck,
    is_whole,
    not_passed_on,
    pending,
    refuse_unmovable,
    retagged,
    running_digests,
    unnoticed,
)
from stagingmirror.sources.kubernetes.write.writer import changed_underneath, is_ours

# Appended to a restart's token where the refresh is rolled back: pods that started in between have
# read the new values, so the old template alone would not do.
BACK = "back"
NOT_WHOLE = "was not whole before, so not verified"


@dataclass(frozen=True, slots=True)
class PatchWorkload(ExecutableStep):
    """All fields of one workload. Several components may share it. A restart stays beside writes
    that bring new pods anyway: after a rollback, pods of the former template may have read the new
    value of a store meanwhile, and only a restart replaces them.
    """

    phase: ClassVar[Phase] = "switch"
    order: ClassVar[int] = 50
    visible: ClassVar[bool] = True

    kind: TemplateKind
    namespace: str
    name: str
    fields: tuple[FieldWrite, ...]

    def describe(self) -> str:
        return f"{self._name}: {'; '.join(describe(each) for each in self.fields)}"

    def writes(self) -> tuple[Write, ...]:
        return tuple(
            Write(WorkloadField(self.kind, self.namespace, self.name, field_of(each)), each)
            for each in self.fields
            if not isinstance(each, Restart)
        )

    def merge_key(self) -> Hashable:
        return (self.kind, self.namespace, self.name)

    def joined(self, other: Self) -> Self:
        both = ExecutableStep.joined(self, other)
        return replace(both, fields=in_order(self.fields + other.fields))

    def with_ids(self, ids: Mapping[str, str]) -> Self:
        fields = (
            replace(each, value=renamed(each.value, ids)) if isinstance(each, SetVariable) else each
            for each in self.fields
        )
        return replace(self, fields=tuple(fields))

    def rollback_rank(self, loaded: frozenset[str]) -> int:
        return 4 if loaded & set(self.components) else 2

    def replaced(self, value: str, before: Json) -> Sequence[object]:
        return [
            former.get("value", "") if isinstance(former, Mapping) else former
            for write, former in zip(self.fields, before["entries"], strict=True)
            if getattr(write, "value", None) == value
            and not (isinstance(former, Mapping) and "valueFrom" in former)
        ]

    def owners(self, before: Json) -> Sequence[str]:
        return [
            f"{self._name}: {field_of(write)} was managed by {owner}"
            for write, owner in zip(self.fields, before.get("owners") or (), strict=False)
            if is_foreign(owner) and not isinstance(write, Restart)
        ]

    async def survey(self, refresh: str, tools: Tools) -> Json:
        try:
            rollout = await self._rollout(tools)
        except NotThere:
            raise StepFailed(Reason.NOT_THERE, f"there is no {self._name}; create it.") from None
        body, kind = rollout.body, self.kind
        if self._rolls_out:
            refuse_unmovable(rollout)
        return {
            "uid": body["metadata"]["uid"],
            "entries": [read_field(body, kind, write) for write in self.fields],
            "owners": [owner_of(body, path_of(body, kind, write)) for write in self.fields],
            "ours": our_entry(body),
            "digests": running_digests(rollout),
            "whole": is_whole(rollout),
            "stuck": is_stuck(rollout),
        }

    async def rehearse(self, task: Task, tools: Tools) -> None:
        await self._change(self._forward(task), task, tools, dry_run=True)

    async def take(self, task: Task, tools: Tools) -> Outcome:
        body = await self._change(self._forward(task), task, tools)
        return Arrived("patched", after={**task.after, "generation": generation_of(body)})

    async def verify(self, task: Task, tools: Tools) -> Outcome | Reverted:
        rollout = await self._rollout(tools)
        restored: list[Change] = []
        for change in self._forward(task):
            now = read_field(rollout.body, self.kind, change.write)
            if now == change.target:
                continue
            if now != change.former or is_ours(rollout.body, self.kind, change):
                raise changed_underneath(rollout.body, self.kind, change)
            restored.append(change)
        if restored:
            return self._reverted(rollout.body, restored)
        if not self._rolls_out:
            return Arrived("written")
        generation, was_stuck = int(task.after["generation"]), bool(task.before["stuck"])
        awaited = not_passed_on(rollout, self._forward(task)) or pending(
            rollout, generation, was_stuck=was_stuck
        )
        return Underway(awaited) if awaited else Arrived("rolled out")

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        try:
            body = await tools.writer.get(self._path)
            if body["metadata"]["uid"] != task.before["uid"]:
                return Arrived("was made anew by its owner; nothing to roll back")
            todo, foreign = self._backward(body, task)
            if todo:
                body = await self._change(todo, task, tools)
            elif not task.after.keys() & {"generation", FENCED}:
                return await fence(task, tools, self.namespace, self._path)
        except NotThere:
            return Arrived("is gone; nothing to roll back")
        if foreign:
            raise changed_underneath(body, self.kind, foreign[0])
        # Also where nothing is left to do: a process may have died right after its patch.
        return Arrived("patched back", after={**task.after, "backGeneration": generation_of(body)})

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        try:
            rollout = await self._rollout(tools)
            if rollout.body["metadata"]["uid"] != task.before["uid"]:
                return Arrived("was made anew by its owner")
            awaited = self._awaited_back(rollout, task)
            if awaited:
                return Underway(awaited)
            await hand_back(task, tools, self.namespace, self._path)
        except NotThere:
            return Arrived("is gone")
        if not self._rolls_out:
            return Arrived("as before")
        if task.before["whole"]:
            return Arrived("runs what it ran")
        return Arrived(NOT_WHOLE, caveat=NOT_WHOLE)

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        body = await tools.writer.get(self._path)
        return body["metadata"]["uid"] != task.before["uid"] or all(
            read_field(body, self.kind, change.write) in (change.former, change.target)
            for change in self._forward(task)
            if not isinstance(change.write, Restart)
        )

    @property
    def _rolls_out(self) -> bool:
        """Whether it writes anything into the pod template: the workload's own annotations reach no
        pod.
        """
        return any(not isinstance(write, SetAnnotation) for write in self.fields)

    @property
    def _path(self) -> str:
        return workload_path(self.kind, self.namespace, self.name)

    @property
    def _name(self) -> str:
        return f"{self.kind} {self.name}"

    async def _rollout(self, tools: Tools) -> Rollout:
        return await read_rollout(tools.writer, self.kind, self.namespace, self.name)

    async def _change(
        self, changes: list[Change], task: Task, tools: Tools, *, dry_run: bool = False
    ) -> dict[str, Any]:
        at = self.kind, self.namespace, self.name, task.before["uid"]
        return await tools.writer.change(*at, changes, dry_run=dry_run)

    def _forward(self, task: Task) -> list[Change]:
        return [
            Change(write, former, target_of(write, _text(write, task)))
            for write, former in zip(self.fields, task.before["entries"], strict=True)
        ]

    def _backward(self, body: Body, task: Task) -> tuple[list[Change], list[Change]]:
        """What is still to be changed back, and what somebody else has changed since."""
        todo: list[Change] = []
        foreign: list[Change] = []
        for change in self._forward(task):
            now = read_field(body, self.kind, change.write)
            back = Change(change.write, change.target, _before(change, task))
            if now == change.target != change.former:
                todo.append(back)
            elif now in (change.former, back.target):
                continue
            elif is_ours(body, self.kind, change):  # what admission made of it
                todo.append(replace(back, former=now))
            else:
                foreign.append(back)
        return todo, foreign

    def _awaited_back(self, rollout: Rollout, task: Task) -> str | None:
        """What was not whole before cannot be waited for; what runs of it is compared all the
        same.
        """
        if not self._rolls_out:
            return None
        generation = int(task.after.get("backGeneration", 0))
        awaited = unnoticed(rollout, generation) or not_passed_on(rollout, self._forward(task))
        if awaited is None and task.before["whole"]:
            try:
                awaited = pending(rollout, generation, was_stuck=True)
            except StepFailed as failed:
                awaited = failed.message  # it ran before, so it is waited for
        if awaited is None:
            self._refuse_other_digests(rollout, task.before["digests"])
        return awaited

    def _refuse_other_digests(self, rollout: Rollout, before: Json) -> None:
        if (container := retagged(rollout, before)) is not None:
            raise StepFailed(
                Reason.NOT_ROLLED_BACK,
                f"{self._name}: {container} runs another image under the same tag than before; "
                "pin it by digest.",
            )

    def _reverted(self, body: Body, changes: Sequence[Change]) -> Reverted:
        by_manager: dict[str, list[str]] = {}
        for change in changes:
            manager = owner_of(body, path_of(body, self.kind, change.write)) or "somebody"
            by_manager.setdefault(manager, []).append(field_of(change.write))
        who = [f"{manager} changed the {', '.join(names)}" for manager, names in by_manager.items()]
        return Reverted(", ".join(by_manager), f"{' and '.join(who)} of {self._name}")


def _text(write: FieldWrite, task: Task) -> str:
    return task.refresh if isinstance(write, Restart) else task.text(write.value)


def _before(change: Change, task: Task) -> Entry:
    """What the field becomes when it is rolled back: what it was; a restart is made once more."""
    if isinstance(change.write, Restart):
        return f"{task.refresh}-{BACK}"
    return change.former
