"""How soon an open refresh has its next pass: soon while it moves, later while a copy, a loader or
a rollout just goes on. A change of what is watched brings the pass forward.
"""

from dataclasses import dataclass

from stagingmirror.engine.refresh.record.record import Record

PACE = 0.5
# After so many seconds without a move, so many between two passes.
CALM = ((30.0, 5.0), (5.0, 2.0))


@dataclass(slots=True)
class Pacing:
    """When the refresh of one mirror last moved."""

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
