"""The flags with which one container runs a model server, as named facts."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from stagingmirror.drift.expansion import Reference, pieces
from stagingmirror.drift.serving.flags import Server as Server
from stagingmirror.drift.serving.flags import Table
from stagingmirror.drift.serving.image import Image, image_of
from stagingmirror.drift.serving.parser import Parsed, parse
from stagingmirror.drift.serving.program import Program, Script, program_of
from stagingmirror.drift.serving.reading import Reading, given_by_variables, reading
from stagingmirror.drift.serving.recognised import Invocation, recognised
from stagingmirror.drift.serving.words import TooLong, Variables, expanded, is_readable

# In ``unreadable``: which flags there are is not known, so neither given nor left out proves
# anything.
ALL: Final = "arguments"
# Flags of a program that is no server of ours.
_NO_TABLE: Final = Table("vllm", {})
# Names in one sentence.
_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What one container runs, as its pod says.

    ``image`` is the reference as it is written in the pod; its tag may give the version.
    ``command`` is () where the pod omits it: the image's own entrypoint. ``variables`` are those
    of the container, expanded; None: it is set, and its value is not readable (from a Secret, a
    field, or not offered). One that is not in it may be set by the image. ``files``: the text of
    files, by the path at which a ConfigMap is mounted. ``has_more``: there may be more variables
    that its pod gives, which overrule those of its image (``envFrom``).
    """

    image: str
    command: tuple[str, ...]
    args: tuple[str, ...]
    variables: Mapping[str, str | None]
    files: Mapping[str, str] = field(default_factory=dict)
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class ServerFlags:
    """What is known of a server's flags.

    ``server``: None where it is not recognised; nothing may be claimed of any server's facts then.
    ``facts``: known flags with canonical values, by
    the name of the flag without its dashes (``max-model-len``), the server's constant defaults
    included where its version is known: ``defaults`` names those. The other side may not know its
    version, so a default is compared only with a value that is given. ``arguments``: flags that no
    table knows, or that may hold a credential, by their name with dashes; never shown unless
    offered. ``script``: the text of a script that cannot be parsed, variables by name where they
    are not readable; compared only if offered. ``notes``: sentences for people, which hold no value
    of ``arguments``.

    ``unreadable``: names as in ``facts`` or ``arguments`` whose value comes from what is not
    readable. They are in neither mapping, so that two of them are never equal: nothing may be
    claimed of such a name, whatever the other side has. With a dot at the end it stands for all
    names that begin so. ``ALL`` in it: no name may be claimed equal, and ``facts`` and
    ``arguments`` are empty.
    """

    server: Server | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    script: str | None = None
    notes: tuple[str, ...] = ()
    unreadable: frozenset[str] = frozenset()
    defaults: frozenset[str] = frozenset()


def server_flags(line: CommandLine) -> ServerFlags:
    """The flags of the server that this container runs. Raises nothing, whatever it is given."""
    image = image_of(line.image)
    own = line.command or (image.public.entrypoint if image.public is not None else ())
    if not (*own, *line.args):
        return ServerFlags(notes=("it runs what its image runs: its pod gives no command.",))
    variables = _variables(line, image)
    try:
        words = expanded((*own, *line.args), line.variables)
        program = program_of(words, variables)
    except TooLong:
        return _nothing(
            "its command line is longer than is read: 10,000 words, of 128 KiB each, 2 MiB in all."
        )
    except ValueError:
        return _nothing("its command line holds characters that no program can be given.")
    if isinstance(program, Script):
        return _script(program, line)
    return _of_program(program, line, image)


def _variables(line: CommandLine, image: Image) -> Variables:
    """Those of the container, over those of its public image."""
    if image.public is None or image.is_renamed:
        return line.variables
    own: Variables = image.public.variables
    if line.has_more:
        own = dict.fromkeys(own)
    return {**own, **line.variables}


def _nothing(why: str) -> ServerFlags:
    return ServerFlags(notes=(why,), unreadable=frozenset({ALL}))


