"""Where a flag stands in a container's command and arguments.

A flag is a word of its own: ``--flag value``, ``--flag=value``, or ``--flag`` alone, which means
``true``. ``-`` and ``_`` within its name are one: servers that take both mean the same flag. What
follows ``--`` is positional, unless that is where an init program has the program it starts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from stagingmirror.drift.command.words import Words
from stagingmirror.drift.facts import Why
from stagingmirror.reasons import Reason

Form = Literal["joined", "apart", "alone"]

# What a flag alone means.
TRUE: Final = "true"

_SHELLS = frozenset({"ash", "bash", "csh", "dash", "fish", "ksh", "sh", "tcsh", "zsh"})
# ``-c``, also within other letters: ``-lc``, ``-exc``.
_SCRIPT = re.compile(r"-[A-Za-z]*c[A-Za-z]*", re.ASCII)
_OPTION_WITH_NAME = re.compile(r"[-+][A-Za-z]*[oO]|--rcfile|--init-file", re.ASCII)
# ``env -S "program --flag value"``: one word that becomes several.
_SPLIT = re.compile(r"-[A-Za-z]*S.*|--split-string(?:=.*)?", re.ASCII | re.DOTALL)
# They take ``--`` before the program that they start.
_INITS = frozenset({"catatonit", "docker-init", "dumb-init", "tini", "tini-static"})
_NUMBER = re.compile(r"-[0-9.]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Given:
    """``at``: which of all words is the flag's. ``value`` as it is declared, ``$(NAME)`` in it."""

    at: int
    form: Form
    value: str


def find(words: Words, flag: str) -> Given | Why | None:
    """The flag; why it cannot be read; None: it is not given. The message of Why follows the name
    of the container.
    """
    every = words.all
    if _runs_script(words):
        return Why(
            Reason.SHELL_SCRIPT,
            f"runs a script (sh -c, env -S), whose words are not read, so {flag} is not known;"
            " write the program and its arguments as words of their own (command, args).",
        )
    end, name = options_end(words), folded(flag)
    found = [at for at, word in enumerate(every) if _is(word, name)]
    if len(found) > 1:
        return Why(
            Reason.AMBIGUOUS,
            f"is given {flag} {len(found)} times; which of them counts is the program's choice: "
            "leave one.",
        )
    if not found:
        return None
    if found[0] > end:
        return Why(
            Reason.NOT_COMPARABLE,
            f"is given {flag} after --, where programs take no flags; write it before.",
        )
    given = _given(every[:end], found[0])
    if given.form == "alone" and _may_be_value(every[given.at + 1 : end]):
        return Why(
            Reason.NOT_COMPARABLE,
            f"is given {flag} before a word with one dash, which may be its value or a flag of its "
            f"own; write {flag}=value, or {flag} behind that word.",
        )
    return given


def folded(flag: str) -> str:
    """Equal for two spellings of one flag."""
    rest = flag.lstrip("-")
    return flag[: len(flag) - len(rest)] + rest.replace("_", "-")


def options_end(words: Words) -> int:
    """The place of the ``--`` after which no flags are, or the number of all words."""
    every = words.all
    first = every[0].rpartition("/")[2] if every else ""
    starts = first in _INITS or (not words.command and first == "--")
    for at, word in enumerate(every):
        if word == "--" and not starts:
            return at
        starts = starts and word != "--"
    return len(every)


def is_flag(word: str) -> bool:
    """Whether a program takes the word for a flag: not a negative number, and not ``-`` alone."""
    return word.startswith("-") and len(word) > 1 and _NUMBER.match(word) is None


def _is(word: str, name: str) -> bool:
    return word.startswith("-") and folded(word.partition("=")[0]) == name


def _given(every: Sequence[str], at: int) -> Given:
    _, is_joined, value = every[at].partition("=")
    if is_joined:
        return Given(at, "joined", value)
    if at + 1 < len(every) and not is_flag(every[at + 1]):
        return Given(at, "apart", every[at + 1])
    return Given(at, "alone", TRUE)


def _may_be_value(following: Sequence[str]) -> bool:
    """Whether there are programs that take the next word for the value of the flag before it."""
    return bool(following) and following[0].startswith("-") and not following[0].startswith("--")


def _runs_script(words: Words) -> bool:
    every = words.all
    if not words.command and len(every) > 1 and _SCRIPT.fullmatch(every[0]):
        return any(each.isspace() for each in every[1])  # the image's ENTRYPOINT may be a shell
    return any(_is_script(every, at) for at in range(len(every)))


def _is_script(every: Sequence[str], at: int) -> bool:
    """Whether the program at this place runs a script."""
    name = every[at].rpartition("/")[2]
    if name == "env":
        return any(map(_SPLIT.fullmatch, every[at + 1 : at + 2]))
    return name in _SHELLS and _has_script(every, at + 1)


def _has_script(every: Sequence[str], at: int) -> bool:
    """Whether the options of a shell, from this word on, have a script after them."""
    while at < len(every) and every[at][:1] in ("-", "+"):
        if _SCRIPT.fullmatch(every[at]):
            return True
        at += 2 if _OPTION_WITH_NAME.fullmatch(every[at]) else 1
    return False
