"""A model version's bytes, brought into staging's registry as a version that no alias names yet."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from stagingmirror.actions.copies.copying import Copying
from stagingmirror.actions.step import Arrived, Json, Task
from stagingmirror.actions.tools import Progressing, Tools
from stagingmirror.api.spec.grants import Grant
from stagingmirror.drift.wording import counted, size
from stagingmirror.errors import ChangedUnderneath, NotAnswered, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.copy.copy import CopyOrder, copy_version
from stagingmirror.sources.mlflow.copy.root import refuse_known_root
from stagingmirror.sources.mlflow.poll.source import MlflowSource


@dataclass(frozen=True, slots=True)
class CopyModel(Copying):
    """Produces the version number in staging: a new one, or that of a version with the same content
    that is already there.
    """

    order: ClassVar[int] = 10
    left: ClassVar[str] = "stays in the registry, named by no alias"

    from_environment: str
    from_model: str
    from_version: str
    to_environment: str
    to_model: str
    tree_hash: str
    files: int
    size: int
    tags: tuple[tuple[str, ...], ...]
    parameters: tuple[tuple[str, ...], ...]
    """The lists of names, one per environment, that allow tags and parameters to be copied: what
    each of them has.
    """
    compared_tag: str | None = None
    """The tag that the entry compares."""

    def describe(self) -> str:
        return (
            f"copy version {self.from_version} of {self.from_model} "
            f"({counted(self.files, 'file')}, {size(self.size)}) "
            f"from {self.from_environment} to {self.to_environment}"
        )

    def grants(self) -> frozenset[Grant]:
        return frozenset(
            {
                Grant("production", "models", self.from_model),
                Grant("staging", "models", self.to_model),
            }
        )

    async def survey(self, refresh: str, tools: Tools) -> Json:
        """Raises StepFailed where the bytes could not be stored."""
        self._refuse(tools)
        await refuse_known_root(tools.source(MlflowSource).server(self.to_environment))
        return {}

    async def copy(self, task: Task, tools: Tools, progress: Progressing) -> str:
        registry = tools.source(MlflowSource)
        self._refuse(tools)
        source = registry.server(self.from_environment)
        destination = registry.server(self.to_environment)
        namespace = task.mirror.partition("/")[0]
        try:
            return await copy_version(
                source,
                destination,
                self._order(task),
                clock=tools.clock,
                progress=progress,
                may_write=lambda: self._refuse(tools),
                differs=partial(registry.doubt, self.to_environment, self.to_model),
                room=tools.pool.room(source.url, destination.url, namespace),
            )
        except ChangedUnderneath:
            registry.doubt(self.from_environment, self.from_model, self.from_version)
            raise

    def expected(self) -> int:
        return self.size

    def arrived(self, made: str) -> Arrived:
        return Arrived(f"version {made}, bytes verified", produced=made)

    def _refuse(self, tools: Tools) -> None:
        """Called before each write: what held when the plan was made may not hold any more."""
        tools.writer.refuse_unless_leading()
        for environment, model in (
            (self.from_environment, self.from_model),
            (self.to_environment, self.to_model),
        ):
            if not tools.is_readable(environment, "models", model):
                raise StepFailed(
                    Reason.ENVIRONMENT_REVOKED,
                    f"environment {environment} does not list {model} in readable.models any more.",
                )
        may = tools.may_copy(self.from_environment, self.to_environment)
        if not may:
            raise (NotAnswered if may is None else StepFailed)(
                Reason.REGISTRY_NOT_PROVEN,
                f'it is not proven that "{self.from_environment}" and "{self.to_environment}" are '
                "two registries, so nothing is copied into the latter",
            )

    def _order(self, task: Task) -> CopyOrder:
        return CopyOrder(
            from_model=self.from_model,
            from_version=self.from_version,
            to_model=self.to_model,
            tree_hash=self.tree_hash,
            origin_registry=self.from_environment,
            refresh_id=task.refresh,
            mirror=task.mirror,
            max_bytes=max(self.size, 1),
            tags=self.tags,
            parameters=self.parameters,
            compared_tag=self.compared_tag,
        )
