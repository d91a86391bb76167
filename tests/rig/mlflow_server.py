"""Real MLflow servers, each with a folder of its own: SQLite for metadata, files for artifacts.

Clients reach artifacts through the server (`--serve-artifacts`), as they do where a store is not
shared.
"""

import base64
import os
import secrets
import shutil
import sqlite3
import sys
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from rig.programs import cache_home
from rig.python.environment import PythonEnvironment
from rig.run import Run, free_port
from rig.stores.server import Server

OUTSIDE = ("MLFLOW_", "DATABRICKS_")
"""Variables of a developer's own MLflow start so."""
_PROGRAM = "from mlflow.cli import cli; cli(prog_name='mlflow')"


class MlflowServer(Server):
    """`password` turns basic authentication on, for the administrator `admin`. `enter` is a command
    prefix that puts the server elsewhere (into a network namespace); its health is then polled at
    `probe`. `release`: another one than that of these tests.
    """

    username = "admin"
    ready_within = 120.0

    def __init__(
        self,
        name: str = "mlflow",
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        password: str | None = None,
        run: Run | None = None,
        enter: Sequence[str] = (),
        probe: str | None = None,
        wait: bool = True,
        registry: Path | None = None,
        allowed_hosts: str | None = "*",
        options: Sequence[str] = (),
        release: PythonEnvironment | None = None,
    ) -> None:
        super().__init__(f"mlflow-{name}", run=run)
        self.password = password
        self.folder = self._run.folder / self.name
        self.folder.mkdir()
        self.url = f"http://{host}:{port or free_port()}"
        self.probe = probe or self.url
        self.artifacts.mkdir()
        self._database = self.folder / "mlflow.db"
        self._registry = registry
        self._allowed_hosts = allowed_hosts
        self._options = options
        self.release = release
        self._template = _template(release.version if release else version("mlflow"))
        if self._template.exists():
            shutil.copy(self._template, self._database)
        self._process = self._run.start(
            self.name,
            [*enter, *self._command(host, int(self.url.rpartition(":")[2]))],
            environment=self._environment(),
            folder=self.folder,
        )
        if wait:
            self.await_ready()

    def _command(self, host: str, port: int) -> list[str]:
        python = str(self.release.python()) if self.release else sys.executable
        return [
            *(python, "-c", _PROGRAM, "server", f"--host={host}", f"--port={port}"),
            *(f"--backend-store-uri=sqlite:///{self._database}", "--workers=1"),
            *("--serve-artifacts", f"--artifacts-destination={self.artifacts}"),
            *((f"--registry-store-uri=sqlite:///{self._registry}",) if self._registry else ()),
            *(() if self.release else self._of_browsers()),
            *self._options,
            *(("--app-name=basic-auth",) if self.password else ()),
        ]

    def _of_browsers(self) -> list[str]:
        hosts = [f"--allowed-hosts={self._allowed_hosts}"] if self._allowed_hosts else []
        return [*hosts, "--cors-allowed-origins=*"]

    def _environment(self) -> dict[str, str | None]:
        # What a developer's shell says about their own MLflow must not reach this one.
        environment: dict[str, str | None] = {
            **{key: None for key in os.environ if key.startswith(OUTSIDE)},
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
            "PYTHONUNBUFFERED": "1",
        }
        if self.password:
            settings = self.folder / "auth.ini"
            settings.write_text(
                "[mlflow]\ndefault_permission = NO_PERMISSIONS\n"
                f"database_uri = sqlite:///{self.folder / 'auth.db'}\nadmin_username = admin\n"
                f"admin_password = {self.password}\n"
                "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
            )
            environment["MLFLOW_AUTH_CONFIG_PATH"] = str(settings)
            environment["MLFLOW_FLASK_SERVER_SECRET_KEY"] = secrets.token_hex(16)
        return environment

    def await_ready(self) -> None:
        super().await_ready()
        if not self._template.exists():
            _keep(self._database, self._template)

    @property
    def database(self) -> Path:
        return self._database

    def _answers(self) -> bool:
        """On /health."""
        request = urllib.request.Request(f"{self.probe}/health", headers=self.headers)
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    @property
    def headers(self) -> dict[str, str]:
        """What a request has to carry."""
        if not self.password:
            return {}
        pair = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    @property
    def artifacts(self) -> Path:
        """Where model bytes lie: for tests that change them behind the server's back."""
        return self.folder / "artifacts"

    def stop(self, *, grace: float = 3.0) -> None:
        super().stop(grace=grace)


def _template(release: str) -> Path:
    """An empty database of this release: creating its tables takes 5 s of a first start's 11."""
    return cache_home() / f"mlflow-{release}.db"


def _keep(database: Path, template: Path) -> None:
    unfinished = template.with_suffix(f".{os.getpid()}")
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(unfinished)) as copy:
        source.backup(copy)
    unfinished.replace(template)
