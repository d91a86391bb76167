"""One observation in the making: reads the view, and keeps how old and how doubtful the answers
are.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from stagingmirror.drift.facts import Absent, Details, Fact, Observation, Seen, Unseen, Why
from stagingmirror.reasons import Reason
from stagingmirror.view import Subject, View

T = TypeVar("T")


class Ended(Exception):
    """The observation ended early: a thing is absent, or cannot be seen."""

    def __init__(self, observation: Absent | Unseen) -> None:
        super().__init__()
        self.observation = observation

    @property
    def why(self) -> Why:
        """The reason as a sentence, also where the reason is that something is not there."""
        if isinstance(self.observation, Unseen):
            return self.observation.why
        return Why(Reason.NOT_THERE, f"{self.observation.what} is not there.")


class Reading:
    """Reads a view on behalf of one observation."""

    def __init__(self, view: View, now: float) -> None:
        self.view = view
        self.now = now
        self._began: float | None = None
        self._doubt: tuple[float, Why] | None = None
        self._findings: list[str] = []

    def get(self, subject: Subject[T]) -> T:
        """What is there. Raises Ended (Absent; Unseen where there is no answer)."""
        answer = self.view.get(subject)
        if isinstance(answer, Unseen):
            began = answer.began if self._began is None else min(self._began, answer.began)
            raise Ended(Unseen(answer.why, began))
        if self._began is None or answer.began < self._began:
            self._began = answer.began
        if answer.trouble is not None and (self._doubt is None or answer.began < self._doubt[0]):
            self._doubt = (answer.began, answer.trouble)
        if answer.value is None:
            raise self.absent(str(subject))
        return answer.value

    def finding(self, sentence: str) -> None:
        """Something that a reader should know without being a difference; equal ones count once."""
        if sentence not in self._findings:
            self._findings.append(sentence)

    def seen(
        self, facts: Mapping[str, Fact], details: Mapping[str, Details] = MappingProxyType({})
    ) -> Seen:
        return Seen(facts, self._oldest, tuple(self._findings), self._trouble, details)

    def absent(self, what: str) -> Ended:
        """To be raised where an answer proves that ``what`` is not there."""
        return Ended(Absent(what, self._oldest, self._trouble))

    def unseen(self, reason: str, message: str) -> Ended:
        """To be raised where the answers so far prove nothing."""
        return Ended(Unseen(Why(reason, message), self._oldest))

    @property
    def _oldest(self) -> float:
        return self.now if self._began is None else self._began

    @property
    def _trouble(self) -> Why | None:
        return None if self._doubt is None else self._doubt[1]


def observed(observe: Callable[[], Seen]) -> Observation:
    """The whole observation, or what ended it early."""
    try:
        return observe()
    except Ended as ended:
        return ended.observation
