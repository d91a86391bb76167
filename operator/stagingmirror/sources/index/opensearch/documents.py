"""Documents as values: pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from stagingmirror.sources.index.samples import Document, is_deep


class TooDeep(Exception):
    """A document has more than ``samples.DEEPEST`` levels."""


def document_of(source: Mapping[str, Any], vectors: frozenset[str]) -> Document:
    """``vectors``: the paths of the fields that hold them. Raises TooDeep."""
    if is_deep(source):
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
