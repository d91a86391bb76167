"""By how much a server's clock differs from ours, as the header Date of an answer shows."""

import math
from email.utils import parsedate_to_datetime

# Seconds: in coarse steps, so that what rests on it does not change with every answer.
_STEP = 10.0
# Seconds for which a server may send the same Date.
_STAMPED = 2.0
# Seconds for which the largest counts. A server with too much to do sends an old Date now and then.
_KEPT = 600.0


def moment(date: str | None) -> float | None:
    """The Date of an answer (POSIX s), cut to whole seconds; None: it has none that can be read."""
    try:
        return parsedate_to_datetime(date or "").timestamp()
    except (ValueError, OverflowError):
        return None


def skew(theirs: float | None, sent: float, answered: float) -> float:
    """Seconds, of a request that was sent and answered then (POSIX s); 0 where the server's time
    may be ours, or is not known.
    """
    if theirs is None:
        return 0.0
    apart = max(theirs - answered, sent - theirs - 1)
    return 0.0 if apart < _STAMPED else math.ceil(apart / _STEP) * _STEP


class Skew:
    """The largest that was seen of a server lately: all that rests on it is judged anew whenever it
    changes.
    """

    def __init__(self) -> None:
        self._largest, self._until = 0.0, -math.inf

    def seen(self, seconds: float, now: float) -> float:
        """What counts now (POSIX s), after so many seconds were seen."""
        if seconds >= self._largest or now > self._until:
            self._largest, self._until = seconds, now + _KEPT
        return self._largest
