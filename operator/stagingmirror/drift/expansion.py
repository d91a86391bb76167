"""What a container gets of a variable's text: Kubernetes expands ``$(NAME)``, and ``$$`` is ``$``.

``NAME`` is a variable that stands before it in the same container, else one of those that the
kubelet makes of the namespace's Services. What is neither stays as it is written. Texts are
anybody's: all work here grows with their length and is bounded.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

# Characters. Linux starts no program with a longer variable (MAX_ARG_STRLEN): nothing runs with it.
MAX_TEXT = 128 * 1024
# Characters of everything that is made on the way to one value.
_MAX_MADE = 8 * MAX_TEXT


class Reference(NamedTuple):
    """``$(NAME)`` in a text."""

    name: str


class Given(NamedTuple):
    """A variable as it is declared; no ``text``: its value comes from elsewhere."""

    name: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Expanded:
    """``made_from``: the variables that the text was made from, at any depth."""

    text: str
    made_from: frozenset[str]


class NotExpanded(ValueError):
    """The value depends on a variable that is not known."""


class TooLong(ValueError):
    """The value, or what it is made from, is longer than any variable can be."""


def pieces(text: str) -> Iterator[str | Reference]:
    """The text, taken apart at its references. A ``$`` before anything but ``$`` and a closed
    parenthesis stands for itself, with what follows.
    """
    start = at = 0
    last = text.rfind(")")
    while (dollar := text.find("$", at)) >= 0:
        at = dollar + 2
        if text.startswith("$", dollar + 1):
            yield text[start : dollar + 1]
            start = at
        elif text.startswith("(", dollar + 1) and dollar < last:
            end = text.index(")", at)
            yield text[start:dollar]
            yield Reference(text[at:end])
            start = at = end + 1
    yield text[start:]


def stays(text: str) -> bool:
    """Whether a variable that is given this text has this text."""
    return next(pieces(text)) == text


def expanded(variables: Sequence[Given], at: int) -> Expanded:
    """The value of ``variables[at]`` as its container gets it.

    Raises NotExpanded, TooLong.
    """
    needed = _needed(variables, at)
    made: dict[int, str] = {}
    left = _MAX_MADE
    # A reference leads to a variable before it: this order has made what is referred to.
    for index in sorted(needed):
        references = needed[index]
        parts = [
            made[references[piece.name]] if isinstance(piece, Reference) else piece
            for piece in pieces(variables[index].text or "")
        ]
        left -= sum(map(len, parts))
        if left < 0:
            raise TooLong
        made[index] = "".join(parts)
    if len(made[at]) > MAX_TEXT:
        raise TooLong
    return Expanded(made[at], frozenset(variables[index].name for index in needed if index != at))


def _needed(variables: Sequence[Given], at: int) -> Mapping[int, Mapping[str, int]]:
    """What ``variables[at]`` is made from, itself included: by its index, which variable each
    name in its text refers to.
    """
    places: dict[str, list[int]] = {}
    for index, variable in enumerate(variables[:at]):
        places.setdefault(variable.name, []).append(index)
    needed: dict[int, dict[str, int]] = {}
    todo = [at]
    left = MAX_TEXT
    while todo:
        index = todo.pop()
        if index in needed:
            continue
        text = variables[index].text
        if text is None:
            raise NotExpanded
        left -= len(text)
        if left < 0:
            raise TooLong
        names = {piece.name for piece in pieces(text) if isinstance(piece, Reference)}
        needed[index] = {name: _before(places.get(name, ()), index) for name in names}
        todo += needed[index].values()
    return needed


def _before(places: Sequence[int], index: int) -> int:
    """The last of these places that is before ``index``."""
    found = bisect_left(places, index)
    if not found:
        raise NotExpanded
    return places[found - 1]
