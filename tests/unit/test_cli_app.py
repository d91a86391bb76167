import subprocess
import sys

import pytest
from typer.testing import CliRunner

from stagingmirror.cli.app import app

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

    assert told.stdout.count("kind: CustomResourceDefinition\n") == 3
    assert told.stdout.count("\n---\n") == 2
