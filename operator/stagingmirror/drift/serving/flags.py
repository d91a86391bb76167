"""A server's flags, and how its parser reads a command line of them."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from stagingmirror.drift.serving import values
from stagingmirror.drift.serving.image import Version
from stagingmirror.drift.serving.values import FALSE, TRUE, Reader

Server = Literal["vllm", "triton", "tfserving", "huggingface", "uvicorn", "gunicorn"]
# The words that belong to a flag: no other, the next one, the next one if it may be a value, or
# all up to the next flag.
Takes: TypeAlias = Literal["none", "one", "maybe", "many"]
# What counts where a flag is repeated: the last one, all in their order, all in any order, or the
# last one of each name, where values are ``name=value``.
Keeps: TypeAlias = Literal["last", "all", "set", "names"]


@dataclass(frozen=True, slots=True)
class Kind:
    """``bare``: what the flag means alone. ``accepts``: the words that may follow it (``maybe``).
    ``between``: the last separator of a name and its value (``names``). ``is_private``: its value
    may be a credential.
    """

    read: Reader = values.text
    takes: Takes = "one"
    keeps: Keeps = "last"
    bare: str = TRUE
    accepts: frozenset[str] = frozenset()
    between: str = "="
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """``fact``: the name under which its value is known."""

    fact: str
    kind: Kind


TEXT: Final = Kind()
INTEGER: Final = Kind(values.integer)
NUMBER: Final = Kind(values.number)
# Given alone; ``--flag true`` is understood too.
SWITCH: Final = Kind(values.truth, "maybe", accepts=frozenset({TRUE, FALSE}))
# Off where it is given.
SWITCHED_OFF: Final = replace(SWITCH, takes="none", bare=FALSE)
# With a value always.
TRUTH: Final = Kind(values.truth)
JSON: Final = Kind(values.json_text)
WORDS: Final = Kind(takes="many", keeps="last")
EACH: Final = Kind(keeps="all")
ANY_ORDER: Final = Kind(keeps="set")
SETTINGS: Final = Kind(keeps="names")
PRIVATE: Final = Kind(is_private=True, keeps="all")


@dataclass(frozen=True, slots=True)
class Default:
    """A constant of the releases from ``first`` to ``last``."""

    fact: str
    value: str
    first: Version = (0, 0, 0)
    last: Version = (99_999, 0, 0)


@dataclass(frozen=True, slots=True)
class Table:
    """What is known of one server.

    ``flags``: by each of their names. ``positional``: facts of the words that belong to no flag, in
    their order. ``underscores_are_dashes``, ``abbreviates`` (a beginning that only one flag has),
    ``needs_equals`` (``--flag value`` is no form of it), ``takes_dashes`` (a value may begin with
    a dash): its parser does so. ``nested``: ``--flag.key value`` is a key of a JSON flag.
    ``defaults``: constants of the releases in ``series`` (major and minor), which were read.
    """

    server: Server
    flags: Mapping[str, Flag]
    positional: tuple[str, ...] = ()
    underscores_are_dashes: bool = False
    abbreviates: bool = False
    needs_equals: bool = False
    takes_dashes: bool = False
    nested: bool = False
    defaults: tuple[Default, ...] = ()
    series: frozenset[tuple[int, int]] = frozenset()
    names: Sequence[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", sorted(self.flags))

    @property
    def facts(self) -> frozenset[str]:
        return frozenset(flag.fact for flag in self.flags.values()) | frozenset(self.positional)

    def spelled(self, name: str) -> str:
        """The name of a flag as the table has it."""
        if not self.underscores_are_dashes or not name.startswith("--"):
            return name
        first, dot, rest = name.partition(".")
        return first.replace("_", "-") + dot + rest

    def nesting(self, name: str) -> Flag | None:
        """The flag of whose JSON ``name.key`` is a key. It may be another one than ``name`` is."""
        if not self.nested:
            return None
        return self.flags.get(f"{name}.") or self.flags.get(name)

    def abbreviated(self, name: str) -> set[Flag]:
        """The flags whose name begins so."""
        found: set[Flag] = set()
        for at in range(bisect_left(self.names, name), len(self.names)):
            if not self.names[at].startswith(name):
                break
            found.add(self.flags[self.names[at]])
        return found

    def constants(self, version: Version | None) -> Iterator[tuple[str, str]]:
        """The defaults of this version; none where it is not known."""
        if version is not None and version[:2] in self.series:
            for each in self.defaults:
                if each.first <= version <= each.last:
                    yield each.fact, each.value


def constants(text: str) -> tuple[Default, ...]:
    """``fact=value``, parted by blanks."""
    pairs = (each.split("=") for each in text.split())
    return tuple(Default(fact, value) for fact, value in pairs)


def flags(kind: Kind, names: str) -> dict[str, Flag]:
    """``names``, parted by blanks: each the name of a flag without its dashes, which is its fact,
    and after commas what else it is called.
    """
    found: dict[str, Flag] = {}
    for each in names.split():
        fact, *others = each.split(",")
        flag = Flag(fact, kind)
        found |= dict.fromkeys((f"--{fact}", *others), flag)
    return found
