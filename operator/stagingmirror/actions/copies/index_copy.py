"""What the steps have in common that bring an index of production's into staging's store."""

import hashlib
from dataclasses import dataclass
from typing import ClassVar, Literal

from stagingmirror.actions.removable import Removable
from stagingmirror.actions.step import Arrived, ExecutableStep, Json, Outcome, Task
from stagingmirror.actions.tools import Tools
from stagingmirror.api.spec.grants import Grant, GrantField
from stagingmirror.errors import (
    ChangedUnderneath,
    NotAnswered,
    NotThere,
    StagingMirrorError,
    StepFailed,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.poller import read_content
from stagingmirror.sources.index.source import IndexSource
from stagingmirror.sources.index.store import (
    IndexFacts,
    IndexReader,
    IndexWriter,
    Mark,
    definition_digest,
    is_free,
)

# What an index is called whose texts are still production's. Roles exclude it by this.
UNMASKED = "smir-unmasked-"
# Under which a step notes the digest of the mark that it left.
_MARK = "mark"


@dataclass(frozen=True, slots=True)
class IndexCopy(ExecutableStep, Removable):
    """What it notes once it is marked: a digest of the mark.

    ``index``: production's target; ``snapshot``: its label; ``taken``: when that was (POSIX s).
    ``masked``: staging's masking job runs on it before it is served.
    """

    masks: ClassVar[bool] = False
    """Whether what this step marks has been masked."""

    from_environment: str
    from_store: str
    from_alias: str
    index: str
    snapshot: str
    taken: float
    to_environment: str
    to_store: str
    to_alias: str
    masked: bool

    def grants(self) -> frozenset[Grant]:
        field: GrantField = "masked_index_copies" if self.masked else "index_copies"
        return frozenset({Grant("production", field, self.from_store)})

    def final_name(self, refresh: str) -> str:
        """A name that nothing has and nobody else makes: with a few letters of this refresh."""
        return f"{self.index}-{self._letters(refresh)}"

    def unmasked_name(self, refresh: str, writer: IndexWriter) -> str:
        return writer.beside(self.index, f"{UNMASKED}{self._letters(refresh)}")

    def _letters(self, refresh: str) -> str:
        whose = f" {self.to_alias}" if self.masked else ""  # the job runs on each by itself
        return hashlib.sha256(f"{refresh} {self.snapshot}{whose}".encode()).hexdigest()[:8]

    def reader(self, tools: Tools) -> IndexReader:
        return tools.source(IndexSource).reader(self.from_environment, self.from_store)

    def writer(self, tools: Tools, *, proven: bool) -> IndexWriter:
        source = tools.source(IndexSource)
        return source.writer(self.to_environment, self.to_store, proven=proven)

    async def refuse_another_system(self, writer: IndexWriter, before: Json) -> None:
        """Raises ChangedUnderneath: by the same name there may be something else."""
        if await writer.identity() != before["system"]:
            raise ChangedUnderneath(
                Reason.CHANGED_UNDERNEATH,
                f"environment {self.to_environment} has led to another index store than "
                f"{self.to_store} was since this refresh began, so nothing is touched there.",
            )

    async def refuse_one_store(self, reader: IndexReader, writer: IndexWriter) -> None:
        """Raises StepFailed where both sides are one system by now."""
        if await reader.identity() == await writer.identity():
            raise StepFailed(
                Reason.PRODUCTION_IS_READ_ONLY,
                f"index store {self.to_store} of {self.to_environment} is {self.from_store} of "
                f"production's {self.from_environment}, and nothing is written there.",
            )

    def refuse_revoked(self, tools: Tools) -> None:
        """What held when the plan was made may not hold any more."""
        tools.writer.refuse_unless_leading()
        source = tools.source(IndexSource)
        may = source.copies(self.from_environment, self.from_store, masked=self.masked)
        may = may and source.offers(self.from_environment, self.from_store, self.from_alias)
        if not may or not source.offers(self.to_environment, self.to_store, self.to_alias):
            raise StepFailed(
                Reason.ENVIRONMENT_REVOKED,
                f"environments {self.from_environment} and {self.to_environment} do not let "
                f"{self.from_alias} be copied any more.",
            )

    async def mark_as_read(self, new: str, task: Task, tools: Tools) -> str:
        """Count and sample what is there, and leave that in it; its name and a digest of the mark.
        Raises StepFailed where it is not what production serves.
        """
        reader, writer = self.reader(tools), self.writer(tools, proven=True)
        production, restored = await reader.facts(self.index), await writer.facts(new)
        content = await read_content(writer, new, tools.clock())
        if content.documents == 0:
            raise StepFailed(Reason.INDEX_DIFFERS, f"{new} holds no documents.")
        if _definition(production) != _definition(restored):
            raise StepFailed(
                Reason.INDEX_DIFFERS,
                f"{new} of {self.snapshot} has other vector fields than {self.index} has in "
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
            definition=definition_digest(restored),
            masked=self.masks,
        )
        await writer.stamp(new, mark)
        if (await writer.facts(new)).mark != mark:
            raise StepFailed(Reason.INDEX_DIFFERS, f"the mark of {new} is not what was written.")
        return f"{new} {_digest(mark)}"

    async def marked(self, new: str, task: Task, tools: Tools) -> str | None:
        """The same of what an earlier process made whole for this refresh; None: it did not."""
        try:
            mark = (await self.writer(tools, proven=True).facts(new)).mark
        except NotThere:
            return None
        is_ours = mark is not None and mark.refresh == task.refresh
        return f"{new} {_digest(mark)}" if mark is not None and is_ours else None

    @staticmethod
    def noted(made: str) -> tuple[str, Json]:
        """The name, and what to note, of what those two return."""
        name, _, digest = made.rpartition(" ")
        return name, {_MARK: digest}

    async def as_marked(self, new: str, tools: Tools) -> Arrived:
        """What is in it now is what its mark holds. Raises StepFailed."""
        writer = self.writer(tools, proven=True)
        mark = (await writer.facts(new)).mark
        content = await read_content(writer, new, tools.clock())
        if mark is None or (mark.documents, mark.sample) != (content.documents, content.sample):
            raise StepFailed(
                Reason.INDEX_DIFFERS, f"index {new} was changed after it was restored."
            )
        return Arrived(f"{content.documents} documents, as restored")

    async def undo(self, new: str, task: Task, tools: Tools) -> None:
        """Remove what a refresh that is rolled back has made: in the system that was staging's when
        it began. Production's is not requested: while it is down, its texts would stay here. Errors
        name the index.
        """
        try:
            writer = self.writer(tools, proven=False)
            await self.refuse_another_system(writer, task.before)
            tools.writer.refuse_unless_leading()
            await writer.drop(new)
        except StagingMirrorError as error:
            error.add_what(f"index {new} is to be removed from index store {self.to_store}")
            raise

    def made(self, before: Json) -> str:
        return f"{self.to_environment} {self.to_store}/{before.get('index', '')}"

    def mark(self, before: Json) -> str:
        """Without its schema, which may stand elsewhere."""
        return str(before["index"]).rpartition(".")[2]

    def rests_on(self) -> frozenset[Grant]:
        return frozenset({Grant("staging", "index_aliases", f"{self.to_store}/{self.to_alias}")})

    def is_new(self, before: Json) -> bool:
        return "index" in before  # else nothing is taken

    def is_proven(self, after: Json) -> bool:
        return isinstance(after.get(_MARK), str)

    async def remove(
        self, before: Json, after: Json, tools: Tools
    ) -> Literal["removed", "changed", "going on"]:
        """Raises Refused where an alias leads to it."""
        writer, name = self.writer(tools, proven=True), str(before["index"])
        await self.refuse_another_system(writer, before)
        await self.refuse_one_store(self.reader(tools), writer)
        if await self.is_gone(name, tools):
            return "removed"
        mark = (await writer.facts(name)).mark
        if mark is None or _digest(mark) != after[_MARK]:
            return "changed"
        tools.writer.refuse_unless_leading()
        await writer.drop(name)
        if not await self.is_gone(name, tools):
            raise NotAnswered(Reason.SERVER_ERROR, f"{name} was removed, and is still there")
        return "removed"

    async def is_gone(self, new: str, tools: Tools) -> bool:
        return await is_free(self.writer(tools, proven=False), new)

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        if not await self.is_settled(task, tools):
            index = task.before["index"]
            raise StepFailed(Reason.NOT_ROLLED_BACK, f"index {index} is still there; remove it.")
        return Arrived("as before")

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        """Raises ChangedUnderneath: that another system has no such index settles nothing."""
        await self.refuse_another_system(self.writer(tools, proven=False), task.before)
        return await self.is_gone(str(task.before["index"]), tools)


def _digest(mark: Mark) -> str:
    return hashlib.sha256(repr(mark).encode(errors="surrogatepass")).hexdigest()[:16]


def _definition(facts: IndexFacts) -> list[tuple[object, ...]]:
    return sorted((each.name, each.dimensions, each.metric) for each in facts.vectors)
