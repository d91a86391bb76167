"""A model's files, brought into a folder of staging's object store that is named by their hash."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Literal

from stagingmirror.actions.copies.copying import Copying
from stagingmirror.actions.removable import Removable
from stagingmirror.actions.step import Arrived, Json, Task
from stagingmirror.actions.tools import Progressing, Tools
from stagingmirror.api.spec.grants import Grant
from stagingmirror.drift.wording import counted, size
from stagingmirror.errors import NotAnswered, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.objectstore.copy import copy_folder
from stagingmirror.sources.objectstore.source import ObjectStoreSource

_EMPTY, _WRITTEN = "empty", "written"
# Files that are deleted by one request, and seconds after which no further one is begun at once.
_BATCH, _AT_ONCE = 100, 20.0


@dataclass(frozen=True, slots=True)
class CopyFiles(Copying, Removable):
    """The folder is its own, named by what is in it. What this step notes once the bytes are
    verified: when the newest of the files was written, by the store's clock. Any that is newer was
    written by somebody else.

    ``keep``: how many old copies stay once the refresh has succeeded, as it was planned; None: all.
    """

    order: ClassVar[int] = 11
    left: ClassVar[str] = "stays in the store, named by no workload"

    from_environment: str
    from_uri: str
    to_environment: str
    to_uri: str
    tree_hash: str
    files: int
    size: int
    keep: int | None = None

    def describe(self) -> str:
        what = f"{counted(self.files, 'file')}, {size(self.size)}"
        then = "" if self.keep is None else f"; of old copies the last {self.keep} stay"
        return f"copy {self.from_uri} ({what}) to {self.to_uri}{then}"

    def grants(self) -> frozenset[Grant]:
        return frozenset(
            {
                Grant("production", "object_stores", self.from_uri),
                Grant("staging", "object_stores", self.to_uri),
            }
        )

    async def survey(self, refresh: str, tools: Tools) -> Json:
        """Raises StepFailed where the destination may be production's."""
        stores = tools.source(ObjectStoreSource)
        destination = stores.opened(self.to_environment, self.to_uri)
        destination.refuse_writing()
        stores.opened(self.from_environment, self.from_uri)
        return {_EMPTY: not await destination.listing()}

    async def copy(self, task: Task, tools: Tools, progress: Progressing) -> str:
        stores = tools.source(ObjectStoreSource)
        namespace = task.mirror.partition("/")[0]
        async with tools.pool.room(self.from_environment, self.to_environment, namespace):
            written = await copy_folder(
                stores.opened(self.from_environment, self.from_uri),
                stores.opened(self.to_environment, self.to_uri),
                self.tree_hash,
                clock=tools.clock,
                clock_margin=stores.clock_margin,
                may_write=partial(self._refuse, tools),
                progress=progress,
            )
        return "" if written is None else repr(written)

    def expected(self) -> int:
        return self.size

    def arrived(self, made: str) -> Arrived:
        after = {_WRITTEN: float(made)} if made else {}
        return Arrived(f"{self.to_uri}, bytes verified", after=after)

    def made(self, before: Json) -> str:
        return f"{self.to_environment} {self.to_uri}"

    def mark(self, before: Json) -> str:
        return self.to_uri.rpartition("/")[2]

    def rests_on(self) -> frozenset[Grant]:
        return self.grants()

    def is_new(self, before: Json) -> bool:
        return before.get(_EMPTY) is True

    def is_proven(self, after: Json) -> bool:
        return isinstance(after.get(_WRITTEN), float)

    async def remove(
        self, before: Json, after: Json, tools: Tools
    ) -> Literal["removed", "changed", "going on"]:
        stores, ends = tools.source(ObjectStoreSource), tools.clock() + _AT_ONCE
        folder = stores.opened(self.to_environment, self.to_uri)
        listing = await folder.listing()
        if any(each.written is None or each.written > after[_WRITTEN] for each in listing):
            return "changed"
        for first in range(0, len(listing), _BATCH):
            if tools.clock() > ends:
                return "going on"
            self._refuse_unless_offered(tools, self.to_environment, self.to_uri)
            await folder.remove(listing[first : first + _BATCH])
        if await folder.listing():
            raise NotAnswered(
                Reason.SERVER_ERROR, f"{self.to_uri} still lists files that were deleted"
            )
        return "removed"

    def _refuse(self, tools: Tools) -> None:
        """Called before each upload: what held when the plan was made may not hold any more."""
        self._refuse_unless_offered(tools, self.from_environment, self.from_uri)
        self._refuse_unless_offered(tools, self.to_environment, self.to_uri)

    def _refuse_unless_offered(self, tools: Tools, environment: str, uri: str) -> None:
        tools.writer.refuse_unless_leading()
        if not tools.source(ObjectStoreSource).offers(environment, uri):
            raise StepFailed(
                Reason.ENVIRONMENT_REVOKED,
                f"environment {environment} does not list {uri} in readable of an objectStores "
                "entry any more.",
            )
