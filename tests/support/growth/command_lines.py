"""Command lines of model servers, and the files that they name."""

from collections.abc import Callable, Iterator
from itertools import product

from stagingmirror.drift.serving.command_line import CommandLine, server_flags
from stagingmirror.drift.serving.words import MOST_WORDS
from support.growth.parser import KIB, OBJECT, Parser, repeated

_PROGRAMS = ("vllm serve", "tensorflow_model_server")
# One word each, as often as words are read.
_WORDS = ("--ma", "--max-model-len=1", "--hf-overrides.a.b=1", "-w", "-", "a", "--x", "$(A)", "$(")
_SHELL = ("a ", "'", '"', "\\", "$A", "${A:-", "${A:-b}", "\\\n", "#", "$", "'a'", '"$A"', "=")
_FILES = {
    "vLLM's configuration": "vllm serve a --config /f",
    "TensorFlow Serving's configuration": "tensorflow_model_server --model_config_file=/f",
}
_ONE_WORD = (
    "a",
    "$(A)",
    "://",
    "://a@",
    "token ",
    '{"a":',
    "[",
    ".",
    "9",
    "_",
    "sk-",
    "-",
    "eyJ",
    "secret",
    "bearer ",
    "://:",
)


def command_lines() -> Iterator[tuple[str, Parser]]:
    for program, text in product(_PROGRAMS, _WORDS):
        make = _many(program, text)
        yield f"arguments of {program}: {text}", Parser(make, server_flags, MOST_WORDS)
    for head, text in product(("--model=", "--hf-overrides=", "--hf-overrides."), _ONE_WORD):
        yield f"an argument of {head}{text}", Parser(_one(head, text), server_flags, 128 * KIB)
    for text in _SHELL:
        yield f"a shell's command of {text!r}", _parser(_shell(text))
    for name, text in product(_FILES, ("a: 1\n", "[", "a {", "a: {} ", '"', "- ", "? ", "&a ")):
        yield f"{name} of {text!r}", Parser(_file(_FILES[name], text), server_flags, 16 * KIB)
    for text in ("/", ":", "@", "a:", "9.", "v1.1.1"):
        yield f"a server's image of {text}", _parser(_image(text))


def _parser(make: Callable[[int], CommandLine]) -> Parser:
    return Parser(make, server_flags, OBJECT)


def _many(program: str, text: str) -> Callable[[int], CommandLine]:
    command = tuple(program.split())
    return lambda size: CommandLine("x", command, (text,) * (size - 2), {"A": "x" * 64})


def _one(head: str, text: str) -> Callable[[int], CommandLine]:
    make = repeated(text, head=head)
    return lambda size: CommandLine("x", ("vllm", "serve"), (make(size),), {"A": "x"})


def _shell(text: str) -> Callable[[int], CommandLine]:
    make = repeated(text, head="vllm serve ")
    return lambda size: CommandLine("x", ("sh", "-c", make(size)), (), {"A": "b c"})


def _file(command: str, text: str) -> Callable[[int], CommandLine]:
    make = repeated(text)
    return lambda size: CommandLine("x", tuple(command.split()), (), {}, {"/f": make(size)})


def _image(text: str) -> Callable[[int], CommandLine]:
    make = repeated(text)
    return lambda size: CommandLine(make(size), (), ("--a=1",), {})
