"""Staging's alias. Never one that any mirror names as production's."""

from dataclasses import dataclass

from stagingmirror.actions.action import Arrived, Json, Outcome, Reverted, Task
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.steps import MoveAlias
from stagingmirror.errors import ChangedUnderneath, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.copy.aliases import delete_alias, get_alias, set_alias


@dataclass(frozen=True, slots=True)
class Moving:
    """MLflow has no resourceVersion: a move by somebody else between reading and writing is found
    by the next look only.
    """

    step: MoveAlias

    async def survey(self, refresh: str, tools: Tools) -> Json:
        self._refuse_productions(tools)
        return {"version": await self._now(tools)}

    async def take(self, task: Task, tools: Tools) -> Outcome:
        return await self._move(task.before["version"], task.text(self.step.version), tools)

    async def verify(self, task: Task, tools: Tools) -> Outcome | Reverted:
        wanted, now = task.text(self.step.version), await self._now(tools)
        if now == wanted:
            return Arrived(f"names version {wanted}")
        if now != task.before["version"]:
            raise self._changed(now)
        return Reverted("somebody", f"somebody moved {self._name} to version {now}")

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        return await self._move(task.text(self.step.version), task.before["version"], tools)

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        if await self._now(tools) != task.before["version"]:
            raise StepFailed(
                Reason.NOT_ROLLED_BACK, f"{self._name} does not name its former version."
            )
        return Arrived("as before")

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        return await self._now(tools) in (task.before["version"], task.text(self.step.version))

    @property
    def _name(self) -> str:
        return f"alias {self.step.alias} of {self.step.model}"

    async def _now(self, tools: Tools) -> str | None:
        server = tools.server(self.step.environment)
        return await get_alias(server, self.step.model, self.step.alias)

    async def _move(self, former: str | None, target: str | None, tools: Tools) -> Outcome:
        now = await self._now(tools)
        if now == target:
            return Arrived("names what it should")
        if now != former:
            raise self._changed(now)
        self._refuse_productions(tools)
        tools.writer.refuse_unless_leading()
        server = tools.server(self.step.environment)
        if target is None:
            await delete_alias(server, self.step.model, self.step.alias)
        else:
            await set_alias(server, self.step.model, self.step.alias, target)
        return Arrived(f"moved from version {former} to {target}")

    def _changed(self, now: str | None) -> ChangedUnderneath:
        moved = f"moved {self._name} to version {now}" if now else f"deleted {self._name}"
        return ChangedUnderneath(Reason.CHANGED_UNDERNEATH, f"somebody {moved} during the refresh.")

    def _refuse_productions(self, tools: Tools) -> None:
        step = self.step
        if tools.is_productions(step.environment, step.model, step.alias):
            raise StepFailed(
                Reason.PRODUCTION_IS_READ_ONLY,
                f"a StagingMirror names {self._name} as production's, so it is never moved; name "
                "another alias for staging.",
            )
