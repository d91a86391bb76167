"""One program of a run: ended, paused and started again as it was."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO


class Process:
    """A program that runs in a session of its own, with its output in a file."""

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        log: Path,
        environment: dict[str, str],
        folder: Path,
        inherit: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._command = command
        self.log = log
        self._environment = environment
        self._folder = folder
        self._inherit = inherit
        self._popen = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        out: IO[bytes]
        with self.log.open("ab") as out:
            # A session of its own: Ctrl-C is for the driver, which then stops things in order.
            return subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self._folder,
                start_new_session=True,
                pass_fds=self._inherit,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    def start(self) -> None:
        """Start it again after `end`, with the same command."""
        assert not self.running
        self._popen = self._start()

    def end(self, *, grace: float = 5.0) -> None:
        """SIGTERM to it and its workers, and SIGKILL to what is left after `grace` seconds."""
        if grace and self.running:
            self._signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout=grace)
        self._signal(signal.SIGKILL)
        self.reap()

    def pause(self) -> None:
        """Stop answering without closing a connection: how a half-open peer looks."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def reap(self) -> None:
        self._popen.wait(timeout=30)

    def _signal(self, number: signal.Signals) -> None:
        # The group, which is its own: servers fork workers. It stays valid while a worker lives.
        with suppress(ProcessLookupError):
            os.killpg(self._popen.pid, number)

    def log_tail(self, characters: int = 2000) -> str:
        return self.log.read_text(errors="replace")[-characters:] if self.log.exists() else ""
