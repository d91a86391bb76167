"""Waiting a moment for first answers, so that a start or an edit does not write Unknown in between.

Only where a source has never answered yet; a source that answers with an error is told at once.
While a mirror waits, its verdict counts as unwritten, so ``settled-at`` stands still.
"""

from collections.abc import Iterable

from stagingmirror.drift.facts import Looks, Unseen
from stagingmirror.engine.case import MirrorKey

NOT_YET = frozenset({"NotSeenYet", "NotAskedYet", "NoEnvironment", "ReadingBytes"})
"""Reasons of looks that are still on their way."""
AT_START = 15.0
"""Seconds for a mirror whose status is of this generation: it was true a moment ago."""
AFTER_EDIT = 2.0
TOGETHER = 0.2
"""Seconds in which the first answers to one mirror are taken together: a pass for each of a dozen
would be a dozen passes for nothing.
"""


class NotYet(Exception):
    """First answers are on their way; the mirror is looked at again when they come."""


class FirstAnswers:
    """Since when each mirror waits."""

    def __init__(self) -> None:
        self._since: dict[MirrorKey, float] = {}
        self._complete: set[MirrorKey] = set()

    def wait(self, key: MirrorKey, looks: Iterable[Looks], *, is_current: bool, now: float) -> None:
        """Raises NotYet while it is worth waiting. ``is_current``: whether the status in the API is
        of this generation.
        """
        if not any(_on_its_way(look) for look in looks):
            self._since.pop(key, None)
            self._complete.add(key)
            return
        if is_current and key in self._complete:
            return  # not a first answer: something new is to be asked, and the old verdict is over
        since = self._since.setdefault(key, now)
        if now - since < (AT_START if is_current else AFTER_EDIT):
            raise NotYet

    def is_waiting(self, key: MirrorKey) -> bool:
        """Whether first answers to this mirror were still on their way at its newest pass."""
        return key in self._since

    def drop(self, key: MirrorKey) -> None:
        self._since.pop(key, None)
        self._complete.discard(key)


def _on_its_way(looks: Looks) -> bool:
    return any(
        isinstance(look, Unseen) and look.why.reason in NOT_YET
        for look in (looks.production, looks.staging)
    )
