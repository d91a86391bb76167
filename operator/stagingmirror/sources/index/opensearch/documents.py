"""Documents as values: pure."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from stagingmirror.sources.index.store import Document


def document_of(source: Mapping[str, Any], vectors: frozenset[str]) -> Document:
    """``vectors``: the paths of the fields that hold them."""
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
    if path in vectors and _is_vector(value):
        found[shown] = tuple(map(float, value))
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


def _is_vector(value: object) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in value)
    )
