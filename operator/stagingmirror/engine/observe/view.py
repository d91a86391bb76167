"""The view of one pass: what the sources know now, and what the mirror reads of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that one pass read of the world: the answer to each subject, and to each question
    about places (one: whether it is production's, two: whether they are one).
    """

    answers: Mapping[Subject[Any], Observed[Any] | Unseen]
    places: Mapping[tuple[Place, ...], bool | None]
    clock_margin: float

    @property
    def oldest(self) -> float | None:
        """When the oldest answer began (POSIX s); None: one of them is missing."""
        times = [each.began for each in self.answers.values() if isinstance(each, Observed)]
        return min(times) if times and len(times) == len(self.answers) else None

    def keeping(self, former: "Inputs") -> "Inputs":
        """The same, ages aside, out of what ``former`` has of it: thousands of mirrors keep theirs,
        and what is made anew must be examined by the garbage collector.
        """
        answers = {each: former._known(each, answer) for each, answer in self.answers.items()}
        kept = replace(self, answers=answers)
        return former if kept == former else kept

    def _known(
        self, subject: Subject[Any], answer: Observed[Any] | Unseen
    ) -> Observed[Any] | Unseen:
        known = self.answers.get(subject)
        return known if known is not None and _is_same(known, answer) else answer


class RecordingView:
    """A ``View`` that records the subjects that were read through it, and what was sealed. Of one
    subject all parts read one answer, the first.
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
        self._is_production = is_production
        self.subjects: set[Subject[Any]] = set()
        self._answers: dict[Subject[Any], Observed[Any] | Unseen] = {}
        self._places: dict[tuple[Place, ...], bool | None] = {}
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

    def inputs(self) -> Inputs:
        """What was read here, in all parts and by all plans, as it was answered."""
        return Inputs(self._answers, self._places, self.clock_margin)

    def oldest_of(self, former: Inputs) -> float | None:
        """When the oldest of these answers begins now (POSIX s); None: not only ages changed."""
        if self.clock_margin != former.clock_margin:
            return None
        if any(self._asked(places) != was for places, was in former.places.items()):
            return None
        if not all(_is_same(self.get(one), was) for one, was in former.answers.items()):
            return None
        return self.inputs().oldest

    def is_production(self, place: Place) -> bool | None:
        """As ``View`` has it."""
        return self._asked((place,))

    def same_place(self, one: Place, other: Place) -> bool | None:
        """As ``View`` has it."""
        return self._asked((one, other))

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
            is_production=self._is_production,
            clock_margin=self.clock_margin,
        )
        view._answers, view._places = self._answers, self._places
        return view

    def _asked(self, places: tuple[Place, ...]) -> bool | None:
        if places not in self._places:
            ask = self._is_production if len(places) == 1 else self._sources.same_place
            self._places[places] = ask(*places)
        return self._places[places]

    def _token(self, scope: tuple[str, ...], value: str) -> str:
        return self._seal(scope, value).removeprefix(SEAL)[:_TOKEN]


def _is_same(one: Observed[Any] | Unseen, other: Observed[Any] | Unseen) -> bool:
    """Whether two answers are the same but for their age."""
    if isinstance(one, Unseen) or isinstance(other, Unseen):
        return isinstance(one, Unseen) and isinstance(other, Unseen) and one.why == other.why
    return (one.value, one.trouble) == (other.value, other.trouble)
