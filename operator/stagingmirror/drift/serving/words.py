"""Words of a command line as the program gets them: ``$(NAME)`` is expanded.

A value that is not readable becomes a mark in the word, so that everything behind this module sees
where it stands. No program can be given such a mark: the kernel ends an argument at a NUL.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from stagingmirror.drift.expansion import MAX_TEXT, Reference, pieces

Variables: TypeAlias = Mapping[str, str | None]

# The value of a variable that is set, and not readable.
UNREADABLE: Final = "\0"
# A reference to a variable that is not declared: the kubelet may know it of a Service; else it
# stays as it is written.
UNKNOWN: Final = "\1"
# Characters of all words. Linux starts no program with more (a quarter of an 8 MiB stack).
MOST: Final = 2 * 1024 * 1024
# Nobody writes more; so many are read in some milliseconds.
MOST_WORDS: Final = 10_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


class TooLong(ValueError):
    """More words than are read, or longer ones than a program can be started with."""


def expanded(words: Iterable[str], variables: Variables) -> tuple[str, ...]:
    """Raises TooLong; ValueError where a mark is in a word already."""
    left = MOST
    made: list[str] = []
    for word in words:
        if len(made) == MOST_WORDS:
            raise TooLong
        if UNREADABLE in word or UNKNOWN in word:
            raise ValueError(word)
        parts = list(_parts(word, variables, min(left, MAX_TEXT)))
        made.append("".join(parts))
        left -= len(made[-1]) + 1
    return tuple(made)


def is_readable(word: str) -> bool:
    return UNREADABLE not in word and UNKNOWN not in word


def _parts(word: str, variables: Variables, left: int) -> Iterator[str]:
    for piece in pieces(word):
        part = _value(piece.name, variables) if isinstance(piece, Reference) else piece
        left -= len(part)
        if left < 0:
            raise TooLong
        yield part


def _value(name: str, variables: Variables) -> str:
    if name in variables:
        value = variables[name]
        return UNREADABLE if value is None else value
    return UNKNOWN if _NAME.fullmatch(name) else f"$({name})"
