"""Values by name, to be kept over a restart in few objects: many names share one."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

# Hex digits of a name's hash that select its bucket: there are at most 256.
_DIGITS = 2


class Buckets:
    """Values are plain JSON. A bucket is replaced when one of its values changes, and is the same
    object as long as none does: so what must be written again is found without comparing.
    """

    def __init__(self) -> None:
        self._buckets: dict[str, dict[str, Any]] = {}

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
        """By bucket; those that are empty are left out."""
        return {key: bucket for key, bucket in self._buckets.items() if bucket}


def _bucket(name: str) -> str:
    return sha256(name.encode()).hexdigest()[:_DIGITS]
