"""Moments: RFC 3339 text outside, POSIX seconds inside."""

import re
from datetime import UTC, datetime

from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason

PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"
)
REMEDY = 'write a time in RFC 3339 with its zone, e.g. "2027-01-31T18:00:00Z"'

_WHOLE = re.compile(PATTERN)


def posix(text: str) -> float:
    """POSIX seconds of an RFC 3339 time. Raises NeedsHuman (InvalidTime) for anything else."""
    at = parse_time(text)
    if at is None:
        raise NeedsHuman(Reason.INVALID_TIME, f'"{text[:64]}" is no time; {REMEDY}.')
    return at


def parse_time(text: object) -> float | None:
    """POSIX seconds of an RFC 3339 time; None for anything else, e.g. in a status that
    another writer left.
    """
    if not isinstance(text, str) or _WHOLE.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):  # a 31st of February, or a zone of 99 hours
        return None


def rfc3339(at: float) -> str:
    """The moment in UTC with whole seconds, rounded down, as Kubernetes writes its own times."""
    return datetime.fromtimestamp(int(at // 1), UTC).isoformat()[: -len("+00:00")] + "Z"
