"""The operator as a process, killed (SIGKILL) after every write of a refresh of all three kinds."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.mlflow_server import MlflowServer
from rig.run import until
from support.kubernetes.kubelet import Kubelet
from support.operators.killing_proxy import KillingProxy
from support.operators.operator import OperatorProcess, World
from support.sandbox.three_kinds import ThreeKinds

pytestmark = pytest.mark.integration

REFRESH = {"schedule": "0 6 1 1 *", "settle": "0s", "timeout": "30m", "rolloutTimeout": "2m"}
MOST_LIVES = 90


@dataclass(slots=True)
class InterruptedOperators:
    """Operators one after another, each killed after a write; what they lived for in ``deaths``."""

    world: World
    kubeconfig: Path
    proxy: KillingProxy | None = None
    operator: OperatorProcess | None = None
    deaths: list[str] = field(default_factory=list)

    def kill(self) -> None:
        assert self.operator is not None
        os.kill(self.operator.pid, signal.SIGKILL)

    def counts(self, method: str, path: str, body: bytes) -> bool:
        """Writes of the refresh: its record, staging, staging's registry."""
        if method not in ("POST", "PUT", "PATCH", "DELETE") or "search" in path:
            return False
        is_ours = "stagingmirror.dev" in path or "/events" in path
        is_staging = f"/namespaces/{self.world.staging}/" in path and not is_ours
        return is_staging or b"stagingmirror.dev/record" in body or "mlflow" in path

    def log_tail(self) -> str:
        return self.operator.log[-4000:] if self.operator else ""

    def managers(self) -> set[str]:
        """Which of staging's objects we are said to manage a field of."""
        kube, space = self.world.kube, self.world.staging
        bodies = [*kube.list("apps/v1", "Deployment", space), *kube.list("v1", "ConfigMap", space)]
        return {
            body["metadata"]["name"]
            for body in bodies
            for each in body["metadata"].get("managedFields", ())
            if each["manager"] == "stagingmirror"
        }

    def start(self) -> OperatorProcess:
        """Another one; the Lease of the dead is given up for it, to wait for nothing."""
        kube, space = self.world.kube, self.world.namespace
        for lease in kube.list("coordination.k8s.io/v1", "Lease", space):
            patch = {"spec": {"holderIdentity": ""}}
            kube.patch("coordination.k8s.io/v1", "Lease", lease["metadata"]["name"], space, patch)
        self.operator = OperatorProcess(self.world.control_plane, space, self.kubeconfig)
        return self.operator


@pytest.fixture
def interrupted_operators(
    control_plane: ControlPlane,
    mlflow_production: MlflowServer,
    mlflow_staging: MlflowServer,
    tmp_path: Path,
) -> Iterator[tuple[InterruptedOperators, ThreeKinds]]:
    with World(control_plane) as world:
        done = InterruptedOperators(world, tmp_path / "kubeconfig")
        with KillingProxy(counts=done.counts, kill=done.kill) as proxy:
            done.proxy = proxy
            spec = json.loads(world.kubeconfig.read_text())
            server = proxy.before(control_plane.server, control_plane.ca_path)
            spec["clusters"][0]["cluster"] = {"server": server}
            done.kubeconfig.write_text(json.dumps(spec))
            registry = proxy.before(mlflow_staging.url)
            world.environment("production", world.production, mlflow={"url": mlflow_production.url})
            world.environment("staging", world.staging, mlflow={"url": registry})
            places = (world.production, world.staging)
            kinds = ThreeKinds(
                world.kube,
                *places,
                (mlflow_production, mlflow_staging),
                lambda track: world.kube.apply(
                    world.mirror_body(track=track, refresh=REFRESH), manager="user"
                ),
            )
            with Kubelet(world.kube, places):
                kinds.begin()
                yield done, kinds
                sys.stderr.write(done.log_tail())
                if done.operator is not None:
                    done.operator.kill()


def all_drifted(status: dict[str, Any]) -> bool:
    verdicts = [each["verdict"] for each in status.get("components", ())]
    return verdicts == ["Drifted"] * 3


def test_killed_after_every_write_the_end_is_the_same(
    interrupted_operators: tuple[InterruptedOperators, ThreeKinds],
) -> None:
    done, kinds = interrupted_operators
    in_sync(done)
    before = kinds.rollouts()
    kinds.produce()

    ended = refreshed_dying(done)

    assert ended["result"] == "Succeeded", (ended, done.deaths)
    assert kinds.seen() == kinds.wanted()
    assert since(before, kinds.rollouts()) == {"server": 1, "trainer": 1}
    assert len(done.deaths) > 20, done.deaths


def test_killed_after_every_write_of_the_way_back_staging_is_as_it_was(
    interrupted_operators: tuple[InterruptedOperators, ThreeKinds],
) -> None:
    done, kinds = interrupted_operators
    in_sync(done)
    before, rollouts = kinds.seen(), kinds.rollouts()
    kinds.repository = "registry.example/never-ready"
    kinds.track()
    kinds.produce()

    ended = refreshed_dying(done)

    assert (ended["result"], ended["reason"]) == ("RolledBack", "ImagePullBackOff"), ended
    # The copy stays, named by nothing; the loader ran again with the former value.
    left = {"versions": before["versions"] + 1, "jobs": before["jobs"] + 2}
    assert kinds.seen() == {**before, **left}
    assert since(rollouts, kinds.rollouts()) == {"server": 2, "trainer": 2}
    assert done.managers() == set(), "fields are not given back to their owners"
    assert len(done.deaths) > 30, done.deaths


def in_sync(done: InterruptedOperators) -> None:
    """An operator that has seen both sides alike."""
    done.start()
    done.world.until(lambda status: status.get("seen") == "3/3", within=60)


def since(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after}


def refreshed_dying(done: InterruptedOperators) -> dict[str, Any]:
    """Asked for, and each operator killed after a write of it; the entry of its end."""
    world, proxy = done.world, done.proxy
    assert proxy is not None
    world.until(all_drifted, within=90)
    world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "now"}}})
    repeated = 0
    proxy.allow(1)
    for _ in range(MOST_LIVES):
        try:
            until(
                lambda: proxy.killed.is_set() or bool(world.status().get("refreshes")),
                within=90,
                what="neither an end nor a write",
            )
        except Exception as error:
            error.add_note("\n".join([*proxy.writes[-9:], done.log_tail()]))
            raise
        if world.status().get("refreshes"):
            break
        last = proxy.writes[-1]
        is_record = "refresh-" in last
        repeated = repeated + 1 if last in done.deaths and not is_record else 0
        done.deaths.append(last)
        proxy.allow(2 + repeated)  # the stamp, then one more
        done.start()
    ended: dict[str, Any] = world.status()["refreshes"][0]
    return ended
