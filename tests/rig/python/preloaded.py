"""Processes that are forked from one that has imported everything: what imports for seconds of a
processor starts at once. Each is in a session of its own, with an output of its own, as if started.

As a program it is the process that forks, on requests from a socket.
"""

import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from rig.run import Run

_LOADED_WITHIN_SECONDS = 120.0


class Forked:
    """One of them, as `rig.process.Process` is one that was started."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ends = os.pidfd_open(pid)

    @property
    def running(self) -> bool:
        return not self._has_ended(within=0.0)

    def end(self, *, grace: float) -> None:
        """SIGTERM, and SIGKILL after `grace` seconds."""
        if grace:
            self._signal(signal.SIGTERM)
            self._has_ended(within=grace)
        self._signal(signal.SIGKILL)
        assert self._has_ended(within=30.0)

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self.running:
            signal.pidfd_send_signal(self._ends, number)

    def _has_ended(self, *, within: float) -> bool:
        return bool(select.select([self._ends], [], [], within)[0])

    def __del__(self) -> None:
        os.close(self._ends)


class Preloaded:
    """The process that forks; it ends with its run."""

    def __init__(self, run: Run, program: str, *imports: str) -> None:
        """``program`` is a module with a function `main`; ``imports`` what that imports late."""
        self._ours, theirs = socket.socketpair()
        with theirs:
            descriptor = theirs.fileno()
            command = [sys.executable, "-m", __name__, str(descriptor), program, *imports]
            run.start(f"preloaded-{program}", command, inherit=[descriptor])
        self._ours.settimeout(_LOADED_WITHIN_SECONDS)
        self._answers = self._ours.makefile("r")

    def start(self, arguments: list[str], log: Path) -> Forked:
        """The program with these arguments, in this process's environment."""
        log.touch(mode=0o600)
        request = {"arguments": arguments, "log": str(log), "environment": dict(os.environ)}
        self._ours.sendall(json.dumps(request).encode() + b"\n")
        return Forked(int(self._answers.readline()))


@cache
def preloaded(run: Run, program: str, *imports: str) -> Preloaded:
    """One for all starts of a run."""
    return Preloaded(run, program, *imports)


def _serve(requests: socket.socket, program: str, *imports: str) -> None:
    main = importlib.import_module(program).main
    for each in imports:
        importlib.import_module(each)
    for line in requests.makefile("r"):
        _reap()
        pid = os.fork()
        if pid == 0:
            requests.close()
            _become(program, main, json.loads(line))
        requests.sendall(b"%d\n" % pid)


def _become(program: str, main: Callable[[], object], request: dict[str, Any]) -> None:
    """Never returns."""
    code: object = 1
    try:
        os.setsid()
        log = os.open(request["log"], os.O_WRONLY | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.update(request["environment"])
        sys.argv = [program, *request["arguments"]]
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001 - as the interpreter itself ends a program
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _reap() -> None:
    """Those that have ended; until then their ids are nobody else's."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])), *sys.argv[2:])
