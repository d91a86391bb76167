"""What the machine itself has to bring for a whole cluster, and how to get it."""

import os
import platform
import shutil
import subprocess
from functools import cache
from pathlib import Path

from rig.programs import RigError, report

_INSTALL_LIMIT_SECONDS = 900
_CGROUPS = Path("/sys/fs/cgroup")
_PACKAGES = {  # a command or file that must be there: the Debian package that brings it
    "ip": "iproute2",
    "nft": "nftables",
    "conntrack": "conntrack",
    "nsenter": "util-linux",
    "mount": "mount",
    "sysctl": "procps",
    "gcc": "gcc",
    "/usr/include/stdlib.h": "libc6-dev",  # which gcc only recommends
    "pkg-config": "pkg-config",
    "/usr/include/seccomp.h": "libseccomp-dev",
}


def impediment() -> str | None:
    """Why this machine cannot run the level `cluster` at all; None if it can."""
    if platform.system() != "Linux":
        return f"the cluster level needs Linux, this is {platform.system()}"
    if os.geteuid() != 0:
        return "the cluster level needs root (network namespaces, mounts, cgroups)"
    if not _CGROUPS.is_dir():
        return "the cluster level needs cgroups mounted at /sys/fs/cgroup"
    return _refusal()


@cache
def _refusal() -> str | None:
    """Root of an unprivileged container may not make namespaces, or write cgroups."""
    probe = ["unshare", "--mount", "--net", "sh", "-c", "mount --make-rprivate /"]
    if shutil.which("unshare"):
        done = subprocess.run(probe, check=False, capture_output=True, text=True, timeout=30)
        if done.returncode:
            said = done.stderr.strip()[-200:]
            return f"the cluster level needs namespaces of its own, and here: {said}"
    if not any(os.access(each, os.W_OK) for each in (_CGROUPS, *_CGROUPS.iterdir())):
        return "the cluster level needs cgroups that may be written (/sys/fs/cgroup)"
    return None


@cache
def provide() -> None:
    """Install the system packages that are missing, where apt is there; else name them."""
    why_not = impediment()
    if why_not:
        raise RigError(why_not)
    packages = _missing()
    if not packages:
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not shutil.which("apt-get"):
        names = ", ".join(packages)
        raise RigError(f"missing system packages, here by their Debian names: {names}")
    report(f"installing system packages: {' '.join(packages)} …")
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update"], command):
        done = subprocess.run(
            step,
            env=quiet,
            check=False,
            capture_output=True,
            text=True,
            timeout=_INSTALL_LIMIT_SECONDS,
        )
    if done.returncode:
        raise RigError(f"could not install them; try: {' '.join(command)}\n{done.stderr[-2000:]}")


def _missing() -> list[str]:
    def there(need: str) -> bool:
        return Path(need).exists() if need.startswith("/") else shutil.which(need) is not None

    return [package for need, package in _PACKAGES.items() if not there(need)]
