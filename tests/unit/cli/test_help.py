"""Every command and option explains itself, in one style, with its default and its unit."""

import re
from collections.abc import Iterator
from typing import Any, Literal, get_origin

import pytest
import typer

from stagingmirror.api.types.duration import seconds
from stagingmirror.cli.app import app
from stagingmirror.cli.commands import check, hold, refresh
from stagingmirror.cli.operator.run import app as operator

UNITS = {"PORT", "NUMBER", "SECONDS"}


def commands() -> Iterator[Any]:
    for each in (app, operator):
        command: Any = typer.main.get_command(each)
        yield command
        yield from getattr(command, "commands", {}).values()


def parameters() -> Iterator[Any]:
    for command in commands():
        for each in command.params:
            yield pytest.param(each, id=f"{command.name or 'stagingmirror'} {each.opts[0]}")


def is_flag(parameter: Any) -> bool:
    return bool(getattr(parameter, "is_flag", False))


@pytest.mark.parametrize("command", list(commands()), ids=lambda each: str(each.name))
def test_every_command_says_in_a_sentence_what_it_does(command: Any) -> None:
    assert re.fullmatch(r"[A-Z].*[.?]", command.help)


@pytest.mark.parametrize("parameter", list(parameters()))
def test_every_option_has_a_sentence_and_a_name_for_its_value(parameter: Any) -> None:
    assert re.fullmatch(r"([A-Z]|-).*[^.]\.", parameter.help or ""), parameter.help
    if not is_flag(parameter) and get_origin(parameter.type_descriptor.annotation) is not Literal:
        assert re.fullmatch(r"[A-Z]+", parameter.metavar or ""), parameter.metavar


@pytest.mark.parametrize("parameter", list(parameters()))
def test_every_option_shows_its_default_or_that_it_is_required(parameter: Any) -> None:
    if is_flag(parameter):
        return
    is_shown = parameter.default not in (None, "", ()) and parameter.show_default
    is_written = re.search(r"Default: |Required\.", parameter.help or "")
    assert bool(is_shown) + bool(is_written) + bool(parameter.required) == 1


@pytest.mark.parametrize("parameter", list(parameters()))
def test_every_number_has_its_unit(parameter: Any) -> None:
    if isinstance(parameter.default, int | float) and not is_flag(parameter):
        assert parameter.metavar in UNITS
        assert re.search("second|number|port", parameter.help, re.IGNORECASE)


@pytest.mark.parametrize(
    ("command", "defaults"),
    [
        ("check", [check.SOON, check.BYTES]),
        ("refresh", [refresh.LONG]),
        ("hold", [hold.A_REFRESH]),
        ("release", [hold.SOON]),
    ],
)
def test_the_defaults_of_timeouts_are_those_that_count(command: str, defaults: list[float]) -> None:
    (found,) = [each for each in commands() if each.name == command]
    (option,) = [each for each in found.params if "--timeout" in each.opts]
    _, _, told = option.help.partition("Default: ")

    assert [seconds(each) for each in re.findall(r"\d+[a-z]+", told)] == defaults
