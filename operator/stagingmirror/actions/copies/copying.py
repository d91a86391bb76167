"""What the steps that copy bytes have in common: the copy runs beside the passes, is verified as it
is made, and stays where it is.
"""

from abc import abstractmethod
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from stagingmirror.actions.step import Arrived, ExecutableStep, Outcome, Task, Underway
from stagingmirror.actions.tools import Progressing, Tools
from stagingmirror.drift.steps import Phase, Write
from stagingmirror.drift.wording import size


@dataclass(frozen=True, slots=True)
class Copying(ExecutableStep):
    """``left``: where a copy stays after a rollback, and that nothing leads to it."""

    phase: ClassVar[Phase] = "prepare"
    visible: ClassVar[bool] = False
    left: ClassVar[str]

    @property
    def may_stay(self) -> bool:
        return True

    @abstractmethod
    async def copy(self, task: Task, tools: Tools, progress: Progressing) -> str:
        """What was made, once its bytes are verified. Files that are there already are used, and a
        half copy is finished.
        """

    @abstractmethod
    def expected(self) -> int:
        """Bytes in total, before ``copy`` reports them."""

    @abstractmethod
    def arrived(self, made: str) -> Arrived:
        """The outcome of ``copy``."""

    def underway(self, done: int, total: int, lasting: float) -> str:
        """As a screen shows it. ``lasting``: seconds since it began."""
        return f"{size(done)} of {size(total)} copied"

    def writes(self) -> tuple[Write, ...]:
        return ()  # what it makes has a name of its own

    def rollback_rank(self, loaded: frozenset[str]) -> int:
        return 0

    async def take(self, task: Task, tools: Tools) -> Outcome:
        result = tools.pool.poll((task.refresh, self.id), partial(self.copy, task, tools))
        if isinstance(result, str):
            return self.arrived(result)
        done, total = result
        return Underway(self.underway(done, total or self.expected(), tools.clock() - task.began))

    async def verify(self, task: Task, tools: Tools) -> Outcome:
        return Arrived("bytes verified after the upload")

    async def roll_back(self, task: Task, tools: Tools) -> Outcome:
        await tools.pool.stop((task.refresh, self.id))
        return Arrived(f"{self.left}; used again by the next refresh")

    async def verify_rollback(self, task: Task, tools: Tools) -> Outcome:
        return Arrived("nothing runs it")

    async def is_settled(self, task: Task, tools: Tools) -> bool:
        return True
