"""Documents as values: pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from stagingmirror.sources.index.store import Document

# Levels of a document.
DEEPEST = 100


class TooDeep(Exception):
    """A document has more than ``DEEPEST`` levels."""


def document_of(source: Mapping[str, Any], vectors: frozenset[str]) -> Document:
    """``vectors``: the paths of the fields that hold them. Raises TooDeep."""
    if _is_deep(source):
        raise TooDeep
    found: dict[str, tuple[float, ...]] = {}
    kept = _without(source, "", "", vectors, found)
    text = json.dumps(kept, sort_keys=True)
    return Document(f"sha256:{hashlib.sha256(text.encode()).hexdigest()}", found)


def _without(
    value: Any,
    path: str,
    shown: str,
    vectors: frozenset[str],
    found: dict[str, tuple[float, ...]],
) -> Any:
    """``value`` without its vectors, which go to ``found`` by where they stand: ``passages[1].v``
    is of the field ``passages.v``.
    """
    if path in vectors and (vector := _vector(value)) is not None:
        found[shown] = vector
        return None
    if isinstance(value, dict):
        dot = "." if path else ""
        return {
            key: _without(each, f"{path}{dot}{key}", f"{shown}{dot}{key}", vectors, found)
            for key, each in value.items()
        }
    if isinstance(value, list) and any(each.startswith(f"{path}.") for each in vectors):
        return [
            _without(each, path, f"{shown}[{at}]", vectors, found) for at, each in enumerate(value)
        ]
    return value


def _vector(value: object) -> tuple[float, ...] | None:
    if not isinstance(value, list) or not value:
        return None
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in value):
        return None
    try:
        return tuple(map(float, value))
    except OverflowError:
        return None


def _is_deep(source: Mapping[str, Any]) -> bool:
    level: list[Any] = [source]
    for _ in range(DEEPEST):
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [each for below in inner for each in below if isinstance(each, dict | list)]
    return bool(level)
