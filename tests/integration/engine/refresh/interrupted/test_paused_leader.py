"""An operator that does not lead any more, in mid-refresh: stopped (SIGSTOP) past its Lease, or in
this process.
"""

import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.run import until
from stagingmirror.engine.refresh.start.state import RefreshState
from support.kubernetes.kubelet import Kubelet
from support.kubernetes.workloads import deployment
from support.operators.killing_proxy import KillingProxy
from support.operators.operator import OperatorProcess, World
from support.sandbox.image_refreshes import (
    NEW,
    OLD,
    image_of,
    live,
    states,
    until_all_drifted,
    watched,
)
from support.sandbox.sandbox import Sandbox
from support.sandbox.setup import a_sandbox

pytestmark = pytest.mark.integration

Object = dict[str, Any]
REFRESH = {"schedule": "0 6 1 1 *", "settle": "0s"}
NAMES = ("one", "two")


@dataclass(slots=True)
class Two:
    """The ``old`` leader behind a proxy that stops it after its first write of staging, before it
    has heard the answer; and the other.
    """

    world: World
    old: OperatorProcess | None = None
    writes: list[str] = field(default_factory=list)
    """Everything that the old one wrote, or tried to."""

    def stop(self) -> None:
        assert self.old is not None
        self.old.pause()

    def hear(self, method: str, path: str, body: bytes) -> bool:
        is_review = "selfsubject" in path
        if method in ("GET", "HEAD") or is_review:
            return False
        self.writes.append(f"{method} {path}")
        return f"/namespaces/{self.world.staging}/deployments/" in path

    def image(self, name: str) -> str:
        return image_of(self.world.kube.get("apps/v1", "Deployment", name, self.world.staging))

    def everything(self) -> Object:
        """Version, generation and managers of whatever an operator could have changed."""
        world, found = self.world, {}
        kinds = [
            ("apps/v1", "Deployment", world.staging),
            ("apps/v1", "ReplicaSet", world.staging),
            ("stagingmirror.dev/v1alpha1", "StagingMirror", world.staging),
            ("v1", "ConfigMap", world.namespace),
        ]
        for api, kind, space in kinds:
            for body in world.kube.list(api, kind, space):
                metadata = body["metadata"]
                managers = [entry["manager"] for entry in metadata.get("managedFields", ())]
                told = (metadata["resourceVersion"], metadata.get("generation"), managers)
                found[f"{kind} {metadata['name']}"] = told
        return found

    def until_still(self) -> Object:
        """Everything, once it was the same for three seconds."""
        seen, since = self.everything(), time.monotonic()
        end = since + 30
        while time.monotonic() - since < 3:
            assert time.monotonic() < end, seen
            time.sleep(0.2)
            now = self.everything()
            if now != seen:
                seen, since = now, time.monotonic()
        return seen


@pytest.fixture
def two(control_plane: ControlPlane, tmp_path: Path) -> Iterator[tuple[Two, KillingProxy]]:
    with World(control_plane) as world:
        made = Two(world)
        spaces = (world.production, world.staging)
        with KillingProxy(counts=made.hear, kill=made.stop) as proxy, Kubelet(world.kube, spaces):
            config = json.loads(world.kubeconfig.read_text())
            server = proxy.before(control_plane.server, control_plane.ca_path)
            config["clusters"][0]["cluster"] = {"server": server}
            kubeconfig = tmp_path / "kubeconfig"
            kubeconfig.write_text(json.dumps(config))
            with OperatorProcess(control_plane, world.namespace, kubeconfig) as made.old:
                made.old.until_leading()
                yield made, proxy


def drifted(world: World) -> None:
    """Two Deployments behind production; looks and heartbeats are rare."""
    track = []
    for name in NAMES:
        ours = deployment(name, world.staging, OLD)
        world.kube.apply(deployment(name, world.production, NEW), ours, manager="owner")
        place = {"kind": "Deployment", "name": name, "container": "app"}
        track.append({"name": name, "pipelineImage": {"production": place}})
    world.mirror(track=track, refresh=REFRESH, checkInterval="50s", staleAfter="150s")
    until_all_drifted(world)


def test_a_leader_that_wakes_up_after_another_ended_its_refresh_changes_nothing(
    two: tuple[Two, KillingProxy],
) -> None:
    made, proxy = two
    world, old = made.world, made.old
    assert old is not None
    drifted(world)
    with world.operator() as other:
        other.until('"started"')
        proxy.allow(1)
        world.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "now"}}})
        until(proxy.killed.is_set, within=30, what="the old leader wrote nothing of staging")
        assert sorted(made.image(name) for name in NAMES) == [OLD, NEW]

        other.until_leading(within=40)
        status = world.until(lambda status: status.get("refreshes"), within=60)
        assert status["refreshes"][0]["result"] == "Succeeded", status["refreshes"]
        assert [made.image(name) for name in NAMES] == [NEW, NEW]
        before = made.until_still()
        made.writes.clear()
        proxy.allow(1000)  # whatever the old one writes now arrives

        old.resume()

        until(lambda: not old.running, within=40, what="the old leader does not end")
        assert "the Lease is lost" in old.log
        time.sleep(1)
        assert made.everything() == before
        assert [each for each in made.writes if "/leases/" not in each] == []
        assert other.running


@pytest.fixture
async def sandbox(control_plane: Any) -> AsyncIterator[Sandbox]:
    async with a_sandbox(control_plane) as sandbox:
        with Kubelet(sandbox.kube, (sandbox.production, sandbox.staging)):
            yield sandbox


async def test_a_process_that_does_not_lead_any_more_writes_nothing(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD)
    sandbox.ask("now")
    await sandbox.until(lambda p: states(p) == ["Pending"])
    sandbox.leading = False
    before = live(sandbox)["metadata"]["resourceVersion"]
    record = sandbox.record()

    for _ in range(3):
        await sandbox.step()

    assert live(sandbox)["metadata"]["resourceVersion"] == before
    assert sandbox.record() == record


async def test_an_old_leader_that_wakes_up_meets_the_new_ones_record(sandbox: Sandbox) -> None:
    await watched(sandbox, NEW, OLD)
    sandbox.ask("now")
    await sandbox.until(lambda p: states(p) == ["Pending"])
    old, context = sandbox.refresher, await sandbox.context()
    sandbox.operator()
    await sandbox.step()
    generation = live(sandbox)["metadata"]["generation"]
    assert old is not None

    progress = await old.advance(context, RefreshState())

    assert progress.waiting is not None
    assert live(sandbox)["metadata"]["generation"] == generation
    assert (await sandbox.run())["result"] == "Succeeded"
