"""What reaches the terminal."""

import pytest
from rich.text import Text

from stagingmirror.cli.commands.options import fail, show

STEERING = ["\x1b[2J", "\x9b2J", "\x7f", "\x85", "\r", "\x07"]


@pytest.mark.parametrize("value", STEERING)
def test_no_value_steers_the_terminal(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    show([Text(f"staging runs {value}"), f"plain {value}"])
    show(f"whole {value}")
    fail(f"refused: {value}")

    told = capsys.readouterr()
    assert value[0] not in told.out + told.err
    assert told.err == "error: refused: \ufffd" + value[1:] + "\n"


def test_newlines_tabs_and_every_alphabet_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show("a\n\tß → 渚")

    told = capsys.readouterr().out
    assert "ß → 渚" in told
    assert told.count("\n") == 2
