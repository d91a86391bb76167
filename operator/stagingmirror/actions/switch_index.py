"""Staging's alias of an index store. Never one that any mirror names as production's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from stagingmirror.actions.step import Arrived, ExecutableStep, Json, Outcome, Reverted, Task
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.steps import Phase, Value, Write, renamed
from stagingmirror.drift.wording import shown
from stagingmirror.errors import ChangedUnderneath, NotAnswered, NotBegun, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.source import IndexSource
from stagingmirror.sources.index.store import IndexWriter, is_free
from stagingmirror.sources.index.subjects import IndexAlias


@dataclass(frozen=True, slots=True)
class SwitchIndex(ExecutableStep):
    phase: ClassVar[Phase] = "switch"
    order: ClassVar[int] = 35
    visible: ClassVar[bool] = True

    environment: str
    store: str
    alias: str
    index: Value

    def describe(self) -> str:
        return f"{self._place} → {shown(self.index)}"

    def writes(self) -> tuple[Write, ...]:
        return (Write(self._place, self.index),)

    def with_ids(self, ids: Mapping[str, str]) -> Self:
        return replace(self, index=renamed(self.index, ids))

    def rollback_rank(self, loaded: frozenset[str]) -> int:
        return 1

    async def survey(self, refresh: str, tools: Tools) -> Json:
        await self._refuse_productions(tools, proven=True)
        writer = self._writer(tools, proven=True)
        targets = await writer.resolve(self.alias)
        if len(targets) > 1:
            raise NotBegun(
                Reason.ALIAS_AMBIGUOUS,
                f"{self._place} leads to {len(targets)} indexes; let it lead to one.",
            )
        if not targets and not await is_free(writer, self.alias):
            raise NotBegun(
                Reason.NOT_AN_ALIAS,
                f"{self.alias} is the name of an index in store {self.store}, so no alias can have "
                "it; rename that index, or name another alias.",
            )
        await writer.rehearse_swap(self.alias)
        return {"index": next(iter(targets), None), "system": await writer.identity()}

    async def take(self, task: Task, tools: Tools) -> Outcome:
        return await self._lead(
            task.before["index"], task.text(self.index), task, tools, proven=True
        )

    async def verify(self, task: Task, tools: Tools) -> Outcome | Reverted:
        """What it leads to answers, too: an index that is being closed has its alias still."""
        wanted, now = task.text(self.index), await self._now(task, tools)
        if now == wanted:
            documents = await self._writer(tools, proven=False).count(wanted)
            return Arrived(f"leads to {wanted}, which serves {documents} documents")
        if now != task.before["index"]:
            raise self._changed(now)
        return Reverted("somebody", f"somebody led {self._place} to {now}")

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        made = self._made(task)
        if made is None:
            return Arrived("leads to what it did: nothing was restored")
        return await self._lead(made, task.before["index"], task, tools, proven=False)

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        if await self._now(task, tools) != task.before["index"]:
            raise StepFailed(
                Reason.NOT_ROLLED_BACK, f"{self._place} does not lead to its former index."
            )
        return Arrived("as before")

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        return await self._now(task, tools) in (
            task.before["index"],
            self._made(task),
        )

    def _made(self, task: Task) -> str | None:
        """The new index; None: nothing was restored."""
        if isinstance(self.index, str):
            return self.index
        return task.produced.get(self.index.step)

    @property
    def _place(self) -> IndexAlias:
        return IndexAlias(self.environment, self.store, self.alias)

    def _writer(self, tools: Tools, *, proven: bool) -> IndexWriter:
        return tools.source(IndexSource).writer(self.environment, self.store, proven=proven)

    async def _now(self, task: Task, tools: Tools) -> str | None:
        """Raises ChangedUnderneath where it is another system than was surveyed, or it leads to
        several.
        """
        writer = self._writer(tools, proven=False)
        if await writer.identity() != task.before["system"]:
            raise ChangedUnderneath(
                Reason.CHANGED_UNDERNEATH,
                f"environment {self.environment} has led to another index store since this refresh "
                f"began, so {self._place} is not touched there.",
            )
        targets = await writer.resolve(self.alias)
        if len(targets) > 1:
            raise self._changed(" and ".join(targets[:4]))
        return next(iter(targets), None)

    async def _lead(
        self, former: str | None, target: str | None, task: Task, tools: Tools, *, proven: bool
    ) -> Outcome:
        """``proven``: only where it is proven not to be production's; else unless it is."""
        now = await self._now(task, tools)
        if now == target:
            return Arrived("leads to what it should")
        if now != former:
            raise self._changed(now)
        await self._refuse_productions(tools, proven=proven)
        tools.writer.refuse_unless_leading()
        writer = self._writer(tools, proven=proven)
        if target is not None:
            await writer.swap(self.alias, former, target)
        elif former is not None:
            await writer.unset(self.alias, former)
        return Arrived(f"led from {former} to {target}")

    def _changed(self, now: str | None) -> ChangedUnderneath:
        moved = f"led {self._place} to {now}" if now else f"removed {self._place}"
        return ChangedUnderneath(Reason.CHANGED_UNDERNEATH, f"somebody {moved} during the refresh.")

    async def _refuse_productions(self, tools: Tools, *, proven: bool) -> None:
        is_production = await tools.is_production(self._place)
        if is_production is None and proven:
            raise NotAnswered(
                Reason.STORE_NOT_PROVEN,
                f"a StagingMirror names {self._place} as production's, and it is not proven yet "
                "that this is another store; that is tried again with each poll",
            )
        if is_production:
            raise NotBegun(
                Reason.PRODUCTION_IS_READ_ONLY,
                f"a StagingMirror names {self._place} as production's, so it is never moved; name "
                "another alias for staging.",
            )
