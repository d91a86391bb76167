"""A rig with a name that stays up after the command that started it.

A process in the background is its driver; a file per name says where it is, and a log what it does.
"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rig import sweep
from rig.cluster.cluster import Cluster
from rig.control_plane import ControlPlane
from rig.kubernetes import Kubernetes
from rig.programs import RigError
from rig.run import state_home

_MODULE = "rig.keeper"  # `__name__` is another one under `-m`
_STOP_LIMIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A named rig: `kubeconfig` is empty until it is ready, `network` unless it is a cluster."""

    name: str
    level: str
    pid: int
    kubeconfig: str = ""
    network: str = ""

    @property
    def alive(self) -> bool:
        """Whether its keeper still runs: the same process, not another with its number."""
        return sweep.runs_as(self.pid, _MODULE, self.name)

    def write(self) -> None:
        file = _file(self.name)
        unfinished = file.with_suffix(".tmp")
        unfinished.write_text(json.dumps(asdict(self)))
        unfinished.replace(file)


def _file(name: str) -> Path:
    return _folder() / f"{name}.json"


def _folder() -> Path:
    folder = state_home() / "kept"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def log_of(name: str) -> Path:
    """The output of the keeper of a rig."""
    return _folder() / f"{name}.log"


def find(name: str) -> Kept | None:
    """The rig of this name if it is up; what a dead keeper left is forgotten."""
    try:
        kept = Kept(**json.loads(_file(name).read_text()))
    except FileNotFoundError:
        return None
    if not kept.alive:
        _file(name).unlink(missing_ok=True)
        return None
    return kept


def everything() -> list[Kept]:
    """All rigs that are up."""
    found = (find(file.stem) for file in sorted(_folder().glob("*.json")))
    return [kept for kept in found if kept]


def start(name: str, level: str) -> subprocess.Popen[bytes]:
    """Start a keeper that outlives this process."""
    with log_of(name).open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", _MODULE, name, level],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    Kept(name, level, keeper.pid).write()
    return keeper


def give_up(name: str, keeper: "subprocess.Popen[bytes]") -> None:
    """End a rig that is being started. Its process is known by its handle: one that has just been
    started shows no command for a moment, and looks like none of ours.
    """
    keeper.terminate()
    try:
        keeper.wait(timeout=_STOP_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
    _file(name).unlink(missing_ok=True)
    log_of(name).unlink(missing_ok=True)


def stop(kept: Kept) -> None:
    """End a rig and wait until it is gone; a keeper that hangs is killed, and its guard sweeps."""
    deadline = time.monotonic() + _STOP_LIMIT_SECONDS
    os.kill(kept.pid, signal.SIGTERM)
    while kept.alive:
        if time.monotonic() > deadline:
            os.kill(kept.pid, signal.SIGKILL)
        time.sleep(0.05)
    _file(kept.name).unlink(missing_ok=True)
    log_of(kept.name).unlink(missing_ok=True)


def _keep(name: str, level: str) -> int:
    def leave(_number: int, _frame: object) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)
    levels: dict[str, type[ControlPlane | Cluster]] = {
        "control-plane": ControlPlane,
        "cluster": Cluster,
    }
    try:
        with levels[level](name) as rig:
            Kept(name, level, os.getpid(), str(rig.kubeconfig), _network(rig)).write()
            while True:
                signal.pause()
    except RigError as error:
        print(f"error: {error}", flush=True)
        return 1
    finally:
        _file(name).unlink(missing_ok=True)


def _network(rig: Kubernetes) -> str:
    return str(rig.enclosure.network) if isinstance(rig, Cluster) else ""


if __name__ == "__main__":
    sys.exit(_keep(sys.argv[1], sys.argv[2]))
