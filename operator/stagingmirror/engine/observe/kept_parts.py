"""An entry of the cache as ConfigMaps: one, or several parts that count only together."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

LABEL = "stagingmirror.dev/content"
ENTRY = "content"
PART, DIGEST, COUNT = "part", "digest", "of"
_PREFIX = "stagingmirror-content-"
# Characters (ASCII) in one ConfigMap, which may have 1 MiB.
MAX_BYTES = 900_000
# ConfigMaps for one entry.
MAX_PARTS = 8

Entry = Mapping[str, Any]
Body = Mapping[str, Any]


class Name(NamedTuple):
    source: str
    entry: str


class Kept(NamedTuple):
    """``objects``: how many ConfigMaps hold it."""

    entry: Entry
    objects: int


class _Part(NamedTuple):
    text: str
    resource_version: str


def object_name(name: Name, number: int = 0) -> str:
    """The first part has the name that the whole would have: one replaces the other."""
    digest = hashlib.sha256("\0".join(name).encode()).hexdigest()[:32]
    return f"{_PREFIX}{digest}" + (f"-{number}" if number else "")


def written(name: Name, entry: Entry) -> list[dict[str, Any]]:
    """The ConfigMaps, in order; none where it is too large for ``MAX_PARTS``."""
    text = json.dumps({**name._asdict(), "value": entry})
    if len(text) <= MAX_BYTES:
        return [_body(name, 0, {ENTRY: text})]
    parts = [text[start : start + MAX_BYTES] for start in range(0, len(text), MAX_BYTES)]
    if len(parts) > MAX_PARTS:
        return []
    digest = hashlib.sha256(text.encode()).hexdigest()
    whole = {DIGEST: digest, COUNT: str(len(parts))}
    return [_body(name, at, {PART: part, **whole}) for at, part in enumerate(parts)]


class Reader:
    """Reads what ``written`` wrote, one ConfigMap after the other."""

    def __init__(self) -> None:
        # By digest the parts that were read, by their names; none once they are whole.
        self._parts: dict[str, dict[str, _Part]] = {}

    def take(self, body: Body) -> tuple[Name, Kept] | None:
        """The entry that is whole with this one. Parts of which one is missing or another's are
        none, nor is anything else.
        """
        data = body.get("data") or {}
        if PART not in data:
            found = _entry(data.get(ENTRY))
            return None if found is None else (found[0], Kept(found[1], 1))
        digest, metadata = str(data.get(DIGEST)), body["metadata"]
        parts = self._parts.setdefault(digest, {})
        parts[metadata["name"]] = _Part(str(data[PART]), str(metadata.get("resourceVersion")))
        if str(len(parts)) != data.get(COUNT):
            return None
        text = "".join(parts[each].text for each in sorted(parts, key=_number))
        is_whole = hashlib.sha256(text.encode()).hexdigest() == digest
        found = _entry(text) if is_whole else None
        if found is None:
            return None
        del self._parts[digest]
        return found[0], Kept(found[1], len(parts))

    def torn(self) -> dict[str, str]:
        """Parts of which others are missing, once everything was read: the names of their
        ConfigMaps, each with its resourceVersion.
        """
        return {
            name: part.resource_version
            for parts in self._parts.values()
            for name, part in parts.items()
            if name.startswith(_PREFIX)
        }


def _number(name: str) -> int:
    number = name.rpartition("-")[2]
    return int(number) if number.isdigit() and len(number) < 4 else 0


def _entry(text: object) -> tuple[Name, Entry] | None:
    try:
        kept = json.loads(text) if isinstance(text, str) else {}
        name, value = Name(str(kept["source"]), str(kept["entry"])), kept["value"]
    except (KeyError, TypeError, ValueError):
        return None
    return (name, value) if isinstance(value, dict) else None


def _body(name: Name, number: int, data: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": object_name(name, number), "labels": {LABEL: ""}},
        "data": dict(data),
    }
