"""How soon an open refresh is looked at again: often while something moves, seldom while a copy, a
loader or a rollout just goes on. What we watch brings the mirror back in between.
"""

from stagingmirror.engine.record import Record

PACE = 0.5
CALM = ((30.0, 5.0), (5.0, 2.0))
"""After so many seconds without a move, so many between two passes."""


class Pacing:
    """Per mirror when its refresh last moved."""

    def __init__(self) -> None:
        self._moved: dict[str, tuple[object, float]] = {}

    def of(self, record: Record, now: float) -> float:
        """Seconds until the next pass over this refresh, as it is at ``now`` (POSIX s)."""
        if not record.is_open:
            self._moved.pop(record.uid, None)
            return PACE
        mark = (
            record.id,
            record.phase,
            [(each.state, each.reverts, each.after) for each in record.entries],
        )
        known = self._moved.get(record.uid)
        if known is None or known[0] != mark:
            known = self._moved[record.uid] = (mark, now)
        calm = now - known[1]
        return next((pace for after, pace in CALM if calm >= after), PACE)

    def drop(self, uid: str) -> None:
        self._moved.pop(uid, None)
