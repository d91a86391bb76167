"""A model version's bytes, brought into staging's registry as a version that no alias names yet."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from stagingmirror.actions.step import Arrived, ExecutableStep, Json, Outcome, Task, Underway
from stagingmirror.actions.tools import Progressing, Tools
from stagingmirror.api.spec.grants import Grant
from stagingmirror.drift.steps import Phase, Write
from stagingmirror.drift.wording import counted, size
from stagingmirror.errors import ChangedUnderneath, NotAnswered, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.client.queries import refuse_without_logged_models
from stagingmirror.sources.mlflow.copy.copy import CopyOrder, copy_version
from stagingmirror.sources.mlflow.poll.source import MlflowSource


@dataclass(frozen=True, slots=True)
class CopyModel(ExecutableStep):
    """Produces the version number in staging. A version with the same content that is already there
    is reused, and a half copy is finished. Copying runs beside the passes.
    """

    phase: ClassVar[Phase] = "prepare"
    order: ClassVar[int] = 10
    visible: ClassVar[bool] = False

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

    def writes(self) -> tuple[Write, ...]:
        return ()  # a new version has a number of its own

    def rollback_rank(self, loaded: frozenset[str]) -> int:
        return 0

    def grants(self) -> frozenset[Grant]:
        return frozenset(
            {
                Grant("production", "models", self.from_model),
                Grant("staging", "models", self.to_model),
            }
        )

    async def survey(self, refresh: str, tools: Tools) -> Json:
        await refuse_without_logged_models(tools.source(MlflowSource).server(self.to_environment))
        return {}

    async def take(self, task: Task, tools: Tools) -> Outcome:
        registry = tools.source(MlflowSource)

        async def work(progress: Progressing) -> str:
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

        result = tools.pool.poll((task.refresh, self.id), work)
        if isinstance(result, str):
            return Arrived(f"version {result}, bytes verified", produced=result)
        done, total = result
        return Underway(f"{size(done)} of {size(total or self.size)} copied")

    async def verify(self, task: Task, tools: Tools) -> Outcome:
        return Arrived("bytes verified after the upload")

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        await tools.pool.stop((task.refresh, self.id))
        return Arrived("stays in the registry, named by no alias; used again by the next refresh")

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        return Arrived("nothing runs it")

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        return True

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
