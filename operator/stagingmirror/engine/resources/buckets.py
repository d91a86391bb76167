"""Values by name, to be kept over a restart in few objects: many names share one."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

# Hex digits of a name's hash that select its bucket: there are at most 256.
_DIGITS = 2
# Characters of JSON in what is exported as one, where there is more than one name in it.
MOST = 500_000


class Buckets:
    """Values are plain JSON. A bucket is replaced when one of its values changes, and is the same
    object as long as none does: so what must be written again is found without comparing.
    """

    def __init__(self) -> None:
        self._buckets: dict[str, dict[str, Any]] = {}
        # Each as it was last exported, with its parts.
        self._exported: dict[str, tuple[dict[str, Any], dict[str, Mapping[str, Any]]]] = {}

    def get(self, name: str) -> Any:
        """None: there is none."""
        return self._buckets.get(_bucket(name), {}).get(name)

    def put(self, name: str, value: Any) -> None:
        """An empty value removes the name."""
        bucket = self._buckets.get(_bucket(name), {})
        if bucket.get(name) == (value or None):
            return
        others = {key: each for key, each in bucket.items() if key != name}
        self._buckets[_bucket(name)] = others | ({name: value} if value else {})

    def __iter__(self) -> Iterator[str]:
        """All names, as they are now."""
        return iter([name for bucket in self._buckets.values() for name in bucket])

    def export(self) -> dict[str, Mapping[str, Any]]:
        """By bucket, or part of one that is large; those that are empty are left out."""
        found: dict[str, Mapping[str, Any]] = {}
        for key, bucket in self._buckets.items():
            known = self._exported.get(key)
            if known is None or known[0] is not bucket:
                known = self._exported[key] = bucket, dict(_parts(key, bucket))
            found |= known[1]
        return found


def _parts(key: str, bucket: dict[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Split by one more digit, until each part can be kept."""
    if len(bucket) > 1 and len(json.dumps(bucket)) > MOST:
        parts: dict[str, dict[str, Any]] = {}
        for name, value in bucket.items():
            parts.setdefault(_hash(name)[: len(key) + 1], {})[name] = value
        for longer, part in parts.items():
            yield from _parts(longer, part)
    elif bucket:
        yield key, bucket


def _bucket(name: str) -> str:
    return _hash(name)[:_DIGITS]


def _hash(name: str) -> str:
    return sha256(name.encode()).hexdigest()