def _script(script: Script, line: CommandLine) -> ServerFlags:
    if script.path is None:
        return ServerFlags(
            script=_as_given(line),
            notes=(
                "its command is a script, which is not parsed; variables in it are compared by "
                "their names, unless Kubernetes expands them and they may be shown.",
            ),
        )
    if script.path in line.files:
        return ServerFlags(
            script=line.files[script.path],
            notes=("its command is a script in a file, which is not parsed.",),
        )
    return ServerFlags(notes=("its command is a script in a file, which is not read.",))


def _as_given(line: CommandLine) -> str:
    """The text of ``sh -c``, where that is all; else every word."""
    words = [
        "".join(_known(each, line.variables) for each in pieces(word))
        for word in (*line.command, *line.args)
    ]
    return words[-1] if len(words) <= 3 and len(words) > 1 else shlex.join(words)


def _known(piece: str | Reference, variables: Variables) -> str:
    """What is not readable is in it by its name."""
    if isinstance(piece, str):
        return piece
    value = variables.get(piece.name)
    return f"$({piece.name})" if value is None else value


def _of_program(program: Program, line: CommandLine, image: Image) -> ServerFlags:
    if not is_readable(program.words[0]):
        return _nothing("its program comes from a variable that is not readable: offer it.")
    if program.splits:
        return _nothing(
            "a variable that is not readable stands unquoted in its command, and may be several "
            "words: quote it, or offer it."
        )
    if program.words[0] in line.files:
        return _script(Script(program.words[0]), line)
    invocation = recognised(program.words)
    if invocation is None:
        return _no_server(program, line)
    found = reading(invocation, program.variables, line.files)
    if line.has_more:
        found.not_read |= given_by_variables(invocation.table)
    notes = (*_of_image(line, image), *found.notes, *_notes(found.given))
    if not found.given.is_certain:
        return ServerFlags(invocation.server, notes=notes, unreadable=frozenset({ALL}))
    return _flags(invocation, found, image, notes)


def _flags(
    invocation: Invocation, found: Reading, image: Image, notes: tuple[str, ...]
) -> ServerFlags:
    given = found.given
    names = given.facts.keys() | {name.removeprefix("--") for name in given.arguments}
    known = invocation.table.constants(image.version) if found.is_whole else ()
    missing = found.not_read if found.is_whole else found.not_read | invocation.table.facts
    defaults = {fact: value for fact, value in known if fact not in names | missing}
    return ServerFlags(
        invocation.server,
        {**defaults, **_readable(given.facts)},
        _readable(given.arguments),
        found.script,
        notes,
        frozenset(_unreadable(given) | (missing - names)),
        frozenset(defaults),
    )


def _no_server(program: Program, line: CommandLine) -> ServerFlags:
    """Its flags may be offered all the same."""
    is_wrapped = not line.command and program.words[0].startswith("-")
    given = parse(_NO_TABLE, program.words if is_wrapped else program.words[1:])
    return ServerFlags(
        None,
        arguments=_readable(given.arguments) if given.is_certain else {},
        notes=("what it runs is no server whose flags are known.",),
        unreadable=frozenset(_unreadable(given) if given.is_certain else {ALL}),
    )


def _of_image(line: CommandLine, image: Image) -> Iterator[str]:
    if line.command:
        return
    if image.public is None:
        yield "its image is taken to run its arguments as they are."
    elif image.is_renamed:
        yield f"its image is taken, by its name, for a copy of {image.public.repository}."


def _notes(given: Parsed) -> Iterator[str]:
    if given.strays:
        yield f"{given.strays} of its words belong to no flag that is known: they are not compared."
    if given.withheld:
        names = ", ".join(sorted(given.withheld)[:_MOST_NAMES])
        yield f"what {names} is given may be a credential: it is compared only if it is offered."
    if not given.is_certain:
        yield "a variable that is not readable may be any of its flags: offer it."
        return
    unreadable = sorted(fact for fact, value in given.facts.items() if value is None)
    if unreadable:
        count = len(unreadable) - _MOST_NAMES
        more = f" and {count} more" if count > 0 else ""
        shown = ", ".join(unreadable[:_MOST_NAMES])
        yield f"what variables give {shown}{more} is not readable: offer these variables."


def _readable(values: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _unreadable(given: Parsed) -> set[str]:
    values = {**given.facts, **given.arguments}
    return {name for name, value in values.items() if value is None}
