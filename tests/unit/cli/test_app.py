import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stagingmirror.cli.app import app
from stagingmirror.cli.operator.run import app as operator

SLOW = ("aiohttp", "kubernetes", "pydantic", "kopf")


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_help_loads_nothing_that_only_commands_need() -> None:
    loaded = python("-c", "import sys, stagingmirror.cli.app; print(*sys.modules)").stdout.split()

    assert "typer" in loaded
    assert [name for name in SLOW if name in loaded] == []


@pytest.mark.parametrize("command", ["status", "diff", "check", "plan", "refresh", "hold", "crds"])
def test_every_command_explains_itself(command: str) -> None:
    told = CliRunner().invoke(app, [command, "--help"], prog_name="stagingmirror")

    assert told.exit_code == 0
    assert f"stagingmirror {command}" in told.stdout


def test_crds_prints_all_definitions_as_one_stream() -> None:
    told = python("-m", "stagingmirror", "crds")

    assert told.stdout.count("kind: CustomResourceDefinition\n") == 4
    assert told.stdout.count("\n---\n") == 3


@pytest.mark.parametrize(
    "given",
    [("check", "fraud", "--all"), ("check", "fraud", "-A"), ("status", "fraud", "-A")],
)
def test_a_name_and_all_of_them_contradict_each_other(given: tuple[str, ...]) -> None:
    told = CliRunner().invoke(app, given)

    assert told.exit_code == 2
    assert "error: fraud and --all" in told.stderr


def test_it_says_which_version_it_is() -> None:
    told = CliRunner().invoke(app, ["--version"])

    assert told.exit_code == 0
    assert told.stdout == f"stagingmirror {version('stagingmirror')}\n"


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    told = CliRunner().invoke(app, ["crds", "--output-dir", str(tmp_path / "file" / "below")])

    assert told.exit_code == 1
    assert told.stderr.startswith("error: --output-dir ")
    assert isinstance(told.exception, SystemExit)


@pytest.mark.parametrize("command", ["run", "crds"])
def test_what_asks_no_cluster_takes_no_options_before_it(command: str) -> None:
    told = CliRunner().invoke(app, ["-n", "ml-staging", command])

    assert told.exit_code == 2
    assert (
        told.stderr == f"error: --namespace before {command}: see stagingmirror {command} --help\n"
    )


def test_a_log_format_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    told = CliRunner().invoke(operator, ["--log-format", "yaml"])

    assert told.exit_code == 2
    assert "'yaml' is not one of 'json', 'console'" in " ".join(told.stderr.split())
