"""Servers of Python that cannot live beside what the tests import: each in a virtual environment of
its own, made once from pinned requirements and kept in the cache.
"""

import hashlib
import shutil
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path

from rig.programs import RigError, alone, cache_home, report

_REQUIREMENTS = Path(__file__).parents[3] / "requirements"
_LIMIT_SECONDS = 1200


@dataclass(frozen=True, slots=True)
class PythonEnvironment:
    """``requirements`` is a file of `requirements/`; ``seconds`` to make it are only shown.
    ``below``: it runs on older releases of Python only.
    """

    name: str
    version: str
    requirements: str
    seconds: int
    below: tuple[int, int] | None = None

    def impediment(self) -> str | None:
        """Why this machine's Python cannot have it, if so."""
        if self.below is None or sys.version_info < self.below:
            return None
        release = ".".join(str(each) for each in self.below)
        return f"{self.name} {self.version} needs a Python older than {release}"

    def python(self) -> Path:
        """Its interpreter; the environment is made first if the cache does not have it."""
        made = self._folder() / "venv"
        if not made.exists():
            with alone(made.parent):
                if not made.exists():
                    self._make(made)
        return made / "bin" / "python"

    def _folder(self) -> Path:
        """Named by everything that can change it."""
        digest = hashlib.sha256((_REQUIREMENTS / self.requirements).read_bytes())
        digest.update(f"{sys.version}".encode())
        return cache_home() / f"{self.name}-{digest.hexdigest()[:16]}"

    def _make(self, path: Path) -> None:
        unfinished = path.with_name(".building-venv")
        shutil.rmtree(unfinished, ignore_errors=True)
        report(f"installing {self.name} {self.version} (about {self.seconds} s, once) …")
        began = time.monotonic()
        venv.create(unfinished, symlinks=True)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip", "--python", str(unfinished / "bin" / "python")),
                *("install", "--quiet", "--disable-pip-version-check", "--no-deps"),
                *("--require-hashes", "-r", str(_REQUIREMENTS / self.requirements)),
            ],
            check=False,
            capture_output=True,
            text=True,
            timeout=_LIMIT_SECONDS,
        )
        if done.returncode:
            raise RigError(f"installing {self.name} failed:\n{done.stderr[-4000:]}")
        unfinished.replace(path)
        report(f"  done in {time.monotonic() - began:.0f} s")


# The last release before 3.0.
MLFLOW_2 = PythonEnvironment("mlflow", "2.22.5", "mlflow2.txt", 25)
FEAST = PythonEnvironment("feast", "0.67.0", "feast.txt", 25)
MLSERVER = PythonEnvironment("mlserver", "1.7.1", "mlserver.txt", 20, below=(3, 13))
ENVIRONMENTS = (MLFLOW_2, FEAST, MLSERVER)
