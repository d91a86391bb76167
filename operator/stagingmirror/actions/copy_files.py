"""A model's files, brought into a folder of staging's object store that is named by their hash."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from stagingmirror.actions.copying import Copying
from stagingmirror.actions.step import Arrived, Json, Task
from stagingmirror.actions.tools import Progressing, Tools
from stagingmirror.api.spec.grants import Grant
from stagingmirror.drift.wording import counted, size
from stagingmirror.errors import StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.objectstore.copy import copy_folder
from stagingmirror.sources.objectstore.source import ObjectStoreSource


@dataclass(frozen=True, slots=True)
class CopyFiles(Copying):
    """Nothing is ever deleted. The folder is its own, named by what is in it."""

    order: ClassVar[int] = 11
    left: ClassVar[str] = "stays in the store, named by no workload"

    from_environment: str
    from_uri: str
    to_environment: str
    to_uri: str
    tree_hash: str
    files: int
    size: int

    def describe(self) -> str:
        return (
            f"copy {self.from_uri} ({counted(self.files, 'file')}, {size(self.size)}) "
            f"to {self.to_uri}"
        )

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
        stores.opened(self.to_environment, self.to_uri).refuse_writing()
        stores.opened(self.from_environment, self.from_uri)
        return {}

    async def copy(self, task: Task, tools: Tools, progress: Progressing) -> str:
        stores = tools.source(ObjectStoreSource)
        namespace = task.mirror.partition("/")[0]
        async with tools.pool.room(self.from_environment, self.to_environment, namespace):
            await copy_folder(
                stores.opened(self.from_environment, self.from_uri),
                stores.opened(self.to_environment, self.to_uri),
                self.tree_hash,
                clock=tools.clock,
                clock_margin=stores.clock_margin,
                may_write=partial(self._refuse, tools),
                progress=progress,
            )
        return self.to_uri

    def expected(self) -> int:
        return self.size

    def arrived(self, made: str) -> Arrived:
        return Arrived(f"{made}, bytes verified")

    def _refuse(self, tools: Tools) -> None:
        """Called before each upload: what held when the plan was made may not hold any more."""
        tools.writer.refuse_unless_leading()
        stores = tools.source(ObjectStoreSource)
        for environment, uri in (
            (self.from_environment, self.from_uri),
            (self.to_environment, self.to_uri),
        ):
            if not stores.offers(environment, uri):
                raise StepFailed(
                    Reason.ENVIRONMENT_REVOKED,
                    f"environment {environment} does not list {uri} in readable of an objectStores "
                    "entry any more.",
                )
