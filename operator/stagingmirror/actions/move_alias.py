"""Staging's alias. Never one that any mirror names as production's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from stagingmirror.actions.step import Arrived, ExecutableStep, Json, Outcome, Reverted, Task
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.steps import Phase, Value, Write, renamed
from stagingmirror.drift.wording import shown
from stagingmirror.errors import ChangedUnderneath, NotAnswered, NotBegun, Refused, StepFailed
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.copy.aliases import delete_alias, get_alias, set_alias
from stagingmirror.sources.mlflow.poll.source import MlflowSource
from stagingmirror.sources.mlflow.subjects import RegistryAlias


@dataclass(frozen=True, slots=True)
class MoveAlias(ExecutableStep):
    """MLflow has no resourceVersion: a move by somebody else between our read and our write is
    found by the next observation only.
    """

    phase: ClassVar[Phase] = "switch"
    order: ClassVar[int] = 40
    visible: ClassVar[bool] = True

    environment: str
    model: str
    alias: str
    version: Value
    new: bool = False
    """There is no such alias yet."""

    def describe(self) -> str:
        number = isinstance(self.version, str)
        return f"{self._name} → {'version ' if number else ''}{shown(self.version)}"

    def writes(self) -> tuple[Write, ...]:
        place = RegistryAlias(self.environment, self.model, self.alias)
        return (Write(place, self.version, self.new),)

    def with_ids(self, ids: Mapping[str, str]) -> Self:
        return replace(self, version=renamed(self.version, ids))

    def rollback_rank(self, loaded: frozenset[str]) -> int:
        return 1

    async def survey(self, refresh: str, tools: Tools) -> Json:
        await self._refuse_productions(tools)
        server = tools.source(MlflowSource).server(self.environment)
        return {
            "version": await get_alias(server, self.model, self.alias),
            "registry": list(server.registry),
        }

    async def take(self, task: Task, tools: Tools) -> Outcome:
        now = await self._now(task, tools)
        return await self._move(now, task.before["version"], task.text(self.version), task, tools)

    async def verify(self, task: Task, tools: Tools) -> Outcome | Reverted:
        wanted, now = task.text(self.version), await self._now(task, tools)
        if now == wanted:
            return Arrived(f"names version {wanted}")
        if now != task.before["version"]:
            raise self._changed(now)
        return Reverted("somebody", f"somebody moved {self._name} to version {now}")

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        now = await self._spelled_so(task, tools)
        return await self._move(now, task.text(self.version), task.before["version"], task, tools)

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        if await self._spelled_so(task, tools) != task.before["version"]:
            raise StepFailed(
                Reason.NOT_ROLLED_BACK, f"{self._name} does not name its former version."
            )
        return Arrived("as before")

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        return await self._spelled_so(task, tools) in (
            task.before["version"],
            task.text(self.version),
        )

    @property
    def _name(self) -> str:
        return f"alias {self.alias} of {self.model}"

    async def _now(self, task: Task, tools: Tools) -> str | None:
        return await get_alias(self._server(task, tools), self.model, self.alias)

    async def _spelled_so(self, task: Task, tools: Tools) -> str | None:
        """The version that it names; None also where the registry holds another spelling to be this
        alias: a move to it was refused, so there is nothing of ours to roll back.
        """
        try:
            return await self._now(task, tools)
        except Refused as error:
            if error.reason != Reason.SPELLED_OTHERWISE:
                raise
            return None

    def _server(self, task: Task, tools: Tools) -> MlflowServer:
        """That of the registry which was surveyed: in another one the same number is another
        version. Raises ChangedUnderneath.
        """
        server = tools.source(MlflowSource).server(self.environment)
        surveyed = task.before.get("registry")
        if surveyed is not None and surveyed != list(server.registry):
            raise ChangedUnderneath(
                Reason.CHANGED_UNDERNEATH,
                f"environment {self.environment} has led to another registry of MLflow since this "
                f"refresh began, so {self._name} is not touched there.",
            )
        return server

    async def _move(
        self, now: str | None, former: str | None, target: str | None, task: Task, tools: Tools
    ) -> Outcome:
        if now == target:
            return Arrived("names what it should")
        if now != former:
            raise self._changed(now)
        await self._refuse_productions(tools)
        tools.writer.refuse_unless_leading()
        server = self._server(task, tools)
        if target is None:
            await delete_alias(server, self.model, self.alias)
        else:
            await set_alias(server, self.model, self.alias, target)
        return Arrived(f"moved from version {former} to {target}")

    def _changed(self, now: str | None) -> ChangedUnderneath:
        moved = f"moved {self._name} to version {now}" if now else f"deleted {self._name}"
        return ChangedUnderneath(Reason.CHANGED_UNDERNEATH, f"somebody {moved} during the refresh.")

    async def _refuse_productions(self, tools: Tools) -> None:
        place = RegistryAlias(self.environment, self.model, self.alias)
        is_production = await tools.is_production(place)
        if is_production is None:
            raise NotAnswered(
                Reason.REGISTRY_NOT_PROVEN,
                f"a StagingMirror names {self._name} as production's, and it is not proven yet that"
                " this is another registry; that is tried again with each poll",
            )
        if is_production:
            raise NotBegun(
                Reason.PRODUCTION_IS_READ_ONLY,
                f"a StagingMirror names {self._name} as production's, so it is never moved; name "
                "another alias for staging.",
            )
