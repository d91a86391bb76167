"""Ends everything that belongs to one run of a rig, however it ended.

Every process of a run carries the run's folder in its environment, so it is found without a list
that could be out of date, and a process id that was given to somebody else in the meantime never
matches.

The file is also a program: the guard of a run. It waits until its driver closes a pipe, which the
kernel does when the driver dies, and then sweeps. It uses the standard library only, and starts
without `site`.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "STAGINGMIRROR_RIG_RUN"
CGROUPS = Path("/sys/fs/cgroup")
_LAZY = 2  # MNT_DETACH
_ENDED_WITHIN_SECONDS = 10.0


def sweep(run: Path) -> None:
    """Leave nothing: processes, containers, mounts, namespaces, cgroups, the folder."""
    _end_processes(run)
    _end_cgroups(run)
    _unmount(run)
    shutil.rmtree(run, ignore_errors=True)


def processes(run: Path) -> set[int]:
    """The processes of a run: those that carry its mark, and all their descendants."""
    mark = f"{MARK}={run}"
    parents: dict[int, int] = {}
    found: set[int] = set()
    for pid, parent, environment in _all_processes():
        parents[pid] = parent
        if mark in environment:
            found.add(pid)
    more = found
    while more:
        more = {pid for pid, parent in parents.items() if parent in more} - found
        found |= more
    return found - {os.getpid()}


def _all_processes() -> Iterator[tuple[int, int, list[str]]]:
    if not Path("/proc/self/environ").exists():
        yield from _all_processes_by_ps()
        return
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            environment = (entry / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it has ended, or is another user's
            continue
        if stat[0] != "Z":
            yield int(entry.name), int(stat[1]), environment


def _all_processes_by_ps() -> Iterator[tuple[int, int, list[str]]]:
    listed = subprocess.run(
        ["ps", "axeww", "-o", "pid=,ppid=,command="],
        check=True,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=30,
    )
    for line in listed.stdout.splitlines():
        pid, parent, *words = line.split()
        yield int(pid), int(parent), words


def runs_as(pid: int, *words: str) -> bool:
    """Whether this process runs, and with all these words in its command: ids are given again."""
    command = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self/cmdline").exists():
        try:
            there = command.read_text().split("\0")
        except OSError:
            return False
    else:
        listing = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        shown = subprocess.run(listing, check=False, capture_output=True, text=True, timeout=30)
        there = shown.stdout.split()
    return all(word in there for word in words)


def _end_processes(run: Path) -> None:
    deadline = time.monotonic() + _ENDED_WITHIN_SECONDS
    while (left := processes(run)) and time.monotonic() < deadline:
        for pid in left:
            end(pid)
        time.sleep(0.02)


def end(pid: int) -> None:
    """Kill one process; that it is gone already is as good."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def cgroup_of(run: Path) -> str:
    """A run's own cgroup for its pods: in a shared one, kubelets end each other's pods."""
    return f"stagingmirror-{run.name}"


def _end_cgroups(run: Path) -> None:
    tops = [top for top in (CGROUPS, *CGROUPS.glob("*")) if (top / cgroup_of(run)).is_dir()]
    for top in tops:
        folders = [Path(folder) for folder, _, _ in os.walk(top / cgroup_of(run), topdown=False)]
        deadline = time.monotonic() + _ENDED_WITHIN_SECONDS
        for folder in folders:
            while time.monotonic() < deadline:
                try:
                    for pid in (folder / "cgroup.procs").read_text().split():
                        end(int(pid))
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:  # its processes are still ending
                    time.sleep(0.02)


def _unmount(run: Path) -> None:
    mounts = Path("/proc/self/mountinfo")
    if not mounts.exists():
        return
    lines = mounts.read_text().splitlines()
    places = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    libc = ctypes.CDLL(None, use_errno=True)
    ours = (place for place in places if place == str(run) or place.startswith(f"{run}/"))
    for place in sorted(ours, reverse=True):  # what lies deeper first
        libc.umount2(place.encode(), _LAZY)


def _guard(run: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    if run.exists():
        sweep(run)


if __name__ == "__main__":
    _guard(Path(sys.argv[1]))
