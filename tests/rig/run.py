"""One run of a rig: its own folder, its own processes, and a guard that outlives the driver."""

import fcntl
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from rig import sweep
from rig.process import Process
from rig.programs import RigError

__all__ = ["Process", "Run", "free_port", "state_home", "sweep_abandoned", "until"]

_GUARD = "guard"
_BEING_MADE_SECONDS = 60.0
_PORTS = range(20000, 32000)  # below what the kernel gives to outgoing connections


def state_home() -> Path:
    """Where runs live: never a shared temporary folder, whose cleaners take etcd's files."""
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return home / "stagingmirror" / "rig"


class Run:
    """A context manager that leaves nothing behind, also when its driver is killed."""

    def __init__(self, name: str = "run") -> None:
        runs = state_home() / "runs"
        runs.mkdir(parents=True, exist_ok=True, mode=0o700)
        sweep_abandoned(runs)
        self.folder = runs / f"{name}-{os.getpid()}-{secrets.token_hex(3)}"
        # Others sweep what nobody guards: a run gets its name only when its guard is there.
        unfinished = runs / f".{self.folder.name}"
        unfinished.mkdir(mode=0o700)
        with (unfinished / _GUARD).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", sweep.__file__, str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
                pass_fds=(lock.fileno(),),  # the kernel keeps the lock until the guard has ended
            )
            lock.write(str(self._guard.pid))
        unfinished.rename(self.folder)
        self._children: list[Process] = []

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str | None] | None = None,
        folder: Path | None = None,
        inherit: Sequence[int] = (),
    ) -> Process:
        """Start a program of this run; its output goes to `<name>.log` in the run's folder.

        `environment` is added to this process's own; a value of None takes a variable away.
        `inherit` are file descriptors that it gets too; such a process cannot be started again.
        """
        wanted = {**os.environ, **(environment or {}), sweep.MARK: str(self.folder)}
        process = Process(
            name,
            [str(word) for word in command],
            log=self.folder / f"{name}.log",
            environment={key: value for key, value in wanted.items() if value is not None},
            folder=folder or self.folder,
            inherit=inherit,
        )
        self._children.append(process)
        return process

    def stop(self) -> None:
        """End everything at once: what a run leaves is of no use to anybody."""
        sweep.sweep(self.folder)
        for child in self._children:
            child.reap()
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait(timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()


def sweep_abandoned(runs: Path) -> None:
    """Sweep runs whose guard is gone too: both were killed, or the machine went down."""
    for folder in runs.iterdir():
        if not _is_guarded(folder):
            sweep.sweep(folder)


def _is_guarded(folder: Path) -> bool:
    if folder.name.startswith("."):
        return _age(folder) < _BEING_MADE_SECONDS
    try:
        with (folder / _GUARD).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # it is being removed
        return _age(folder) < _BEING_MADE_SECONDS
    return False


def _age(folder: Path) -> float:
    with suppress(FileNotFoundError):
        return time.time() - folder.stat().st_mtime
    return 0.0


def until(
    ready: Callable[[], bool],
    *,
    within: float,
    what: str,
    processes: Sequence[Process] = (),
    every: float = 0.05,
) -> None:
    """Wait for something, but never for a program that has ended."""
    deadline = time.monotonic() + within
    while not ready():
        for process in processes:
            if not process.running:
                raise RigError(f"{process.name} ended:\n{process.log_tail()}")
        if time.monotonic() > deadline:
            words = "\n".join(process.log_tail() for process in processes)
            raise RigError(f"{what}: not within {within:.0f} s\n{words}")
        time.sleep(every)


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on, chosen at random so that two rigs starting at once differ."""
    for _ in range(100):
        port = secrets.choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
        return port
    raise RigError(f"no free port on {host}")
