"""Waiting a moment for first answers, so that a start or an edit does not write Unknown in between.

Only where a source has never answered yet; an error is reported at once.
While a mirror waits, its verdict counts as unwritten, so ``settled-at`` stands still.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import chain
from typing import Any

from stagingmirror.drift.facts import Observations, Unseen
from stagingmirror.reasons import Reason
from stagingmirror.view import Observed, Subject

# Reasons of answers that are still on their way.
NOT_YET = frozenset(
    {Reason.NOT_SEEN_YET, Reason.NOT_POLLED_YET, Reason.NO_ENVIRONMENT, Reason.READING_BYTES}
)
# Seconds for a mirror whose status is of this generation: it was true a moment ago. Of a large
# fleet the first answers take longer, a second for so many mirrors, up to the longest.
AT_START = 15.0
A_SECOND = 100
LONGEST = 60.0
AFTER_EDIT = 2.0
# Seconds after which a mirror that waits is checked though an answer is still missing; in a large
# fleet as much later as first answers may be: checks for nothing are what would delay them.
AGAIN = 5.0


@dataclass(slots=True)
class InitialSync:
    """Since when one mirror waits (POSIX s), and for which subjects: a pass for each of a dozen
    answers would be a dozen passes for nothing.
    """

    _since: float | None = None
    _missing: set[Subject[Any]] = field(default_factory=set)
    _is_complete: bool = False

    def wait(
        self,
        observations: Iterable[Observations],
        unanswered: Callable[[], Iterable[Subject[Any]]],
        *,
        is_current: bool,
        mirrors: int,
        now: float,
    ) -> float | None:
        """Seconds to wait; None: it is not worth it, or not any more. ``unanswered`` returns the
        subjects that have no answer now; ``is_current``: the status in the API is of this
        generation; ``mirrors``: how many there are.
        """
        if not any(map(_on_its_way, chain.from_iterable(observations))):
            self._since, self._missing, self._is_complete = None, set(), True
            return None
        if is_current and self._is_complete:
            return None  # no first answer: something new is observed, and the old verdict is over
        if self._since is None:
            self._since = now
        longer = mirrors / A_SECOND
        patience = min(AT_START + longer, LONGEST) if is_current else AFTER_EDIT
        left = self._since + patience - now
        self._missing = set(unanswered()) if left > 0 else set()
        return min(left, AGAIN + longer) if left > 0 else None

    def observed_again(self) -> None:
        """A pass observes: what is new from now on, it may not see any more."""
        self._missing = set()

    def still_waits(self, subject: Subject[Any], answer: Callable[[Subject[Any]], object]) -> bool:
        """Whether the mirror waits for first answers, now that something is new of this subject."""
        if subject in self._missing and not is_unanswered(answer(subject)):
            self._missing.remove(subject)
        return bool(self._missing)


def is_unanswered(answer: object) -> bool:
    """Whether a source has never answered this, or not whole: a part of the value may follow it."""
    if isinstance(answer, Observed) and is_dataclass(answer.value):
        return any(_on_its_way(getattr(answer.value, part.name)) for part in fields(answer.value))
    return _on_its_way(answer)


def _on_its_way(answer: object) -> bool:
    return isinstance(answer, Unseen) and answer.why.reason in NOT_YET
