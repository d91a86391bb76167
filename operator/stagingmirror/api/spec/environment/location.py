"""Where a URI of an object store leads."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from stagingmirror.api.types.names import is_control

Cloud = Literal["s3", "gs", "az"]

# Hadoop's names are used in URIs too. Of Azure the container stands before the account's host.
_BUCKET_FIRST: dict[str, Cloud] = {"s3": "s3", "s3a": "s3", "s3n": "s3", "gs": "gs"}
_CONTAINER_AT_ACCOUNT = frozenset({"wasb", "wasbs", "abfs", "abfss"})
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", re.ASCII)
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}", re.ASCII)
_CONTAINER = re.compile(r"[a-z0-9$][a-z0-9-]{2,62}", re.ASCII)
_AT_HOST = re.compile(r"([^@/]+)@([^@/.]+)\.(?:blob|dfs)\.core\.windows\.net", re.ASCII)


class Location(NamedTuple):
    """A place in a store."""

    bucket: str
    """Of Azure account/container."""
    path: str
    """Without slashes at its ends; empty: the whole bucket."""
    cloud: Cloud = "s3"

    @property
    def uri(self) -> str:
        return f"{self.cloud}://{self.bucket}/{self.path}".rstrip("/")

    def has(self, other: "Location") -> bool:
        """Whether the other one is this one, or below it."""
        return self.cloud == other.cloud and self.may_have(other)

    def may_have(self, other: "Location") -> bool:
        """The same where one bucket may be reached as that of another cloud: Google's speak S3."""
        return self.bucket == other.bucket and f"{other.path}/".startswith(
            f"{self.path}/" if self.path else ""
        )


# Buckets that AWS has under a second name, which shows nothing of the first.
_ALIASES = ("-s3alias", "--ol-s3", ".mrap")


def is_alias(bucket: str) -> bool:
    """Whether this is another name of a bucket (an access point of AWS), and which one is not
    known.
    """
    return bucket.endswith(_ALIASES)


def reached(location: Location, endpoint: str | None) -> Iterator[Location]:
    """The places that requests for this one may reach: a server also finds a bucket, of Azure the
    account, in the name of its host, or where the path of its address begins.
    """
    yield location
    try:
        parts = urlsplit(endpoint or "")
        host = parts.hostname or ""
    except ValueError:
        return
    below = f"{location.bucket}/{location.path}".strip("/")
    names = [*filter(None, unquote(parts.path).split("/"))]
    if location.cloud == "az":
        container = location.bucket.partition("/")[2]
        for account in (host.partition(".")[0], *names):
            yield location._replace(bucket=f"{account}/{container}")
        return
    labels = [] if host.replace(".", "").isdecimal() else host.split(".")
    for end in range(1, len(labels)):
        yield Location(".".join(labels[:end]), "/".join([*names, below]))
    for at, name in enumerate(names):
        yield Location(name, "/".join([*names[at + 1 :], below]))


def location_of(uri: str) -> Location | None:
    """None: it is of another scheme, or no place that can be read. Not with ``urlsplit``: names may
    hold ``#`` and ``?``.
    """
    scheme, _, rest = uri.partition("://")
    found = _azure(scheme, rest) if scheme not in _BUCKET_FIRST else _bucket(scheme, rest)
    if found is None:
        return None
    path = found.path
    if path and {"", ".", ".."} & {*path.split("/")}:
        return None
    return None if any(map(is_control, path)) else found


def _bucket(scheme: str, rest: str) -> Location | None:
    bucket, _, path = rest.partition("/")
    if _BUCKET.fullmatch(bucket) is None:
        return None
    return Location(bucket, path.strip("/"), _BUCKET_FIRST[scheme])


def _azure(scheme: str, rest: str) -> Location | None:
    first, _, path = rest.partition("/")
    if scheme == "az":
        account = first
        container, _, path = path.partition("/")
    elif scheme in _CONTAINER_AT_ACCOUNT and (found := _AT_HOST.fullmatch(first.lower())):
        container, account = found.groups()
    else:
        return None
    if _ACCOUNT.fullmatch(account) is None or _CONTAINER.fullmatch(container) is None:
        return None
    return Location(f"{account}/{container}", path.strip("/"), "az")
