"""Command lines as the servers' own parsers and a real shell read them."""

import shlex
import subprocess
from collections.abc import Sequence
from typing import Any

import click
import pytest
from gunicorn.config import Config
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.main import main as uvicorn_command

from stagingmirror.drift.serving.command_line import ServerFlags, server_flags
from stagingmirror.drift.serving.flags import Flag, Table
from stagingmirror.drift.serving.servers import (
    gunicorn,
    huggingface,
    tfserving,
    triton,
    uvicorn,
    vllm,
)
from stagingmirror.drift.serving.shell import NotSimple, simple_command
from stagingmirror.drift.serving.words import is_readable
from support.command_lines import line

TABLES = {
    "vllm serve": vllm.TABLE,
    "tritonserver": triton.TABLE,
    "tensorflow_model_server": tfserving.TABLE,
    "python -m huggingfaceserver": huggingface.TABLE,
    "uvicorn": uvicorn.TABLE,
    "gunicorn": gunicorn.TABLE,
}
TEXTS = st.text("abc/:.-_=", min_size=1, max_size=6).filter(lambda text: text[0] not in "-:=")
NUMBERS = st.integers(1, 9999).map(str)


def server(program: str, *words: str, **variables: str | None) -> ServerFlags:
    command = (*program.split(), *words)
    return server_flags(line("x", command=command, variables=variables))


def forms(table: Table, name: str, flag: Flag, value: str) -> list[tuple[str, ...]]:
    """What a flag can look like, all of it meaning the same."""
    if flag.kind.takes in ("none", "maybe"):
        return [(name,)]
    found: list[tuple[str, ...]] = [(f"{name}={value}",)]
    if not table.needs_equals:
        found.append((name, value))
    if table.underscores_are_dashes and name.startswith("--"):
        found.append((f"{name.replace('-', '_').replace('__', '--', 1)}={value}",))
    return found


@st.composite
def equal_command_lines(draw: st.DrawFn) -> tuple[str, Sequence[str], Sequence[str]]:
    """A program, and words for it of which both mean the same."""
    program = draw(st.sampled_from(sorted(TABLES)))
    table = TABLES[program]
    flags = [
        (name, flag)
        for name, flag in table.flags.items()
        if flag.kind.keeps == "last" and not name.startswith("--no-") and flag.fact != "config"
    ]
    chosen = draw(st.lists(st.sampled_from(flags), max_size=8, unique_by=lambda each: each[1].fact))
    one: list[tuple[str, ...]] = []
    other: list[tuple[str, ...]] = []
    for name, flag in chosen:
        value = draw(NUMBERS if flag.kind.read("007") == "7" else TEXTS)
        shapes = forms(table, name, flag, value)
        one.append(draw(st.sampled_from(shapes)))
        other.append(draw(st.sampled_from(shapes)))
    return (
        program,
        [word for words in one for word in words],
        [word for words in draw(st.permutations(other)) for word in words],
    )


@given(equal_command_lines())
def test_neither_the_order_of_flags_nor_how_values_are_joined_counts(
    lines: tuple[str, Sequence[str], Sequence[str]],
) -> None:
    program, one, other = lines
    # A word of the application first, since flags of many values take all that follow.
    app = TABLES[program].positional

    first, second = (server(program, *(["a:b"] if app else []), *words) for words in (one, other))

    assert first.server == TABLES[program].server
    assert (first.facts, first.arguments) == (second.facts, second.arguments)


def of_gunicorn(words: Sequence[str], arguments: str) -> Any:
    """The settings that gunicorn itself makes of these words."""
    config = Config()
    parser = config.parser()
    for parsed in (parser.parse_args(shlex.split(arguments)), parser.parse_args(words)):
        for name, value in vars(parsed).items():
            if value is not None and name != "args":
                config.set(name, value)
    return config


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("-w4 -b :8000 -b :8001 a:b -t 5", "--workers 2 --keep-alive 7"),
        ("a:b --worker-class gthread --thr 3 --timeout=60", ""),
        ("--max-requests 10 --max-requests-jitter=2 a:b --preload --backlog 64", "-b :1"),
        ("-k gevent --graceful-timeout 9 a:b --limit-request-line 100", "-w 3"),
        ("a:b --log-file=- --no-sendfile --reuse-port", "--log-level debug --threads 2"),
    ],
)
def test_gunicorn_makes_the_same_settings_of_the_same_words(text: str, arguments: str) -> None:
    flags = server("gunicorn", *text.split(), GUNICORN_CMD_ARGS=arguments)

    real = of_gunicorn(text.split(), arguments)
    names = {"keep-alive": "keepalive", "preload": "preload_app", "error-logfile": "errorlog"}
    for fact, value in flags.facts.items():
        if fact in ("app", "bind"):
            continue
        setting = real.settings[
            names.get(fact, {"log-level": "loglevel"}.get(fact, fact.replace("-", "_")))
        ].get()
        assert str(setting).lower() == value, fact
    if "bind" in flags.facts:
        addresses = [f"{host or '0.0.0.0'}:{port}" for host, port in real.address]
        assert flags.facts["bind"] in (addresses[0], str(addresses).replace("'", '"'))


