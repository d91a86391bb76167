"""What the kernel says of a process: its processor time and its memory."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time (s) of all threads so far, resident memory now and at most (MB)."""

    cpu: float
    resident: float
    peak: float


def usage(pid: int | str = "self") -> Usage:
    folder = Path("/proc", str(pid))
    # The name in parentheses may hold anything, so fields are counted from behind it.
    fields = (folder / "stat").read_text().rpartition(")")[2].split()
    status = dict(
        line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line
    )
    return Usage(
        cpu=(int(fields[11]) + int(fields[12])) / _TICKS,
        resident=_megabytes(status["VmRSS"]),
        peak=_megabytes(status["VmHWM"]),
    )


def forget_peak() -> None:
    """From now on the peak of this process is counted anew."""
    Path("/proc/self/clear_refs").write_text("5")


def _megabytes(kibibytes: str) -> float:
    return int(kibibytes.split()[0]) * 1024 / MEGABYTE
