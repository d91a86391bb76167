"""Documents of an index as values, and how many of a sample differ: pure."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# How far two vectors of one document may be apart: the largest difference of a number, one minus
# the cosine, and the difference of the norms as a share of the larger one.
_ABSOLUTE, _COSINE, _NORM = 1e-5, 1e-5, 1e-4
# Levels of a document that is hashed.
DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Document:
    """``fields``: digest of everything stored but its vectors; ``vectors`` as stored, by field."""

    fields: str
    vectors: Mapping[str, tuple[float, ...]] = field(default_factory=dict, repr=False)


# By id. None: there is no such document.
Sample = Mapping[str, Document | None]


@dataclass(frozen=True, slots=True)
class SampleComparison:
    """Of the documents of a sample of production's. ``changed``: those that production wrote or
    removed while they were read, which are left out. ``differing`` of ``judged`` are others in
    staging, or ``missing`` there.
    """

    judged: int
    changed: int
    differing: int
    missing: int


def compared(before: Sample, staging: Sample, after: Sample) -> SampleComparison:
    """``before`` and ``after``: the same ids of production's, read around staging's."""
    steady = {
        name: each for name, each in before.items() if each is not None and after.get(name) == each
    }
    missing = sum(staging.get(name) is None for name in steady)
    same = sum(
        (theirs := staging.get(name)) is not None and _is_same(each, theirs)
        for name, each in steady.items()
    )
    judged = len(steady)
    return SampleComparison(judged, len(before) - judged, judged - same, missing)


def is_deep(document: Mapping[str, Any]) -> bool:
    """Whether it has more than ``DEEPEST`` levels."""
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [each for below in inner for each in below if isinstance(each, dict | list)]
    return bool(level)


def digest_of(sample: Sample) -> str:
    """One text for a sample: equal where all documents are."""
    found = hashlib.sha256()
    for name, each in sorted(sample.items()):
        vectors = {} if each is None else each.vectors
        shown = [
            name,
            each and each.fields,
            sorted((k, [*map(float.hex, v)]) for k, v in vectors.items()),
        ]
        found.update(repr(shown).encode(errors="surrogatepass"))
    return f"sha256:{found.hexdigest()}"


def _is_same(one: Document, other: Document) -> bool:
    return (
        one.fields == other.fields
        and one.vectors.keys() == other.vectors.keys()
        and all(is_near(each, other.vectors[name]) for name, each in one.vectors.items())
    )


def is_near(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two vectors are one but for how they were computed and kept."""
    if len(one) != len(other):
        return False
    if not all(map(math.isfinite, (*one, *other))):
        return [*map(repr, one)] == [*map(repr, other)]
    if one == other:
        return True
    if max(abs(a - b) for a, b in zip(one, other, strict=True)) > _ABSOLUTE:
        return False
    lengths = math.hypot(*one), math.hypot(*other)
    if abs(lengths[0] - lengths[1]) > _NORM * max(lengths) or not min(lengths):
        return False
    cosine = sum((a / lengths[0]) * (b / lengths[1]) for a, b in zip(one, other, strict=True))
    return 1.0 - cosine <= _COSINE
