"""What is kept of one mirror's open refresh between two passes. In memory: a new process begins
anew.

A pass waits for nothing, so an open refresh is visited again and again: soon while it moves, less
often while a copy, a loader or a rollout just goes on. A change of what is watched brings the pass
forward.
"""

from dataclasses import dataclass, field

from stagingmirror.engine.refresh.record.copies import Copy
from stagingmirror.engine.refresh.record.record import Record

# Seconds for which a 401 or 403 is retried: an API server that starts answers so to every request
# until it has read its rules.
PATIENCE = 20.0
# Seconds for which a preflight retries a system that does not answer, where others could go on.
SILENCE = 60.0
# Seconds after which an old copy that something names is looked at again, at first and at most.
REMOVAL, LONGEST_REMOVAL = 30.0, 3600.0
# Seconds between two passes.
PACE = 0.5
# After so many seconds without a move, so many between two passes.
CALM = ((30.0, 5.0), (5.0, 2.0))


@dataclass(slots=True)
class Arrivals:
    """Which steps have arrived since the last write: they are not verified again before all of them
    have.
    """

    _mark: object = None
    _steps: set[str] = field(default_factory=set)
    _complete: float | None = None

    def of(self, record: Record) -> set[str]:
        """The ids of steps that have arrived, to be added to."""
        mark = (record.id, record.last_write)
        if self._mark != mark:
            self._mark, self._steps, self._complete = mark, set(), None
        return self._steps

    def complete_since(self, record: Record, now: float) -> float | None:
        """When all steps were first seen to have arrived (POSIX s); None: some have not."""
        if {entry.step.id for entry in record.entries} - self.of(record):
            self._complete = None
        elif self._complete is None:
            self._complete = now
        return self._complete


@dataclass(slots=True)
class Pacing:
    """When the refresh last moved."""

    _mark: object = None
    _moved: float = 0.0

    def of(self, record: Record, now: float) -> float:
        """Seconds until the next pass over this refresh, as it is at ``now`` (POSIX s)."""
        if not record.is_open:
            self._mark = None
            return PACE
        entries = [(each.state, each.reverts, each.after) for each in record.entries]
        mark = (record.id, record.phase, entries)
        if self._mark != mark:
            self._mark, self._moved = mark, now
        return next((pace for after, pace in CALM if now - self._moved >= after), PACE)


@dataclass(slots=True)
class RemovalCheck:
    """``running`` is the old copy that is being removed; ``at`` is when one that had to stay is
    tried again (POSIX s), after a pause that grows.
    """

    running: Copy | None = None
    at: float = 0.0
    pause: float = REMOVAL

    def later(self, now: float) -> None:
        self.running = None
        self.at, self.pause = now + self.pause, min(self.pause * 2, LONGEST_REMOVAL)

    def soon(self) -> None:
        self.running, self.at, self.pause = None, 0.0, REMOVAL


@dataclass(slots=True)
class Patience:
    """When the mirror was first refused, of refusals in a row."""

    _since: float | None = None

    def lasts(self, now: float, most: float = PATIENCE) -> bool:
        """Refused again, at ``now`` (POSIX s): whether to retry, for ``most`` seconds."""
        if self._since is None:
            self._since = now
        return now < self._since + most

    def renew(self) -> None:
        """It was not refused, or is retried no more."""
        self._since = None
