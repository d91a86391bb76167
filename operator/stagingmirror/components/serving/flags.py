"""The flags of a container's server that are shown, and those that are only compared."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, get_args

from stagingmirror.components.serving.offers import SCRIPT, Offered
from stagingmirror.drift.command.words import Words
from stagingmirror.drift.serving.command_line import (
    ALL,
    CommandLine,
    ServerFlags,
    server_flags,
)
from stagingmirror.drift.serving.flags import Server
from stagingmirror.sources.kubernetes.subjects import Container

ARGUMENTS = "arguments"
# Which server it is, where that is recognised.
SERVER = "server"
# Characters of words and variables of which what they mean is kept from pass to pass. Longer ones
# are anybody's way to fill the memory of all, and few: they are read anew.
_MOST_KEPT = 16 * 1024


_Variables: TypeAlias = tuple[tuple[str, str | None], ...]
_Files: TypeAlias = tuple[tuple[str, str], ...]
_FROM_FILES = (
    "what files give is as their ConfigMaps are now: its program read them when it started.",
)


@dataclass(frozen=True, slots=True)
class Flags:
    """Of one container; all but ``notes`` as of ``Running``."""

    facts: Mapping[str, str]
    sealed: Mapping[str, str]
    not_known: frozenset[str]
    defaults: frozenset[str]
    declared: frozenset[str]
    notes: tuple[str, ...]


_TOO_MANY = ServerFlags(
    notes=("it has more arguments than are read, so they are not compared.",),
    unreadable=frozenset({ALL}),
)


def flags_of(container: Container, offered: Offered, files: Mapping[str, str]) -> Flags:
    found = bare = _TOO_MANY
    if container.words is not None:
        variables = sorted(offered.variables(container).items(), key=lambda each: each[0])
        given = container.image, container.words, tuple(variables)
        found = _parsed(*given, tuple(sorted(files.items())), has_more=container.env_from)
        bare = _parsed(*given, (), has_more=container.env_from) if files else found
    facts = {f"{found.server}.{flag}": text for flag, text in found.facts.items()}
    if found.server is not None:
        facts[SERVER] = found.server
    sealed: dict[str, str] = {}
    left_out = 0
    for flag, text in found.arguments.items():
        match offered.argument(flag):
            case "readable":
                facts[f"{ARGUMENTS}.{flag}"] = text
            case "comparable":
                sealed[f"{ARGUMENTS}.{flag}"] = text
            case None:
                left_out += 1
    if found.script is not None and offered.script:
        sealed[SCRIPT] = found.script
    defaults = frozenset(f"{found.server}.{flag}" for flag in found.defaults)
    declared = frozenset(_given_by_files(found, bare))
    notes = (*found.notes, *_left_out(left_out), *(_FROM_FILES if declared else ()))
    return Flags(facts, sealed, _not_known(found), defaults, declared, notes)


def _given_by_files(found: ServerFlags, bare: ServerFlags) -> Iterator[str]:
    """``bare``: what it would be without files."""
    for flag, text in found.facts.items():
        if bare.facts.get(flag) != text:
            yield f"{found.server}.{flag}"
    for flag, text in found.arguments.items():
        if bare.arguments.get(flag) != text:
            yield f"{ARGUMENTS}.{flag}"
    if found.script != bare.script:
        yield SCRIPT


def _parsed(
    image: str, words: Words, variables: _Variables, files: _Files, *, has_more: bool
) -> ServerFlags:
    texts = (*words.all, *(text or "" for pair in (*variables, *files) for text in pair))
    parse = _kept if sum(map(len, texts)) <= _MOST_KEPT else _anew
    return parse(image, words, variables, files, has_more=has_more)


def _anew(
    image: str, words: Words, variables: _Variables, files: _Files, *, has_more: bool
) -> ServerFlags:
    return server_flags(CommandLine(image, *words, dict(variables), dict(files), has_more=has_more))


# Each pass of each mirror asks for the same ones again.
_kept = lru_cache(maxsize=1024)(_anew)


def _not_known(found: ServerFlags) -> frozenset[str]:
    """Flags of a server are compared with those of the same one alone, and nothing is known of
    those of a container whose server is not recognised, or is started by a script.
    """
    others = frozenset(f"{each}." for each in get_args(Server) if each != found.server)
    if found.server is None:
        others |= {SERVER}
    if ALL in found.unreadable or found.script is not None:
        return others | {f"{found.server}.", f"{ARGUMENTS}."}
    groups = (ARGUMENTS,) if found.server is None else (found.server, ARGUMENTS)
    return others | {f"{group}.{flag}" for group in groups for flag in found.unreadable}


def _left_out(count: int) -> tuple[str, ...]:
    if not count:
        return ()
    what = "argument is" if count == 1 else "arguments are"
    return (f"{count} other {what} neither shown nor compared: no environment offers them.",)
