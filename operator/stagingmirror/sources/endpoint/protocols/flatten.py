"""Nested JSON as features with dotted names."""

from collections.abc import Iterator

from stagingmirror.drift.parity.columns import Cell, compact
from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.protocols.body import Json
from stagingmirror.sources.endpoint.protocols.protocol import MOST_FEATURES, too_many_features

# The name of what is no object.
ANSWER = "answer"
# In place of a key that is a text of the sample.
WORD = "*"
# Characters of a name: each feature below a long key repeats it.
LONGEST_NAME = 1_000


def flattened(value: Json, words: frozenset[str] = frozenset(), name: str = "") -> dict[str, Cell]:
    """``{"a": {"b": 1}}`` is ``a.b``. A dot in a key is written ``\\.``. Lists of objects are
    features by their place, ``a.0.b``; any other list is one value. Below ``name``, if given.

    Raises NotAnswered(OversizedAnswer).
    """
    found: dict[str, Cell] = {}
    for path, cell in _walk(value, name, words):
        # Two keys that are words of the sample, in one object.
        while path in found:
            path += WORD
        found[path] = cell
        if len(found) > MOST_FEATURES:
            raise too_many_features()
    return found


def _walk(value: Json, path: str, words: frozenset[str]) -> Iterator[tuple[str, Cell]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _walk(each, _below(path, WORD if key in words else _escaped(key)), words)
    elif isinstance(value, list) and dict in set(map(type, value)):
        for at, each in enumerate(value):
            yield from _walk(each, _below(path, str(at)), words)
    else:
        yield path or ANSWER, compact(value)


def _below(path: str, key: str) -> str:
    found = f"{path}.{key}" if path else key
    if len(found) > LONGEST_NAME:
        raise NotAnswered(
            Reason.OVERSIZED_ANSWER,
            f"the answer names a feature with more than {LONGEST_NAME} characters",
        )
    return found


def _escaped(key: str) -> str:
    return key.replace("\\", "\\\\").replace(".", "\\.")
