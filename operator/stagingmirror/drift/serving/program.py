"""Which program a container runs in the end, below its shell, its launchers and its image's own
entrypoint.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from stagingmirror.drift.serving.image import NVIDIA_SCRIPT, TENSORFLOW_SCRIPT
from stagingmirror.drift.serving.shell import NotSimple, simple_command
from stagingmirror.drift.serving.words import UNKNOWN, Variables, is_readable

_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash"})
# Options of a shell that a command does not depend on, ``c`` aside: exit on errors, trace, login.
_SHELL_OPTIONS: Final = frozenset("ceuxl")
# Programs that run the rest of their words: those with no options of their own, or only these.
_LAUNCHERS: Final[Mapping[str, frozenset[str]]] = {
    "exec": frozenset(),
    "tini": frozenset({"-s", "-g", "-v", "-w", "--"}),
    "dumb-init": frozenset({"-c", "-v", "--single-child", "--verbose", "--"}),
    "catatonit": frozenset({"-g", "--"}),
    "env": frozenset({"--"}),
    "nohup": frozenset(),
    "ddtrace-run": frozenset(),
    "opentelemetry-instrument": frozenset(),
    NVIDIA_SCRIPT: frozenset(),
}
_RUNNERS: Final = {("uv", "run"), ("poetry", "run"), ("pipenv", "run"), ("pdm", "run")}
# More programs around the last one than anybody writes.
_DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class Program:
    """``words[0]`` is the program. ``splits``: a word that is not readable may be several."""

    words: tuple[str, ...]
    variables: Variables
    splits: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """A shell's script. ``path``: where it is read from; None: it is in the command line."""

    path: str | None = field(default=None)


def program_of(words: Sequence[str], variables: Variables) -> Program | Script:
    """Raises TooLong."""
    program: Program | Script = Program(tuple(words), variables)
    for _ in range(_DEEPEST):
        if isinstance(program, Script) or not program.words:
            break
        inner = _inner(program)
        if inner is None:
            break
        program = inner
    return program


def name_of(word: str) -> str:
    """The file's name of a program; nothing where it is not readable."""
    return word.rpartition("/")[2] if is_readable(word) else ""


def _inner(program: Program) -> Program | Script | None:
    """What this program runs; None: nothing that is known."""
    name = name_of(program.words[0])
    if name in _SHELLS:
        return _of_shell(program)
    if name == TENSORFLOW_SCRIPT:
        return replace(program, words=_of_tensorflow(program))
    if (name, *program.words[1:2]) in _RUNNERS:
        return _rest(program, 2, frozenset({"--"}))
    if name in _LAUNCHERS:
        rest = _rest(program, 1, _LAUNCHERS[name])
        return _with_assignments(rest) if name == "env" else rest
    return None


def _rest(program: Program, at: int, options: frozenset[str]) -> Program | None:
    words = program.words
    while at < len(words) and words[at] in options:
        at += 1
    if at == len(words) or words[at].startswith("-"):
        return None
    return replace(program, words=words[at:])


def _with_assignments(program: Program | None) -> Program | None:
    """``env NAME=value … program``."""
    if program is None:
        return None
    assigned: dict[str, str | None] = {}
    for at, word in enumerate(program.words):
        name, equals, value = word.partition("=")
        if not equals:
            variables = {**program.variables, **assigned}
            return replace(program, words=program.words[at:], variables=variables)
        assigned[name] = value if is_readable(value) else None
    return None


def _of_shell(program: Program) -> Program | Script | None:
    words, at, is_command = program.words, 1, False
    while at < len(words) and words[at].startswith(("-", "+")):
        options = words[at]
        at += 1
        if options == "--login":
            continue
        if options in ("-o", "+o"):
            at += 1
            continue
        if not options.startswith("-") or not set(options[1:].rstrip("o")) <= _SHELL_OPTIONS:
            return Script()
        is_command |= "c" in options
        at += options.endswith("o")
    if at >= len(words):
        return None
    if not is_command:
        return Script(words[at]) if is_readable(words[at]) else Script()
    return _of_command(program, words[at], words[at + 2 :])


def _of_command(program: Program, text: str, arguments: Sequence[str]) -> Program | Script:
    if UNKNOWN in text:
        return Script()
    try:
        command = simple_command(text, program.variables, arguments)
    except NotSimple:
        return Script()
    variables = {**program.variables, **command.assigned} if command.assigned else program.variables
    return Program(command.words, variables, program.splits or command.splits)


def _of_tensorflow(program: Program) -> tuple[str, ...]:
    """The flags that the image's entrypoint gives before those of the container."""
    name, base = (
        program.variables.get(variable) or UNKNOWN for variable in ("MODEL_NAME", "MODEL_BASE_PATH")
    )
    return (
        "tensorflow_model_server",
        "--port=8500",
        "--rest_api_port=8501",
        f"--model_name={name}",
        f"--model_base_path={base}/{name}",
        *program.words[1:],
    )
