"""Tests of one xdist group share what is started for a module, or for the run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

_MARKED = """
import pytest
@pytest.mark.xdist_group('together')
@pytest.mark.parametrize("number", range(6))
def test_marked(number): ...
"""
_ASKING = """
import pytest
@pytest.fixture(scope="session")
def mlflow_auth(): ...
@pytest.mark.parametrize("number", range(6))
def test_asking(number, mlflow_auth): ...
"""


@pytest.mark.parametrize("text", [_MARKED, _ASKING], ids=["marked", "by its server"])
def test_a_group_runs_on_one_worker(tmp_path: Path, text: str) -> None:
    """Releases of pytest and of xdist that do not fit together distribute it, and say nothing."""
    (tmp_path / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadgroup"]

    done = subprocess.run(
        [*command, "-p", "support.operators.rigs", f"--rootdir={tmp_path}", str(tmp_path)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )

    workers = re.findall(r"^\[(gw\d)\].* PASSED", done.stdout, re.MULTILINE)
    assert len(workers) == 6
    assert len(set(workers)) == 1
