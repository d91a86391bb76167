"""Keeps a status small enough to be written, and counts what was left out.

Staging's and production's values can be of any size (a ConfigMap key holds a megabyte); a status of
64 components must stay far below what etcd takes.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from stagingmirror.drift.facts import SEAL, public
from stagingmirror.drift.legible import between_words, in_line, legible, shortened

# Of one status as JSON. The API server takes 1.5 MiB; every watcher pays for each byte.
MAX_BYTES = 160_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How many things are shown, and how many characters each may have."""

    facts: int
    value: int
    differences: int
    message: int
    steps: int


# Tried in this order until the status is small enough.
LEVELS = (
    Limits(facts=40, value=256, differences=60, message=2048, steps=256),
    Limits(facts=16, value=128, differences=20, message=512, steps=128),
    Limits(facts=6, value=80, differences=6, message=256, steps=64),
    Limits(facts=0, value=40, differences=2, message=160, steps=32),
)

# Characters of one value in a sentence.
MAX_IN_A_SENTENCE = 64
SHA256 = "sha256:"
_DIGEST = len(SHA256) + 64
_SHORT_DIGEST = len(SHA256) + 8


def cut(text: str, limit: int) -> str:
    """The text, or its beginning with a fingerprint and its length, so that two long texts that
    differ stay different. A sealed one is not shown.
    """
    text = public(text)
    if len(text) <= limit or len(text) <= _DIGEST:
        return text
    fingerprint = sha256(text.encode()).hexdigest()[:8]
    return f"{text[:limit]}… ({len(text)} characters, {SHA256}{fingerprint})"


def ended(text: str, limit: int) -> str:
    """A sentence on one line, cut between two of its words."""
    return between_words(in_line(text), limit)


def cut_all(value: Any, limit: int) -> Any:
    """JSON with every text in it cut."""
    if isinstance(value, str):
        return cut(value, limit)
    if isinstance(value, dict):
        return {key: cut_all(each, limit) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [cut_all(each, limit) for each in value]
    return value


def short(value: str) -> str:
    """A value as it stands in a sentence: digests by their first eight digits, sealed values not at
    all.
    """
    if value.startswith(SEAL):
        return "a value that is not shown"
    if value.startswith(SHA256):
        return value[:_SHORT_DIGEST]
    return shortened(legible(value), MAX_IN_A_SENTENCE) if value else "(empty)"


def listed(names: list[str] | tuple[str, ...], most: int = 5) -> str:
    """``a, b and c``; ``a, b and 3 more``."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
