"""One simple command of a shell (``sh -c "exec vllm serve …"``) as words.

Quotes, variables and comments are read as POSIX has them (Shell Command Language, sections 2.2,
2.3, 2.6.2, 2.6.5: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html).
Whatever else a shell can do makes a script of it, and a script is not parsed. The work grows with
the text.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stagingmirror.drift.serving.words import (
    MOST,
    MOST_WORDS,
    UNKNOWN,
    UNREADABLE,
    TooLong,
    Variables,
)

# Everything that means only itself outside of quotes.
_PLAIN = re.compile(r"[^\s'\"\\$`;&|<>(){}*?\[~#\x00\x01]+")
_IN_QUOTES = re.compile(r"[^\"\\$`\x00\x01]+")
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?)-([^}\"'`$\\]*))?\})", re.ASCII)
# A line that is continued in the middle of a name.
_GOES_ON = re.compile(r"(?:\\\n)+\w", re.ASCII)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.ASCII | re.DOTALL)
_ALL_ARGUMENTS = '"$@"'
_PATTERN = re.compile(r"[*?\[]")


class NotSimple(ValueError):
    """More than one simple command without redirection or substitution."""


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """``assigned``: variables that are set for this command alone. ``splits``: a value that is not
    readable stands unquoted, and may be any number of words.
    """

    words: tuple[str, ...]
    assigned: Mapping[str, str | None]
    splits: bool


def simple_command(text: str, variables: Variables, arguments: Sequence[str]) -> SimpleCommand:
    """The command that ``sh -c text`` runs, given these arguments (``$@``).

    Raises NotSimple, TooLong.
    """
    return _Scanner(text, variables, arguments).command()


class _Scanner:
    def __init__(self, text: str, variables: Variables, arguments: Sequence[str]) -> None:
        self._text = text
        self._at = 0
        self._variables = variables
        self._arguments = arguments
        self._words: list[str] = []
        self._assigned: dict[str, str | None] = {}
        self._word: list[str] | None = None
        self._left = MOST
        self._ended = False
        # Whether a word that is written here begins here.
        self._begins = True
        self._splits = False
        self._special: Mapping[str, Callable[[], None]] = {
            "'": self._single_quotes,
            '"': self._double_quotes,
            "\\": self._backslash,
            "$": self._variable,
            "#": self._comment,
            "~": self._tilde,
            UNREADABLE: self._unreadable,
        }

    def command(self) -> SimpleCommand:
        while self._at < len(self._text):
            self._step()
        self._end_word()
        if not self._words:
            raise NotSimple
        return SimpleCommand(tuple(self._words), self._assigned, self._splits)

    def _step(self) -> None:
        character = self._text[self._at]
        if plain := _PLAIN.match(self._text, self._at):
            self._at = plain.end()
            self._add(plain.group())
            self._begins = False
        elif character.isspace():
            self._at += 1
            self._end_word()
            self._ended |= character == "\n" and bool(self._words or self._assigned)
            self._begins = True
        elif character in self._special:
            is_joined = self._text.startswith("\\\n", self._at)
            self._special[character]()
            self._begins &= is_joined
        else:
            raise NotSimple

    def _add(self, part: str) -> None:
        if self._ended:
            raise NotSimple
        self._left -= len(part) + 1
        if self._left < 0 or len(self._words) == MOST_WORDS:
            raise TooLong
        if self._word is None:
            self._word = []
        self._word.append(part)

    def _end_word(self) -> None:
        if self._word is None:
            return
        word, self._word = "".join(self._word), None
        assignment = None if self._words else _ASSIGNMENT.fullmatch(word)
        if assignment is None:
            self._words.append(word)
        else:
            value = assignment.group(2)
            self._assigned[assignment.group(1)] = None if UNREADABLE in value else value

    def _single_quotes(self) -> None:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise NotSimple
        self._add(self._text[self._at + 1 : end])
        self._at = end + 1

    def _double_quotes(self) -> None:
        if self._text.startswith(_ALL_ARGUMENTS, self._at):
            self._all_arguments()
            return
        self._at += 1
        self._add("")
        while not self._text.startswith('"', self._at):
            self._step_in_quotes()
        self._at += 1

    def _step_in_quotes(self) -> None:
        if plain := _IN_QUOTES.match(self._text, self._at):
            self._at = plain.end()
            self._add(plain.group())
        elif self._text.startswith("\\", self._at):
            self._backslash_in_quotes()
        elif self._text.startswith("$", self._at):
            self._add(self._value())
        elif self._text.startswith(UNREADABLE, self._at):
            self._at += 1
            self._add(UNREADABLE)
        else:
            raise NotSimple

    def _backslash_in_quotes(self) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        self._at += 2
        if following != "\n":
            self._add(following if following and following in '$`"\\' else "\\" + following)

    def _backslash(self) -> None:
        following = self._text[self._at + 1 : self._at + 2]
        self._at += 2
        if following in (UNREADABLE, UNKNOWN):
            raise NotSimple
        if following != "\n":
            self._add(following or "\\")

    def _all_arguments(self) -> None:
        """``"$@"``, where it is a word of its own."""
        self._at += len(_ALL_ARGUMENTS)
        following = self._text[self._at : self._at + 1]
        if not self._begins or (following and not following.isspace()):
            raise NotSimple
        for argument in self._arguments:
            self._add(argument)
            self._end_word()

    def _variable(self) -> None:
        """Unquoted: its value is split at blanks, and patterns in it become names of files."""
        value = self._value()
        if self._is_assigning():
            self._add(value)
        elif value == UNREADABLE:
            self._splits = True
            self._add(value)
        elif _PATTERN.search(value):
            raise NotSimple
        else:
            self._split(value)

    def _split(self, value: str) -> None:
        fields = value.split()
        if value[:1].isspace():
            self._end_word()
        for index, field in enumerate(fields):
            if index:
                self._end_word()
            self._add(field)
        if fields and value[-1:].isspace():
            self._end_word()

    def _unreadable(self) -> None:
        self._at += 1
        self._splits |= not self._is_assigning()
        self._add(UNREADABLE)

    def _is_assigning(self) -> bool:
        return (
            not self._words
            and bool(self._word)
            and bool(_ASSIGNMENT.match((self._word or [""])[0]))
        )

    def _comment(self) -> None:
        if not self._begins:
            self._at += 1
            self._add("#")
            return
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end

    def _tilde(self) -> None:
        """At the start of a word, and of what is assigned, it means a directory."""
        if self._begins or self._is_assigning():
            raise NotSimple
        self._at += 1
        self._add("~")

    def _value(self) -> str:
        """Of the reference at this place; ``$`` before anything that is no name is itself."""
        found = _VARIABLE.match(self._text, self._at)
        if found is None:
            if self._text[self._at + 1 : self._at + 2] not in ("", " ", "\n", "/", ".", ":", "="):
                raise NotSimple
            self._at += 1
            return "$"
        self._at = found.end()
        if found.group(1) and _GOES_ON.match(self._text, self._at):
            raise NotSimple
        name = found.group(1) or found.group(2)
        if name not in self._variables or self._variables[name] is None:
            return UNREADABLE
        value = self._variables[name] or ""
        return found.group(4) if found.group(3) == ":" and not value else value
