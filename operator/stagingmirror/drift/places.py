"""Places: where something is written in staging, or read in production. Two mirrors must not write
the same place, and no mirror may write one that another names as production's. Concrete places are
in the ``subjects`` of the source that has them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Self
from unicodedata import category, normalize

_TYPE = "place"


@dataclass(frozen=True, slots=True)
class Place(ABC):
    """A field of an object, an alias of a registry, …"""

    @abstractmethod
    def __str__(self) -> str:
        """As messages name it: without its namespace or environment."""

    def anywhere(self) -> "Place":
        """The place without the environment in which it was named: two environments may lead to one
        system. Two places may be one only if these, folded, are equal.
        """
        return self

    def folded(self) -> Self:
        """The place with case, accents, Unicode form, invisible characters and trailing blanks
        removed from its names: two places may be one in a store that ignores them if their folded
        forms are equal. That is as coarse as the default collations of MySQL and SQL Server are.
        """
        names = (each.name for each in fields(self))
        return replace(self, **{name: folded(getattr(self, name)) for name in names})

    def spelled(self) -> "Place":
        """What it has in common with every place that may be it: by another environment, or by
        another spelling.
        """
        return self.anywhere().folded()


def place_to_json(place: Place) -> dict[str, str]:
    """``place_from_json`` returns an equal place."""
    return {**asdict(place), _TYPE: type(place).__name__}


def place_from_json(written: Mapping[str, object]) -> Place | None:
    """None: written by another version of the operator, or damaged."""
    known = {each.__name__: each for each in Place.__subclasses__()}
    given = {str(name): str(value) for name, value in written.items()}
    cls = known.get(given.pop(_TYPE, ""))
    if cls is None or given.keys() != {each.name for each in fields(cls)}:
        return None
    return cls(**given)


# Whether two places are one; None: not known.
SamePlace = Callable[[Place, Place], bool | None]


def shared(ones: Iterable[Place], others: frozenset[Place], same_place: SamePlace) -> Place | None:
    """The first of ``ones`` that is among the others. Two places that are not known to be two count
    as one.
    """
    for one in sorted(ones, key=str):
        if any(_may_be_same(one, each, same_place) for each in others):
            return one
    return None


def may_be_one(one: Place, other: Place) -> bool:
    """Whether both are spelled alike, wherever they are: only a source knows more."""
    return one == other or one.spelled() == other.spelled()


def _may_be_same(one: Place, other: Place, same_place: SamePlace) -> bool:
    return one == other or (may_be_one(one, other) and same_place(one, other) is not False)


def folded(name: str) -> str:
    """See ``Place.folded``."""
    if name.isascii():
        return name.lower().rstrip()
    decomposed = normalize("NFKD", normalize("NFKD", name).casefold()).translate(_KANA)
    return "".join(each for each in decomposed if not _is_ignored(each)).rstrip()


# Accents of Latin, Greek and Cyrillic letters, points of Hebrew, vowels of Arabic, marks of kana.
_ACCENTS = frozenset(
    chr(code)
    for first, last in ((0x300, 0x36F), (0x591, 0x5C7), (0x64B, 0x65F), (0x3099, 0x309A))
    for code in range(first, last + 1)
)
# Katakana as hiragana.
_KANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


def _is_ignored(character: str) -> bool:
    return character in _ACCENTS or category(character) == "Cf"
