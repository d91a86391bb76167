"""By how much a server's clock differs from ours, as the header Date of an answer shows."""

import math
from email.utils import parsedate_to_datetime

# Seconds: in coarse steps, so that what rests on it does not change with every answer.
_STEP = 10.0
# Seconds for which a server may send the same Date.
_STAMPED = 2.0


def skew(date: str | None, sent: float, answered: float) -> float:
    """Seconds, of a request that was sent and answered then (POSIX s); 0 where the server's time,
    which is cut to whole seconds, may be ours, and where it sent none that can be read.
    """
    try:
        theirs = parsedate_to_datetime(date or "").timestamp()
    except (ValueError, OverflowError):
        return 0.0
    apart = max(theirs - answered, sent - theirs - 1)
    return 0.0 if apart < _STAMPED else math.ceil(apart / _STEP) * _STEP
