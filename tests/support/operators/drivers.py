"""A rig that another process drives, which may then be killed."""

import subprocess
import sys
from pathlib import Path


def started_by_another_process(script: str) -> tuple["subprocess.Popen[str]", Path]:
    """The driver, which runs the script, and its run's folder: the script prints that folder once
    what it starts is there.
    """
    driver = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    with driver.stdout as said:
        folder = said.readline().strip()
    if not folder:
        raise AssertionError(f"the driver ended with {driver.wait(timeout=60)}")
    return driver, Path(folder)
