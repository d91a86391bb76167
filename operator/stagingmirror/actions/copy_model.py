"""A model version's bytes, brought into staging's registry as a version that no alias names yet."""

from dataclasses import dataclass
from functools import partial

from stagingmirror.actions.action import Arrived, Json, Outcome, Reverted, Task, Underway
from stagingmirror.actions.tools import Progressing, Tools
from stagingmirror.drift.steps import CopyModel
from stagingmirror.drift.wording import size
from stagingmirror.errors import ChangedUnderneath, NotAnswered, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.copy.copy import CopyOrder, copy_version


@dataclass(frozen=True, slots=True)
class Copying:
    """Copying runs beside the passes. It is safe to be asked again: a half copy is finished, a
    whole one is found, so a crash doubles nothing.
    """

    step: CopyModel

    async def survey(self, refresh: str, tools: Tools) -> Json:
        return {}

    async def take(self, task: Task, tools: Tools) -> Outcome:
        step = self.step

        async def work(progress: Progressing) -> str:
            self._may_write(tools)
            try:
                return await copy_version(
                    tools.server(step.from_environment),
                    tools.server(step.to_environment),
                    self._order(task),
                    clock=tools.clock,
                    progress=progress,
                    may_write=lambda: self._may_write(tools),
                    differs=partial(tools.doubt, step.to_environment, step.to_model),
                    room=tools.pool.room,
                )
            except ChangedUnderneath:
                tools.doubt(step.from_environment, step.from_model, step.from_version)
                raise

        result = tools.pool.look((task.refresh, self.step.id), work)
        if isinstance(result, str):
            return Arrived(f"version {result}, bytes verified", produced=result)
        done, total = result
        return Underway(f"{size(done)} of {size(total or self.step.size)} copied")

    async def verify(self, task: Task, tools: Tools) -> Outcome | Reverted:
        return Arrived("bytes verified after the upload")

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        await tools.pool.stop((task.refresh, self.step.id))
        return Arrived("stays in the registry, named by no alias; used again by the next refresh")

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        return Arrived("nothing runs it")

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        return True

    def _may_write(self, tools: Tools) -> None:
        """Asked before each write. What held when the plan was made may not hold any more."""
        tools.writer.refuse_unless_leading()
        step = self.step
        may = tools.may_copy(step.from_environment, step.to_environment)
        if not may:
            raise (NotAnswered if may is None else StepFailed)(
                Reason.REGISTRY_NOT_PROVEN,
                f'it is not proven that "{step.from_environment}" and "{step.to_environment}" are '
                "two registries, so nothing is copied into the latter",
            )

    def _order(self, task: Task) -> CopyOrder:
        return CopyOrder(
            from_model=self.step.from_model,
            from_version=self.step.from_version,
            to_model=self.step.to_model,
            tree_hash=self.step.tree_hash,
            origin_registry=self.step.from_environment,
            refresh_id=task.refresh,
            mirror=task.mirror,
            max_bytes=max(self.step.size, 1),
        )
