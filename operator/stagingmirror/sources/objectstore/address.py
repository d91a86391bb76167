"""Where a URI leads, and which of an environment's stores has it."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from stagingmirror.api.spec.object_store import ObjectStore
from stagingmirror.sources.content.files import is_control

# Hadoop's names of S3 are used in URIs too.
_SCHEMES = frozenset({"s3", "s3a", "s3n"})
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", re.ASCII)


class Location(NamedTuple):
    bucket: str
    path: str
    """Without slashes at its ends; empty: the whole bucket."""

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.path}".rstrip("/")

    def has(self, other: "Location") -> bool:
        """Whether the other one is this one, or below it."""
        return self.bucket == other.bucket and f"{other.path}/".startswith(
            f"{self.path}/" if self.path else ""
        )


def location_of(uri: str) -> Location | None:
    """None: it is of another scheme, or no place that can be read. Not with ``urlsplit``: names may
    hold ``#`` and ``?``.
    """
    scheme, _, rest = uri.partition("://")
    bucket, _, path = rest.partition("/")
    path = path.strip("/")
    if scheme not in _SCHEMES or _BUCKET.fullmatch(bucket) is None:
        return None
    if path and {"", ".", ".."} & {*path.split("/")}:
        return None
    return None if any(map(is_control, path)) else Location(bucket, path)


def place_of(store: ObjectStore) -> Location:
    found = location_of(store.url)
    assert found is not None, "its form is a rule of the spec"
    return found


def store_for(location: Location, stores: Iterable[ObjectStore]) -> ObjectStore | None:
    """The one whose place is the longest, of equal ones the first by name."""
    fitting = (each for each in stores if place_of(each).has(location))
    return min(fitting, key=lambda each: (-len(place_of(each).path), each.name), default=None)
