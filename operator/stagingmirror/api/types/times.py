"""Moments: RFC 3339 text outside, POSIX seconds inside."""

import re
from datetime import UTC, datetime

from stagingmirror.errors import NeedsHuman

PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"
)
REMEDY = 'write a time in RFC 3339 with its zone, e.g. "2027-01-31T18:00:00Z"'

_WHOLE = re.compile(PATTERN)


def is_moment(text: str) -> bool:
    """Whether ``posix`` takes it."""
    return _parsed(text) is not None


def posix(text: str) -> float:
    """POSIX seconds of an RFC 3339 time. Raises NeedsHuman (InvalidTime) for anything else."""
    at = _parsed(text)
    if at is None:
        raise NeedsHuman("InvalidTime", f'"{text[:64]}" is no time; {REMEDY}.')
    return at


def _parsed(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp() if _WHOLE.fullmatch(text) else None
    except (ValueError, OverflowError):  # a 31st of February, or a zone of 99 hours
        return None


def rfc3339(at: float) -> str:
    """The moment in UTC with whole seconds, rounded down, as Kubernetes writes its own times."""
    return datetime.fromtimestamp(int(at // 1), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
