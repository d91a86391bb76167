"""Until when a token is good, as it says itself (RFC 7519). It is not verified: the API server does
that.
"""

import base64
import json
from typing import NamedTuple

# Characters of a token that is read.
LIMIT = 16 * 1024
# Times (POSIX s) that a calendar has.
_LATEST = 253402300799.0


class Expiry(NamedTuple):
    """POSIX s. ``issued``: None where the token does not have it."""

    at: float
    issued: float | None


def expiry_of(token: str) -> Expiry | None:
    """None: it does not expire, or it does not say so."""
    parts = token.split(".")
    if len(token) > LIMIT or len(parts) != 3:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        return None
    if not isinstance(claims, dict):
        return None
    at = _time(claims.get("exp"))
    return None if at is None else Expiry(at, _time(claims.get("iat")))


def _time(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < _LATEST else None
