"""Users and callers read the words of the field: `support.words` lists the others."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer

from stagingmirror.cli.app import app
from stagingmirror.cli.operator.run import app as operator
from support.words import in_messages, in_names, in_text

ROOT = Path(__file__).parents[2]
PRODUCT = ROOT / "operator" / "stagingmirror"
DOCUMENTS = ["*.md", "crds/*.yaml", "examples/*", "helm/stagingmirror/*", "pyproject.toml"]
GENERATED = "helm/stagingmirror/charts/crds/crds/"
"""A copy of crds/, which is searched."""

# File -> phrases that may stay there, each with the reason.
_RENAMED = "the left column of the table of renames"
ALLOWED: dict[str, dict[str, str]] = {
    "CHANGELOG.md": {
        "`PutBack`": _RENAMED,
        "`PutBackIncomplete`": _RENAMED,
        "`NotPutBack`": _RENAMED,
        "| put back |": _RENAMED,
        "docs/what-it-tells.md": _RENAMED,
    }
}


def tracked(*patterns: str) -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def without_allowed(path: str, text: str) -> str:
    for phrase in ALLOWED.get(path, {}):
        text = text.replace(phrase, "")
    return text


@cache
def offences() -> tuple[tuple[str, str], ...]:
    """Path, and line with word, of each that is not allowed."""
    return tuple(_offences())


def _offences() -> Iterator[tuple[str, str]]:
    for path in tracked(*DOCUMENTS):
        if not path.startswith(GENERATED):
            for found in in_text(without_allowed(path, (ROOT / path).read_text())):
                yield path, str(found)
    for path in tracked("operator/*.py"):
        source = without_allowed(path, (ROOT / path).read_text())
        for found in [*in_messages(source), *in_names(source, Path(path).stem)]:
            yield path, str(found)


def help_of(command: Any, name: str) -> Iterator[tuple[str, str]]:
    """Of a command of typer's, its options, and what is below it: name, text."""
    yield name, command.help or ""
    yield from ((name, getattr(each, "help", None) or "") for each in command.params)
    for below, each in getattr(command, "commands", {}).items():
        yield from help_of(each, f"{name} {below}")


def test_documents_messages_and_public_names_use_the_words_of_the_field() -> None:
    found = [f"{path}:{text}" for path, text in offences()]

    assert found == []


def test_the_help_of_each_command_uses_the_words_of_the_field() -> None:
    helps = [
        *help_of(typer.main.get_command(app), "stagingmirror"),
        *help_of(typer.main.get_command(operator), "stagingmirror run"),
    ]

    found = [f"{name}: {each}" for name, text in helps for each in in_text(text)]

    assert len(helps) > 50
    assert found == []


def test_an_allowed_phrase_is_still_there() -> None:
    gone = [
        f"{path}: {phrase}"
        for path, phrases in ALLOWED.items()
        for phrase in phrases
        if phrase not in (ROOT / path).read_text()
    ]

    assert gone == []


def test_the_list_is_found_in_documents_strings_and_names_and_not_inside_other_words() -> None:
    module = '"""It tells."""\nclass Told: ...\ndef _asked(): ...\ndef f(look): return f"{1} told"'

    assert [each.word for each in in_text("It Tells a reminder; ask its owner.\nPutBack")] == [
        "Tells",
        "PutBack",
    ]
    assert [each.word for each in in_messages(module)] == ["told"]
    assert [each.word for each in in_names(module, "told")] == ["told", "Told", "look"]
