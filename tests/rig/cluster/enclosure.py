"""The namespaces a cluster lives in: a network of its own, and mounts of its own.

No port, route, firewall rule or mount of the host is touched, and two clusters run side by side
with the same addresses. Both namespaces are files in the run's folder, held by two bind mounts;
nothing is left in /run/netns, and what containers mounted is gone with the last process inside.
"""

import ctypes
import socket
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rig.cluster import forwarder
from rig.programs import RigError
from rig.run import Run

NODE_ADDRESS = "10.244.0.1"
POD_ADDRESSES = "10.244.0.0/24"
BRIDGE = "rig0"
RUNTIME = Path("/run/containerd")  # a short path: sockets have at most 107 characters
_LIMIT_SECONDS = 60
_NETWORK = 0x40000000  # CLONE_NEWNET

# Where kubelet and containerd write regardless of their settings. An empty folder of the run covers
# each, inside only; the folders themselves have to exist outside, and stay (empty): removing one
# would unmount it under another rig.
_COVERED = (
    RUNTIME,
    Path("/var/lib/kubelet"),
    Path("/var/log/containers"),
    Path("/var/lib/cni"),
)

# A bridge needs carrier, which a veth pair as its first port gives; Services need a route.
_SETUP = f"""
set -eu
mount --make-rshared /
ip link set lo up
ip link add {BRIDGE} type bridge
ip address add {NODE_ADDRESS}/24 dev {BRIDGE}
ip link add rig1 type veth peer name rig2
ip link set rig1 master {BRIDGE}
ip link set rig1 up
ip link set rig2 up
ip link set {BRIDGE} up
ip route add default via {NODE_ADDRESS} dev {BRIDGE}
sysctl -q -w net.ipv4.ip_forward=1
"""


class Enclosure:
    """A network namespace and a mount namespace of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.network = run.folder / "net"
        self.mounts = run.folder / "mnt"
        self._make()

    def _make(self) -> None:
        self.network.touch()
        covers = []
        for place in _COVERED:
            place.mkdir(parents=True, exist_ok=True)
            cover = self._run.folder / "covers" / str(place).replace("/", "-")
            cover.mkdir(parents=True)
            covers.append(f"mount --bind {cover} {place}\n")
        # A mount namespace can only be held by a file under a private mount.
        folder = str(self._run.folder)
        _do(["mount", "--bind", folder, folder])
        _do(["mount", "--make-private", folder])
        self.mounts.touch()
        _do(
            [
                *("unshare", f"--mount={self.mounts}", f"--net={self.network}"),
                *("--propagation", "private", "sh", "-c", _SETUP + "".join(covers)),
            ]
        )

    @property
    def in_network(self) -> list[str]:
        """The prefix of a command that is to run in the network, with the host's files."""
        # Not `ip netns exec`: that mounts another /sys, and a kubelet finds no cgroups there.
        return ["nsenter", f"--net={self.network}"]

    @property
    def in_node(self) -> list[str]:
        """The prefix of a command that is to see what containerd and the kubelet see."""
        return [*self.in_network, f"--mount={self.mounts}"]

    def run(self, command: Sequence[str | Path], *, timeout: float = _LIMIT_SECONDS) -> str:
        """Run a command in the network; its output."""
        return _do([*self.in_network, *map(str, command)], timeout=timeout)

    def forward(self, host: str, port: int, *, to: "Enclosure | None" = None) -> int:
        """A port that leads to `host:port` inside: of the host's 127.0.0.1, or of the node that
        another enclosure holds.
        """
        return self._forwarded(to, host, port, enter=self.in_network)

    def admit(self, port: int) -> int:
        """A port of the node that leads out, to a port of the host's 127.0.0.1."""
        return self._forwarded(self, "127.0.0.1", port, enter=[])

    def _forwarded(
        self, listens: "Enclosure | None", host: str, port: int, *, enter: Sequence[str]
    ) -> int:
        with socket.socket() if listens is None else _socket_in(listens.network) as listening:
            listening.bind(("127.0.0.1" if listens is None else NODE_ADDRESS, 0))
            listening.listen(128)
            local = int(listening.getsockname()[1])
            program = [sys.executable, "-I", "-S", forwarder.__file__, listening.fileno()]
            self._run.start(
                f"forward-{local}-{port}",
                [*enter, *map(str, [*program, host, port])],
                inherit=[listening.fileno()],
            )
        return local


def _socket_in(network: Path) -> socket.socket:
    """A socket belongs to the network in which its thread was when it was made."""
    libc = ctypes.CDLL(None, use_errno=True)

    def make() -> socket.socket:
        with network.open() as file:
            if libc.setns(file.fileno(), _NETWORK):
                raise OSError(ctypes.get_errno(), "setns")
        return socket.socket()

    # A thread of its own, which ends there: this one stays in the host's network.
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(make).result()


def make_cgroup(name: str) -> None:
    """A cgroup for the pods of one run, in every hierarchy there is."""
    top = Path("/sys/fs/cgroup")
    unified = (top / "cgroup.controllers").exists()
    for hierarchy in [top] if unified else [h for h in top.iterdir() if not h.is_symlink()]:
        folder = hierarchy / name
        folder.mkdir(exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if not unified and (folder / setting).exists():  # empty at first, and then unusable
                (folder / setting).write_text((hierarchy / setting).read_text())


def _do(command: Sequence[str], *, timeout: float = _LIMIT_SECONDS) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        raise RigError(f"{' '.join(command[:6])} … failed:\n{done.stdout}{done.stderr}")
    return done.stdout
