"""Operators to whom something happens right after a write of theirs was let through: they are
killed (SIGKILL), one after another, or somebody else writes first.
"""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.operators.killing_proxy import KillingProxy
from support.operators.operator import OperatorProcess, World

Counts = Callable[[str, str, bytes], bool]


@dataclass(slots=True)
class InterruptedOperators:
    world: World
    kubeconfig: Path
    proxy: KillingProxy
    operator: OperatorProcess | None = None

    def start(self, writes: int | None = None) -> OperatorProcess:
        """Another one, killed after so many counted writes; None: never. The Lease of the dead is
        given up for it, to wait for nothing.
        """
        kube, space = self.world.kube, self.world.namespace
        for lease in kube.list("coordination.k8s.io/v1", "Lease", space):
            patch = {"spec": {"holderIdentity": ""}}
            kube.patch("coordination.k8s.io/v1", "Lease", lease["metadata"]["name"], space, patch)
        self.proxy.allow(10**9 if writes is None else writes)
        self.operator = OperatorProcess(self.world.control_plane, space, self.kubeconfig)
        return self.operator

    def kill(self) -> None:
        assert self.operator is not None
        os.kill(self.operator.pid, signal.SIGKILL)

    def log_tail(self) -> str:
        return self.operator.log[-4000:] if self.operator else ""


@contextmanager
def interrupted_operators(
    world: World, folder: Path, *, counts: Counts
) -> Iterator[InterruptedOperators]:
    """``counts`` tells which writes to the API server (method, path, body) are counted."""
    killed: list[InterruptedOperators] = []
    with KillingProxy(counts=counts, kill=lambda: killed[0].kill()) as proxy:
        done = InterruptedOperators(world, folder / "kubeconfig", proxy)
        killed.append(done)
        _lead_through(proxy, world, done.kubeconfig)
        try:
            yield done
        finally:
            if done.operator is not None:
                done.operator.kill()


@contextmanager
def meddled_with(
    world: World, folder: Path, *, after: Counts, meddle: Callable[[], None]
) -> Iterator[OperatorProcess]:
    """An operator that hears of its first write of this sort only when ``meddle`` is done."""
    done: list[str] = []

    def counts(method: str, path: str, body: bytes) -> bool:
        return not done and after(method, path, body)

    def first() -> None:
        done.append("meddled")
        meddle()

    with KillingProxy(counts=counts, kill=first) as proxy:
        proxy.allow(1)
        kubeconfig = _lead_through(proxy, world, folder / "kubeconfig")
        with OperatorProcess(world.control_plane, world.namespace, kubeconfig) as operator:
            operator.until_leading()
            yield operator


def _lead_through(proxy: KillingProxy, world: World, kubeconfig: Path) -> Path:
    """Write the world's kubeconfig with the proxy's address in it."""
    spec, plane = json.loads(world.kubeconfig.read_text()), world.control_plane
    spec["clusters"][0]["cluster"] = {"server": proxy.before(plane.server, plane.ca_path)}
    kubeconfig.write_text(json.dumps(spec))
    return kubeconfig
