"""A snapshot of production's index, restored in staging's store under a new name, counted, sampled
and marked. Nothing serves it yet.
"""

from dataclasses import dataclass
from typing import ClassVar

from stagingmirror.actions.copies.copying import Copying
from stagingmirror.actions.copies.index_copy import IndexCopy
from stagingmirror.actions.step import Arrived, Json, Outcome, Task
from stagingmirror.actions.tools import Progressing, Tools
from stagingmirror.drift.wording import size
from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.store import IndexReader, IndexWriter, Snapshot


@dataclass(frozen=True, slots=True)
class RestoreIndex(IndexCopy, Copying):
    """``size`` in bytes, where known; ``least_free``: percent of the disk that must stay free."""

    order: ClassVar[int] = 12
    left: ClassVar[str] = "removed from staging's store"

    size: int | None
    least_free: int

    @property
    def may_stay(self) -> bool:
        return False  # no later refresh would remove it

    @property
    def makes_the_same(self) -> bool:
        return not self.masked  # what is served then is the masking job's

    def describe(self) -> str:
        return f"restore {self.snapshot} of {self.index} in index store {self.to_store}"

    def rollback_rank(self, loaded: frozenset[str]) -> int:
        return 5  # the alias leads elsewhere again, and no server has it open

    async def survey(self, refresh: str, tools: Tools) -> Json:
        reader, writer = self.reader(tools), self.writer(tools, proven=True)
        await self.refuse_one_store(reader, writer)
        names = [self.final_name(refresh)]
        if self.masked:
            names.insert(0, self.unmasked_name(refresh, writer))
        await self._refuse_without_room(writer)
        snapshot = await self._snapshot(reader)
        for name in names:
            await writer.rehearse(snapshot, self.index, name, reader)
        return {"index": names[0], "system": await writer.identity()}

    async def copy(self, task: Task, tools: Tools, progress: Progressing) -> str:
        reader, writer = self.reader(tools), self.writer(tools, proven=True)
        new = str(task.before["index"])
        await self.refuse_another_system(writer, task.before)
        namespace = task.mirror.partition("/")[0]
        async with tools.pool.room(
            f"{self.from_environment}/{self.from_store}",
            f"{self.to_environment}/{self.to_store}",
            namespace,
        ):
            self.refuse_revoked(tools)
            await self.refuse_one_store(reader, writer)
            snapshot = await self._snapshot(reader)
            if (made := await self.marked(new, task, tools)) is not None:
                return made
            await self._refuse_without_room(writer)
            await writer.restore(snapshot, self.index, new, reader, progress)
            self.refuse_revoked(tools)
            return await self.mark_as_read(new, task, tools)

    def expected(self) -> int:
        return self.size or 0

    def underway(self, done: int, total: int, lasting: float) -> str:
        share = f"{100 * min(done, total) // total} %" if total else "started"
        return f"restoring: {share}, {lasting:.0f} s"

    def arrived(self, made: str) -> Arrived:
        name, after = self.noted(made)
        return Arrived(f"restored as {name}, counted and sampled", after=after, produced=name)

    def is_new(self, before: Json) -> bool:
        # What is masked has another name.
        return not self.masked and IndexCopy.is_new(self, before)

    async def verify(self, task: Task, tools: Tools) -> Outcome:
        if self.masked:
            return Arrived("it has been masked")
        return await self.as_marked(str(task.before["index"]), tools)

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        await tools.pool.stop((task.refresh, self.id))
        await self.undo(str(task.before["index"]), task, tools)
        return Arrived(self.left, after={})

    async def _snapshot(self, reader: IndexReader) -> Snapshot:
        """Raises StepFailed where it is not there any more, or not complete."""
        for each in await reader.snapshots(self.index):
            if each.label == self.snapshot and each.complete:
                return each
        raise StepFailed(
            Reason.NO_SNAPSHOT, f"snapshot {self.snapshot} of {self.index} is not there any more."
        )

    async def _refuse_without_room(self, writer: IndexWriter) -> None:
        room = await writer.room()
        if room is None:
            return
        left = room.free - (self.size or 0)
        if left * 100 < self.least_free * room.total:
            raise StepFailed(
                Reason.NO_ROOM,
                f"index store {self.to_store} has {size(room.free)} of {size(room.total)} free, "
                f"and {self.least_free}% must stay free (minFreeSpace); make room.",
            )
