"""The view of one pass: what the sources know now, and what the mirror reads of it."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import SEAL, Unseen
from stagingmirror.drift.places import Place
from stagingmirror.engine.observe.initial_sync import is_unanswered
from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.sealing import Seal
from stagingmirror.view import Observed, Subject

T = TypeVar("T")

# Hex digits by which a guess is known again.
_TOKEN = 16


class Scope(NamedTuple):
    """What seals are bound to: a mirror by its uid, and one of its components."""

    namespace: str
    mirror: str
    component: str = ""


class Guess(NamedTuple):
    """A sealed value of staging that is compared with production's. ``window`` is the same for all
    guesses of one namespace at one value of production, whichever component makes them.
    """

    window: str
    value: str


class RecordingView:
    """A ``View`` that records the subjects that were read through it, and what was sealed. Of one
    subject all parts read one answer, the first: to make it is most of the work of a pass.
    """

    def __init__(
        self,
        sources: Sources,
        seal: Seal,
        scope: Scope,
        *,
        is_production: Callable[[Place], bool | None],
        clock_margin: float,
    ) -> None:
        self._sources = sources
        self.clock_margin = clock_margin
        self._seal = seal
        self._scope = scope
        self.guesses: set[Guess] = set()
        self.is_production = is_production
        self.same_place = sources.same_place
        self.subjects: set[Subject[Any]] = set()
        self._answers: dict[Subject[Any], Observed[Any] | Unseen] = {}
        # What was read for one component on one side.
        self.parts: dict[DeployKey, RecordingView] = {}
        # The same for its plan, which reads of both sides.
        self._plans: list[RecordingView] = []

    def part(self, key: DeployKey) -> "RecordingView":
        """The same view for one component on one side; what it reads counts here as well."""
        self.parts[key] = self._of(key.component)
        return self.parts[key]

    def planning(self, component: str) -> "RecordingView":
        """The same view for the plan of one component; what it reads counts here as well."""
        self._plans.append(self._of(component))
        return self._plans[-1]

    def everything(self) -> frozenset[Subject[Any]]:
        """What was read here, in all parts and by all plans."""
        views = (*self.parts.values(), *self._plans)
        return frozenset(self.subjects.union(*(view.subjects for view in views)))

    def seal(self, place: str, value: str, *, form: str) -> str:
        """As ``View`` has it. Bound to the place, not to the form: both sides are sealed alike."""
        namespace = self._scope.namespace
        self.guesses.add(
            Guess(
                self._token(("window", namespace, place), ""),
                self._token(("guess", namespace, place, form), value),
            )
        )
        return self._seal((*self._scope, place), value)

    def hide(self, place: str, value: str) -> str:
        """As ``View`` has it."""
        return self._seal((*self._scope, place), value)

    def unanswered(self) -> frozenset[Subject[Any]]:
        """What was read, here or in a part, and has no first answer yet."""
        return frozenset(
            each for each in self.everything() if is_unanswered(self._sources.get(each))
        )

    def get(self, subject: Subject[T]) -> Observed[T] | Unseen:
        """Raises LookupError where no source has such subjects; they are not recorded, as nothing
        could subscribe to them.
        """
        answer = self._answers.get(subject)
        if answer is None:
            answer = self._answers[subject] = self._sources.get(subject)
        self.subjects.add(subject)
        return answer

    def _of(self, component: str) -> "RecordingView":
        view = RecordingView(
            self._sources,
            self._seal,
            self._scope._replace(component=component),
            is_production=self.is_production,
            clock_margin=self.clock_margin,
        )
        view._answers = self._answers
        return view

    def _token(self, scope: tuple[str, ...], value: str) -> str:
        return self._seal(scope, value).removeprefix(SEAL)[:_TOKEN]
