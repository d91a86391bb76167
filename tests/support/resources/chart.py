"""The chart, as helm installs and renders it."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from rig.control_plane import ControlPlane
from rig.programs import program

CHART = Path(__file__).parents[3] / "helm" / "stagingmirror"
LIMIT_SECONDS = 120


def helm(control_plane: ControlPlane, *arguments: str) -> str:
    done = subprocess.run(
        [str(program("helm")), "--kubeconfig", str(control_plane.kubeconfig), *arguments],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def render(**values: Any) -> list[dict[str, Any]]:
    done = subprocess.run(
        [str(program("helm")), "template", "mirror", str(CHART), "--values", "-"],
        input=yaml.safe_dump(values),
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise ValueError(done.stderr)
    return [item for item in yaml.safe_load_all(done.stdout) if item]
