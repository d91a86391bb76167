"""Moments: RFC 3339 text outside, POSIX seconds inside."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason

PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"
)
REMEDY = (
    'write a time in RFC 3339 with its zone, e.g. "2027-01-31T18:00:00Z", from 1970 to'
    " 9999-12-31T23:59:59Z"
)
# The last second that RFC 3339 can write in UTC (POSIX s).
LATEST = 253_402_300_799

# Seconds by which another machine's clock may be ahead of ours.
AHEAD = 5.0

_WHOLE = re.compile(PATTERN)


def posix(text: str) -> float:
    """POSIX seconds of an RFC 3339 time. Raises NeedsHuman (InvalidTime) for anything else."""
    at = parse_time(text)
    if at is None:
        raise NeedsHuman(Reason.INVALID_TIME, f'"{text[:64]}" is no time; {REMEDY}.')
    return at


def parse_time(text: object) -> float | None:
    """POSIX seconds of an RFC 3339 time that ``rfc3339`` can write again; None for anything else,
    e.g. in a status that another writer left.
    """
    if not isinstance(text, str) or _WHOLE.fullmatch(text) is None:
        return None
    try:
        at = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):  # a 31st of February, or a zone of 99 hours
        return None
    return at if 0 <= at <= LATEST else None


def not_after(text: str | None, now: float) -> str | None:
    """A moment that an earlier status has; None where it is none, or comes from a clock that was
    ahead: then it proves nothing.
    """
    at = parse_time(text)
    return None if at is None or at > now + AHEAD else text


def rfc3339(at: float) -> str:
    """The moment in UTC with whole seconds, rounded down, as Kubernetes writes its own times.

    Never raises: what is before 1970 or after ``LATEST`` (the sum of a time and a long duration) is
    written as the first or last moment that can be written.
    """
    return _written(int(min(max(at, 0.0), LATEST) // 1))


@lru_cache(maxsize=1024)  # observations of one poll began together
def _written(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()[: -len("+00:00")] + "Z"
