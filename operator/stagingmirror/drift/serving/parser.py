"""Words of a command line, parted into flags and their values as a server's own parser does.

The work grows with the words: each is read once.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from stagingmirror.drift.serving import values
from stagingmirror.drift.serving.flags import PRIVATE, TEXT, Flag, Table
from stagingmirror.drift.serving.words import is_readable

# A value that begins with a dash and is no flag, to argparse.
_NEGATIVE = re.compile(r"-\d+(?:\.\d*)?|-\.\d+", re.ASCII)
# Keys of one another in ``--flag.key.key``; what is deeper is a flag that no table knows.
_DEEPEST_KEY: Final = 16


@dataclass(slots=True)
class Parsed:
    """What the words give, by fact, and by the name of a flag where no table knows it or it is
    private; None: its value is not readable. ``withheld``: flags of a table that are in
    ``arguments`` because their value may be a credential. ``strays``: words that belong to nothing.
    ``is_certain``: it is known which flags there are.
    """

    facts: dict[str, str | None] = field(default_factory=dict)
    arguments: dict[str, str | None] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)
    strays: int = 0
    is_certain: bool = True

    def over(self, below: "Parsed") -> "Parsed":
        """What counts where these words overrule others."""
        return Parsed(
            {**below.facts, **self.facts},
            {**below.arguments, **self.arguments},
            self.withheld | below.withheld,
            self.strays + below.strays,
            self.is_certain and below.is_certain,
        )


def parse(table: Table, words: Sequence[str]) -> Parsed:
    """``words``: those behind the program and its subcommand."""
    return _Parser(table, words).parsed()


class _Parser:
    def __init__(self, table: Table, words: Sequence[str]) -> None:
        self._table = table
        self._words = words
        self._at = 0
        self._given: dict[str, tuple[Flag, list[str]]] = {}
        self._nested: dict[Flag, dict[str, object]] = {}
        self._positional = list(reversed(table.positional))
        self._found: dict[str, str] = {}
        self._abbreviations: dict[str, set[Flag]] = {}
        self._ambiguous: set[Flag] = set()
        self._has_swallowed = False
        self._result = Parsed()

    def parsed(self) -> Parsed:
        while self._at < len(self._words):
            word = self._words[self._at]
            self._at += 1
            if word == "--":
                self._rest_is_positional()
            elif word.startswith("-") and word != "-":
                self._flag(word)
            else:
                self._no_flag(word)
        self._result.facts |= {flag.fact: None for flag in self._ambiguous}
        for flag, given in self._given.values():
            self._keep(flag, _counting(flag, given) if all(map(is_readable, given)) else None)
        for flag, nested in self._nested.items():
            self._keep(flag, values.as_json_or_none(nested))
        for fact, word in self._found.items():
            # What is not readable may be a flag, where a flag gives this one.
            self._result.is_certain &= is_readable(word) or fact not in self._given
            self._keep(Flag(fact, TEXT), word if is_readable(word) else None)
        if self._has_swallowed:
            # A flag that no table knows may take no value: the word behind it is positional then.
            self._result.facts |= dict.fromkeys(self._positional)
        return self._result

    def _rest_is_positional(self) -> None:
        for word in self._words[self._at :]:
            self._no_flag(word)
        self._at = len(self._words)

    def _no_flag(self, word: str) -> None:
        if self._positional:
            self._found[self._positional.pop()] = word
        elif is_readable(word[:1]):
            self._result.strays += 1
        else:
            # It may be any flag.
            self._result.is_certain = False

    def _flag(self, word: str) -> None:
        name, equals, value = word.partition("=")
        name = self._table.spelled(name)
        flag = self._table.flags.get(name)
        if flag is not None:
            self._take(flag, value if equals else None)
        elif self._attached(word):
            return
        elif not is_readable(name):
            self._result.is_certain = False
        elif not self._nested_key(name, value if equals else None):
            self._other(name, value if equals else None)

    def _attached(self, word: str) -> bool:
        """``-w4``."""
        flag = None if word.startswith("--") else self._table.flags.get(word[:2])
        is_nested = word[2:3] == "." and self._table.nested
        if flag is None or flag.kind.takes != "one" or is_nested:
            return False
        self._add(flag, word[2:])
        return True

    def _nested_key(self, name: str, value: str | None) -> bool:
        first, dot, rest = name.partition(".")
        flag = self._table.nesting(first) if dot else None
        keys = rest.rstrip("+").split(".", _DEEPEST_KEY)
        if flag is None or len(keys) > _DEEPEST_KEY:
            return False
        text = self._next_value(may_be_dashed=False) if value is None else value
        if text is None or not is_readable(text):
            self._ambiguous.add(flag)
            return True
        level: dict[str, object] = self._nested.setdefault(flag, {})
        for key in keys[:-1]:
            inner = level.get(key)
            if not isinstance(inner, dict):
                inner = level[key] = {}
            level = inner
        last = keys[-1]
        if rest.endswith("+"):
            # More of a list, each time that it is given.
            listed = level.get(last)
            if not isinstance(listed, list):
                listed = level[last] = []
            listed += text.split(",")
        else:
            level[last] = values.from_json(text)
        return True

    def _abbreviated(self, name: str) -> Flag | None:
        """The one flag that begins so; where several do, none of them is known."""
        if not self._table.abbreviates or not name.startswith("--"):
            return None
        if name not in self._abbreviations:
            self._abbreviations[name] = self._table.abbreviated(name)
        found = self._abbreviations[name]
        if len(found) == 1:
            return next(iter(found))
        self._ambiguous |= found
        return None

    def _other(self, name: str, value: str | None) -> None:
        """A flag that is abbreviated, or that no table knows."""
        flag = self._abbreviated(name)
        if flag is not None:
            self._take(flag, value)
            return
        if value is None and not self._table.needs_equals:
            value = self._next_value(may_be_dashed=False)
            self._has_swallowed |= value is not None
        self._add(Flag(name, PRIVATE), values.TRUE if value is None else value)

    def _take(self, flag: Flag, value: str | None) -> None:
        kind = flag.kind
        if value is not None:
            self._add(flag, value)
        elif kind.takes == "many":
            many: list[str] = []
            while (each := self._next_value(may_be_dashed=False)) is not None:
                many.append(each)
            self._given[flag.fact] = flag, many
        elif kind.takes == "maybe":
            self._add(flag, self._next_if(kind.accepts) or kind.bare)
        elif kind.takes == "none":
            self._add(flag, kind.bare)
        elif self._table.needs_equals:
            self._result.strays += 1
        else:
            self._add(flag, self._next_value(may_be_dashed=self._table.takes_dashes) or "")

    def _next_value(self, *, may_be_dashed: bool) -> str | None:
        word = self._words[self._at] if self._at < len(self._words) else None
        if word is None or not (may_be_dashed or _is_value(word)):
            return None
        self._at += 1
        return word

    def _next_if(self, accepted: frozenset[str]) -> str | None:
        word = self._words[self._at] if self._at < len(self._words) else ""
        if len(word) > 16 or word.lower() not in accepted:
            return None
        self._at += 1
        return word

    def _add(self, flag: Flag, value: str) -> None:
        given = self._given.get(flag.fact)
        if given is None or flag.kind.keeps == "last":
            self._given[flag.fact] = flag, [value]
        else:
            given[1].append(value)

    def _keep(self, flag: Flag, value: str | None) -> None:
        name = flag.fact if flag.fact.startswith("-") else f"--{flag.fact}"
        if flag.kind.is_private:
            self._result.arguments[name] = value
        elif value is not None and values.holds_credential(value):
            self._result.arguments[name] = value
            self._result.withheld.add(name)
        else:
            self._result.facts[flag.fact] = value


def _is_value(word: str) -> bool:
    """Whether a word can be a value to a parser that takes what begins with a dash for a flag."""
    return not word.startswith("-") or word == "-" or _is_negative(word)


def _is_negative(word: str) -> bool:
    return len(word) < 32 and _NEGATIVE.fullmatch(word) is not None


def _counting(flag: Flag, given: Sequence[str]) -> str:
    """What counts of a flag that is given so often."""
    kind = flag.kind
    read = [kind.read(each) for each in given]
    if kind.keeps == "set":
        return values.listed(sorted(set(read)))
    if kind.keeps == "names":
        named: Mapping[str, str] = {each.rpartition(kind.between)[0]: each for each in read}
        return values.listed([named[name] for name in sorted(named)])
    return values.listed(read) if kind.keeps == "all" or kind.takes == "many" else read[-1]
