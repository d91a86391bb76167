"""Values that may not be shown are compared by HMAC with a key of the installation.

With a key, a short value cannot be found by trying all of them. Each kind of place (side, name) is
not part of what is sealed: equal values must have equal seals.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable

PREFIX = "hmac-sha256:"
KEY_BYTES = 32
SHOWN = 32
"""Hex digits of a seal: 128 bits, so that two values never share one by chance."""


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def sealer(key: bytes) -> Callable[[str], str]:
    """What seals values with this key. Raises ValueError for a key that is too short to be one."""
    if len(key) < KEY_BYTES:
        raise ValueError(f"the key has {len(key)} bytes instead of {KEY_BYTES}")

    def seal(value: str) -> str:
        digest = hmac.new(key, value.encode(), hashlib.sha256).hexdigest()
        return PREFIX + digest[:SHOWN]

    return seal
