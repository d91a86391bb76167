"""A snapshot of production's index, restored in staging's store under a new name, counted, sampled
and marked. Nothing serves it yet.
"""

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from stagingmirror.actions.copies.copying import Copying
from stagingmirror.actions.step import Arrived, Json, Outcome, Task
from stagingmirror.actions.tools import Progressing, Tools
from stagingmirror.api.spec.grants import Grant
from stagingmirror.drift.wording import size
from stagingmirror.errors import ChangedUnderneath, NotThere, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.poller import read_content
from stagingmirror.sources.index.source import IndexSource
from stagingmirror.sources.index.store import (
    IndexFacts,
    IndexReader,
    IndexWriter,
    Mark,
    Snapshot,
    is_free,
)


@dataclass(frozen=True, slots=True)
class RestoreIndex(Copying):
    """``index``: production's target; ``snapshot``: its label; ``taken``: when that was (POSIX s);
    ``size`` in bytes, where known; ``least_free``: percent of the disk that must stay free.
    """

    order: ClassVar[int] = 12
    left: ClassVar[str] = "removed from staging's store"

    from_environment: str
    from_store: str
    from_alias: str
    index: str
    snapshot: str
    taken: float
    size: int | None
    to_environment: str
    to_store: str
    to_alias: str
    least_free: int

    @property
    def may_stay(self) -> bool:
        return False  # nobody would ever remove it

    def describe(self) -> str:
        return f"restore {self.snapshot} of {self.index} in index store {self.to_store}"

    def grants(self) -> frozenset[Grant]:
        return frozenset({Grant("production", "index_copies", self.from_store)})

    def rollback_rank(self, loaded: frozenset[str]) -> int:
        return 5  # the alias leads elsewhere again, and nobody has it open

    async def survey(self, refresh: str, tools: Tools) -> Json:
        """A name that nothing has and nobody else makes: with a few letters of this refresh."""
        reader, writer = self._reader(tools), self._writer(tools, proven=True)
        await self._refuse_one_store(reader, writer)
        letters = hashlib.sha256(f"{refresh} {self.snapshot}".encode()).hexdigest()[:8]
        name = f"{self.index}-{letters}"
        await self._refuse_without_room(writer)
        await writer.rehearse(await self._snapshot(reader), self.index, name, reader)
        return {"index": name, "system": await writer.identity()}

    async def copy(self, task: Task, tools: Tools, progress: Progressing) -> str:
        reader, writer = self._reader(tools), self._writer(tools, proven=True)
        new = str(task.before["index"])
        await self._refuse_another_system(writer, task)
        namespace = task.mirror.partition("/")[0]
        async with tools.pool.room(
            f"{self.from_environment}/{self.from_store}",
            f"{self.to_environment}/{self.to_store}",
            namespace,
        ):
            self._refuse(tools)
            await self._refuse_one_store(reader, writer)
            snapshot = await self._snapshot(reader)
            if not await self._is_marked(writer, new, task):
                await self._refuse_without_room(writer)
                await writer.restore(snapshot, self.index, new, reader, progress)
                self._refuse(tools)
                await self._mark(reader, writer, new, task, tools)
        return new

    def expected(self) -> int:
        return self.size or 0

    def underway(self, done: int, total: int, lasting: float) -> str:
        share = f"{100 * min(done, total) // total} %" if total else "started"
        return f"restoring: {share}, {lasting:.0f} s"

    def arrived(self, made: str) -> Arrived:
        return Arrived(f"restored as {made}, counted and sampled", produced=made)

    async def verify(self, task: Task, tools: Tools) -> Outcome:
        """What is in it now is what was restored."""
        writer, new = self._writer(tools, proven=True), str(task.before["index"])
        mark = (await writer.facts(new)).mark
        content = await read_content(writer, new, tools.clock())
        if mark is None or (mark.documents, mark.sample) != (content.documents, content.sample):
            raise StepFailed(
                Reason.INDEX_DIFFERS, f"index {new} was changed after it was restored."
            )
        return Arrived(f"{content.documents} documents, as restored")

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        await tools.pool.stop((task.refresh, self.id))
        writer = self._writer(tools, proven=False)
        await self._refuse_another_system(writer, task)
        await self._refuse_one_store(self._reader(tools), writer)
        tools.writer.refuse_unless_leading()
        await writer.drop(str(task.before["index"]))
        return Arrived(self.left)

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        new = str(task.before["index"])
        if not await is_free(self._writer(tools, proven=False), new):
            raise StepFailed(Reason.NOT_ROLLED_BACK, f"index {new} is still there; remove it.")
        return Arrived("as before")

    def _reader(self, tools: Tools) -> IndexReader:
        return tools.source(IndexSource).reader(self.from_environment, self.from_store)

    def _writer(self, tools: Tools, *, proven: bool) -> IndexWriter:
        source = tools.source(IndexSource)
        return source.writer(self.to_environment, self.to_store, proven=proven)

    async def _refuse_another_system(self, writer: IndexWriter, task: Task) -> None:
        """Raises ChangedUnderneath: by the same name there may be something else."""
        if await writer.identity() != task.before["system"]:
            raise ChangedUnderneath(
                Reason.CHANGED_UNDERNEATH,
                f"environment {self.to_environment} has led to another index store than "
                f"{self.to_store} was since this refresh began, so nothing is touched there.",
            )

    async def _refuse_one_store(self, reader: IndexReader, writer: IndexWriter) -> None:
        """Raises StepFailed where both sides are one system by now."""
        if await reader.identity() == await writer.identity():
            raise StepFailed(
                Reason.PRODUCTION_IS_READ_ONLY,
                f"index store {self.to_store} of {self.to_environment} is {self.from_store} of "
                f"production's {self.from_environment}, and nothing is written there.",
            )

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

    async def _is_marked(self, writer: IndexWriter, new: str, task: Task) -> bool:
        """Whether an earlier process restored it whole, for this refresh."""
        try:
            mark = (await writer.facts(new)).mark
        except NotThere:
            return False
        return mark is not None and mark.refresh == task.refresh

    async def _mark(
        self, reader: IndexReader, writer: IndexWriter, new: str, task: Task, tools: Tools
    ) -> None:
        """Raises StepFailed where what was restored is not what production serves."""
        production, restored = await reader.facts(self.index), await writer.facts(new)
        content = await read_content(writer, new, tools.clock())
        if content.documents == 0:
            raise StepFailed(Reason.INDEX_DIFFERS, f"{self.snapshot} holds no documents.")
        if _definition(production) != _definition(restored):
            raise StepFailed(
                Reason.INDEX_DIFFERS,
                f"what {self.snapshot} holds has other vector fields than {self.index} has in "
                "production by now.",
            )
        mark = Mark(
            environment=self.from_environment,
            index=self.index,
            snapshot=self.snapshot,
            taken=self.taken,
            refresh=task.refresh,
            at=tools.clock(),
            documents=content.documents,
            sample=content.sample,
        )
        await writer.stamp(new, mark)
        if (await writer.facts(new)).mark != mark:
            raise StepFailed(Reason.INDEX_DIFFERS, f"the mark of {new} is not what was written.")

    def _refuse(self, tools: Tools) -> None:
        """What held when the plan was made may not hold any more."""
        tools.writer.refuse_unless_leading()
        source = tools.source(IndexSource)
        may = source.copies(self.from_environment, self.from_store) and source.offers(
            self.from_environment, self.from_store, self.from_alias
        )
        if not may or not source.offers(self.to_environment, self.to_store, self.to_alias):
            raise StepFailed(
                Reason.ENVIRONMENT_REVOKED,
                f"environments {self.from_environment} and {self.to_environment} do not let "
                f"{self.from_alias} be copied any more.",
            )


def _definition(facts: IndexFacts) -> list[tuple[object, ...]]:
    return sorted((each.name, each.dimensions, each.metric) for each in facts.vectors)
