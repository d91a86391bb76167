"""The view of one pass: what the sources know now, and what the mirror reads of it."""

from collections.abc import Callable
from typing import Any, TypeVar

from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Unseen
from stagingmirror.drift.places import Place
from stagingmirror.engine.observe.initial_sync import is_unanswered
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.view import Observed, Subject

T = TypeVar("T")


class RecordingView:
    """A ``View`` that records the subjects that were read through it."""

    def __init__(
        self,
        sources: Sources,
        seal: Callable[[str], str],
        *,
        is_production: Callable[[Place], bool],
    ) -> None:
        self._sources = sources
        self.seal = seal
        self.is_production = is_production
        self.same_place = sources.same_place
        self.subjects: set[Subject[Any]] = set()
        # What was read for one component on one side.
        self.parts: dict[DeployKey, RecordingView] = {}

    def part(self, key: DeployKey) -> "RecordingView":
        """The same view for one component on one side; what it reads counts here as well."""
        self.parts[key] = RecordingView(self._sources, self.seal, is_production=self.is_production)
        return self.parts[key]

    def everything(self) -> frozenset[Subject[Any]]:
        """What was read here and in all parts."""
        return frozenset(self.subjects.union(*(part.subjects for part in self.parts.values())))

    def unanswered(self) -> frozenset[Subject[Any]]:
        """What was read, here or in a part, and has no first answer yet."""
        return frozenset(
            each for each in self.everything() if is_unanswered(self._sources.get(each))
        )

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        """Raises LookupError where no source has such subjects; they are not recorded, as nothing
        could subscribe to them.
        """
        answer = self._sources.get(subject)
        self.subjects.add(subject)
        return answer