def test_every_flag_of_gunicorn_is_known_with_what_it_takes() -> None:
    for setting in Config().settings.values():
        for name in setting.cli or ():
            kind = gunicorn.TABLE.flags[name].kind
            takes_none = setting.action in ("store_true", "store_const")
            assert (kind.takes == "none") == takes_none, name
            assert (kind.keeps == "all") == (setting.action == "append"), name


def test_every_option_of_uvicorn_is_known_with_what_it_takes() -> None:
    for option in uvicorn_command.params:
        if isinstance(option, click.Option):
            for name in (*option.opts, *option.secondary_opts):
                kind = uvicorn.TABLE.flags[name].kind
                assert (kind.takes == "none") == option.is_flag, name


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("a:b --port 80 --workers 4", {"UVICORN_WORKERS": "2", "UVICORN_PORT": "81"}),
        ("a:b --no-access-log", {"UVICORN_LIMIT_CONCURRENCY": "10", "UVICORN_LOOP": "asyncio"}),
        ("--timeout-keep-alive=9 a:b", {"UVICORN_ACCESS_LOG": "0", "UVICORN_HTTP": ""}),
        ("--root-path -x a:b --factory", {"UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN": "30"}),
    ],
)
def test_uvicorn_takes_the_same_options_from_the_same_words_and_variables(
    text: str, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    context = uvicorn_command.make_context("uvicorn", text.split(), auto_envvar_prefix="UVICORN")
    flags = server("uvicorn", *text.split(), **variables)

    chosen = {
        name.replace("_", "-"): str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in context.params.items()
        if (source := context.get_parameter_source(name)) is not None
        and source.name in ("COMMANDLINE", "ENVIRONMENT")
    }
    assert flags.facts == chosen


def test_the_number_of_uvicorns_workers_comes_from_the_strongest_place() -> None:
    weak = {"WEB_CONCURRENCY": "1"}

    assert server("uvicorn", "a:b", **weak).facts["workers"] == "1"
    assert server("uvicorn", "a:b", **weak, UVICORN_WORKERS="2").facts["workers"] == "2"
    assert server("uvicorn", "a:b", "--workers=3", UVICORN_WORKERS="2").facts["workers"] == "3"
    assert server("gunicorn", "a:b", **weak).facts["workers"] == "1"
    assert server("gunicorn", "a:b", "-w", "3", **weak).facts["workers"] == "3"


VARIABLES = ("$A", "${A}", "${A:-z}", "${B:-z}", "$B", "${B}", '"$@"', "$", "A=1 ", "=", "-")
SIGNS = ("a", "b c", "'", '"', "\\", "#", " ", "\t", "\n", "~", "\\\n", "é")
SHELL = st.lists(st.sampled_from((*VARIABLES, *SIGNS)), max_size=10).map("".join)


@settings(max_examples=100)
@given(SHELL)
def test_one_simple_command_has_the_words_that_a_shell_makes_of_it(text: str) -> None:
    """`printf` stands for the program: it writes the words that it is given."""
    variables = {"A": "one  two", "B": ""}
    text = f"printf '%s\\0' {text}"

    try:
        words = simple_command(text, variables, ("x y", "z")).words
    except NotSimple:
        return
    if not all(map(is_readable, words)):
        return

    shell = subprocess.run(
        ["sh", "-c", text, "sh", "x y", "z"], env=variables, capture_output=True, check=False
    )
    assert shell.stdout.decode().split("\0")[:-1] == list(words[2:]) or words[2:] == ()


@given(st.lists(st.text("ab'\"\\ é\n$", max_size=5), min_size=1, max_size=5))
def test_words_that_are_quoted_for_a_shell_are_read_back(words: list[str]) -> None:
    assert simple_command(shlex.join(["x", *words]), {}, ()).words == ("x", *words)
