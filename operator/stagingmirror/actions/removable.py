"""The contract of a step that makes something which may be removed once it is old."""

from abc import ABC, abstractmethod
from typing import Literal

from stagingmirror.actions.step import Json
from stagingmirror.actions.tools import Tools
from stagingmirror.api.spec.grants import Grant


class Removable(ABC):
    """A step that has this beside ``ExecutableStep``."""

    __slots__ = ()

    @abstractmethod
    def made(self, before: Json) -> str:
        """What it makes, by a name that is the same for the same content: the environment's, a
        blank, and what people call it.
        """

    @abstractmethod
    def mark(self, before: Json) -> str:
        """A text that stands in whatever names what it makes, and hardly in anything else."""

    @abstractmethod
    def rests_on(self) -> frozenset[Grant]:
        """What the environments must grant while it is removed."""

    @abstractmethod
    def is_new(self, before: Json) -> bool:
        """Whether nothing was there, so that all that is there later was made by this step."""

    @abstractmethod
    def is_proven(self, after: Json) -> bool:
        """Whether it is known what was made: else nothing of it is ever removed."""

    @abstractmethod
    async def remove(
        self, before: Json, after: Json, tools: Tools
    ) -> Literal["removed", "changed", "going on"]:
        """Remove what it made, a part of it at once. May be called again after any of its writes.
        ``changed``: somebody else has written there since, and nothing was removed by this call.
        """
