"""What reaches the terminal."""

import pytest
from rich.text import Text

from stagingmirror.cli.commands.options import fail, mirror_name, show
from stagingmirror.cli.screens.text import columns

STEERING = ["\x1b[2J", "\x9b2J", "\x7f", "\x85", "\r", "\x07", "\u202e", "\u2066", "\u3164"]


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


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("fraud", "fraud"),
        ("smir/fraud", "fraud"),
        ("StagingMirror/fraud", "fraud"),
        ("stagingmirror.stagingmirror.dev/fraud", "fraud"),
        ("stagingmirrors.v1alpha1.stagingmirror.dev/fraud", "fraud"),
        ("ml-staging/fraud", "ml-staging/fraud"),
    ],
)
def test_a_mirror_is_named_as_kubectl_prints_it_or_with_its_namespace(
    given: str, name: str
) -> None:
    assert mirror_name(given) == name


@pytest.mark.parametrize("width", [60, 80])
def test_on_a_terminal_no_word_is_cut_and_no_line_is_longer(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    sentence = "production runs version 12, staging runs version 11, " * 4
    rows = [["✗", "fraud-model", "modelAlias", sentence], ["✓", "b", "setting", "2026-11-21"]]

    show([Text(f"fraud is NOT in sync: {sentence}"), Text(""), *columns(rows, indent="  ")])

    told = capsys.readouterr().out
    words = {*sentence.split(), "fraud", "is", "NOT", "in", "sync:", "b", "setting", "2026-11-21"}
    assert set(told.split()) - {"✗", "✓", "fraud-model", "modelAlias"} == words
    assert max(map(len, told.splitlines())) <= width
    assert any(line.startswith("  ✓  b            setting     2026") for line in told.splitlines())


def test_elsewhere_lines_are_as_long_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    show("word " * 100)

    assert capsys.readouterr().out.count("\n") == 1
