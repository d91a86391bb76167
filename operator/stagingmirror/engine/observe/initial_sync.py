"""Waiting a moment for first answers, so that a start or an edit does not write Unknown in between.

Only where a source has never answered yet; a source that answers with an error is told at once.
While a mirror waits, its verdict counts as unwritten, so ``settled-at`` stands still.
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from stagingmirror.drift.facts import Observation, Observations, Unseen
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.workqueue.queue import RequeueAfter
from stagingmirror.reasons import Reason
from stagingmirror.sources.mlflow.subjects import ModelVersion
from stagingmirror.view import Observed, Subject

NOT_YET = frozenset(
    {Reason.NOT_SEEN_YET, Reason.NOT_POLLED_YET, Reason.NO_ENVIRONMENT, Reason.READING_BYTES}
)
"""Reasons of looks that are still on their way."""
AT_START = 15.0
"""Seconds for a mirror whose status is of this generation: it was true a moment ago."""
AFTER_EDIT = 2.0
AGAIN = 5.0
"""Seconds after which a mirror that waits is looked at though an answer is still missing."""


class InitialSync:
    """Since when each mirror waits, and for which subjects: a pass for each of a dozen answers
    would be a dozen passes for nothing.
    """

    def __init__(self) -> None:
        self._since: dict[MirrorKey, float] = {}
        self._missing: dict[MirrorKey, set[Subject[Any]]] = {}
        self._complete: set[MirrorKey] = set()

    def wait(
        self,
        key: MirrorKey,
        observations: Iterable[Observations],
        unanswered: Callable[[], Iterable[Subject[Any]]],
        *,
        is_current: bool,
        now: float,
    ) -> None:
        """Raises NotYet while it is worth waiting. ``unanswered`` tells the subjects that have no
        answer now; ``is_current``: whether the status in the API is of this generation.
        """
        if not any(map(_on_its_way, chain.from_iterable(map(_sides, observations)))):
            self._forget(key)
            self._complete.add(key)
            return
        if is_current and key in self._complete:
            return  # not a first answer: something new is to be asked, and the old verdict is over
        since = self._since.setdefault(key, now)
        left = since + (AT_START if is_current else AFTER_EDIT) - now
        if left > 0:
            self._missing[key] = set(unanswered())
            raise RequeueAfter(min(left, AGAIN))
        self._missing.pop(key, None)

    def still_waits(
        self, key: MirrorKey, subject: Subject[Any], answer: Callable[[Subject[Any]], object]
    ) -> bool:
        """Whether the mirror waits for first answers, now that something is new of this subject."""
        missing = self._missing.get(key)
        if not missing:
            return False
        if subject in missing and not is_unanswered(answer(subject)):
            missing.remove(subject)
        return bool(missing)

    def drop(self, key: MirrorKey) -> None:
        self._forget(key)
        self._complete.discard(key)

    def _forget(self, key: MirrorKey) -> None:
        self._since.pop(key, None)
        self._missing.pop(key, None)


def is_unanswered(answer: object) -> bool:
    """Whether a source has never answered this, or not whole: the bytes of a version follow it."""
    if isinstance(answer, Observed) and isinstance(answer.value, ModelVersion):
        answer = answer.value.content
    return _on_its_way(answer)


def _on_its_way(answer: object) -> bool:
    return isinstance(answer, Unseen) and answer.why.reason in NOT_YET


def _sides(observations: Observations) -> tuple[Observation, Observation]:
    return observations.production, observations.staging
