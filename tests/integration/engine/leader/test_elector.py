"""One writer among the replicas, on a real API server."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.engine.leader.elector import Elector
from stagingmirror.engine.leader.lease import SETTLED_AT, Settled, stamp
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from support.kubernetes.relay import Relay
from support.operators.waiting import holds

pytestmark = pytest.mark.integration

QUICK = Settings(lease_duration=4.0, lease_renew_deadline=2.4, lease_retry=0.2)
LONG = Settings(lease_duration=60.0, lease_renew_deadline=40.0, lease_retry=0.2)


class Replica:
    """An elector that runs, with the times at which it lost."""

    def __init__(self, client: KubernetesClient, namespace: str, settings: Settings) -> None:
        self.losses: list[float] = []
        self.elector = Elector(
            client,
            namespace=namespace,
            identity="replica",
            settings=settings,
            lost=lambda: self.losses.append(time.monotonic()),
        )
        self.task = asyncio.create_task(self.elector.run())

    async def leads(self, *, within: float = 30) -> None:
        async with asyncio.timeout(within):
            await self.elector.acquired()

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@asynccontextmanager
async def replica(
    kubeconfig: Path, namespace: str, settings: Settings = QUICK
) -> AsyncIterator[Replica]:
    async with await KubernetesClient.connect(kubeconfig=str(kubeconfig), timeout=5) as client:
        one = Replica(client, namespace, settings)
        try:
            yield one
        finally:
            await one.stop()


def lease(kube: Kube, namespace: str) -> dict[str, Any]:
    return kube.get("coordination.k8s.io/v1", "Lease", "stagingmirror", namespace)


def change_lease(kube: Kube, namespace: str, patch: dict[str, Any]) -> None:
    kube.patch("coordination.k8s.io/v1", "Lease", "stagingmirror", namespace, patch)


async def test_a_standby_takes_over_at_once_when_the_leader_goes_in_order(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with (
        replica(control_plane.kubeconfig, namespace, LONG) as first,
        replica(control_plane.kubeconfig, namespace, LONG) as second,
    ):
        await holds(lambda: first.elector.leading or second.elector.leading)
        leader, standby = (first, second) if first.elector.leading else (second, first)
        await asyncio.sleep(3 * LONG.lease_retry)
        assert leader.elector.leading
        assert not standby.elector.leading

        await leader.stop()
        assert not leader.elector.leading
        await standby.leads(within=LONG.lease_duration / 3)

        assert lease(kube, namespace)["spec"]["holderIdentity"] == standby.elector.holder
        assert standby.elector.transitions == 1
        assert leader.losses == []


async def test_nobody_leads_while_nobody_answers_and_a_standby_goes_on_after(
    control_plane: ControlPlane, namespace: str
) -> None:
    async with replica(control_plane.kubeconfig, namespace) as leader:
        await leader.leads()
        async with replica(control_plane.kubeconfig, namespace) as standby:
            await asyncio.sleep(3 * QUICK.lease_retry)
            control_plane.pause_api_server()
            try:
                await holds(
                    lambda: not leader.elector.leading, within=3 * QUICK.lease_renew_deadline
                )
                await holds(lambda: bool(leader.losses), within=15)
                assert not standby.elector.leading
            finally:
                control_plane.resume_api_server()
            await standby.leads()
            assert not leader.elector.leading


async def test_a_renewal_that_hangs_is_tried_again_on_another_connection(
    control_plane: ControlPlane, namespace: str
) -> None:
    async with Relay(control_plane.server) as relay:
        kubeconfig = relay.kubeconfig(control_plane.kubeconfig)
        async with replica(kubeconfig, namespace) as leader:
            await leader.leads()

            relay.strand()
            await asyncio.sleep(2 * QUICK.lease_renew_deadline)

            assert leader.elector.leading
            assert leader.losses == []


async def test_a_leader_that_is_cut_off_stops_by_itself_before_another_one_leads(
    control_plane: ControlPlane, namespace: str
) -> None:
    async with Relay(control_plane.server) as relay:
        kubeconfig = relay.kubeconfig(control_plane.kubeconfig)
        async with replica(kubeconfig, namespace) as leader:
            await leader.leads()
            async with replica(control_plane.kubeconfig, namespace) as standby:
                await asyncio.sleep(3 * QUICK.lease_retry)
                relay.freeze()
                cut_at = time.monotonic()

                while not standby.elector.leading:
                    assert time.monotonic() < cut_at + 30
                    await asyncio.sleep(0.005)
                    assert not (leader.elector.leading and standby.elector.leading)

                await holds(lambda: bool(leader.losses), within=15)


async def test_a_leader_whose_lease_was_taken_away_stops_at_its_next_renewal(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with replica(control_plane.kubeconfig, namespace) as leader:
        await leader.leads()

        change_lease(kube, namespace, {"spec": {"holderIdentity": "thief"}})

        await holds(lambda: bool(leader.losses), within=15)
        assert not leader.elector.leading
        assert lease(kube, namespace)["spec"]["holderIdentity"] == "thief"


async def test_a_deleted_lease_is_a_lost_one(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with replica(control_plane.kubeconfig, namespace) as leader:
        await leader.leads()

        kube.delete("coordination.k8s.io/v1", "Lease", "stagingmirror", namespace)

        await holds(lambda: bool(leader.losses), within=15)


async def test_a_note_that_somebody_puts_on_the_lease_does_not_end_leading(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with replica(control_plane.kubeconfig, namespace) as leader:
        await leader.leads()

        change_lease(kube, namespace, {"metadata": {"annotations": {"note": "hello"}}})
        await asyncio.sleep(2 * QUICK.lease_renew_deadline)

        assert leader.elector.leading
        assert lease(kube, namespace)["metadata"]["annotations"]["note"] == "hello"


async def test_settled_at_goes_along_with_a_renewal(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with replica(control_plane.kubeconfig, namespace) as leader:
        await leader.leads()

        leader.elector.annotate(Settled(1_800_000_000.0, ""))

        def told() -> bool:
            annotations = lease(kube, namespace)["metadata"].get("annotations") or {}
            return annotations.get(SETTLED_AT) == stamp(1_800_000_000.0)

        await holds(told, within=15)


async def test_a_standby_without_permission_says_so(
    control_plane: ControlPlane, namespace: str
) -> None:
    kubeconfig = control_plane.service_account(namespace, "powerless")
    async with replica(kubeconfig, namespace) as powerless:
        await holds(lambda: powerless.elector.trouble is not None)

        assert "Forbidden" in str(powerless.elector.trouble)
        assert not powerless.elector.leading


PROGRAM = """
import asyncio, sys
from stagingmirror.engine.leader.elector import Elector
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.api.client import KubernetesClient

async def main():
    client = await KubernetesClient.connect(kubeconfig=sys.argv[1], timeout=5)
    elector = Elector(client, namespace=sys.argv[2], identity="other", settings=Settings(),
                      lost=lambda: print("lost", flush=True))
    task = asyncio.create_task(elector.run())
    await elector.acquired()
    print("leads", flush=True)
    while not task.done():
        print("leading" if elector.leading else "not leading", flush=True)
        await asyncio.sleep(0.05)
    await client.close()

asyncio.run(main())
"""


@asynccontextmanager
async def process(kubeconfig: Path, namespace: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """An elector with the settings of production in a process of its own."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(kubeconfig), namespace),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[4] / "operator",
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
            await running.wait()


async def says(running: asyncio.subprocess.Process, *, within: float = 15) -> str:
    assert running.stdout is not None
    async with asyncio.timeout(within):
        return (await running.stdout.readline()).decode().strip()


async def said_before(running: asyncio.subprocess.Process) -> None:
    """Take what a process that is stopped had said before."""
    with suppress(TimeoutError):
        while True:
            await says(running, within=0.2)


async def test_a_leader_that_is_stopped_past_its_lease_does_not_lead_when_it_goes_on(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    async with process(control_plane.kubeconfig, namespace) as paused:
        assert await says(paused) == "leads"
        async with replica(control_plane.kubeconfig, namespace, Settings()) as standby:
            await asyncio.sleep(1.5)
            paused.send_signal(signal.SIGSTOP)
            await standby.leads(within=30)

            await said_before(paused)
            paused.send_signal(signal.SIGCONT)
            assert paused.stdout is not None
            rest = (await asyncio.wait_for(paused.stdout.read(), 10)).decode().split("\n")

            assert "leading" not in rest
            assert "lost" in rest
            assert standby.elector.leading
            assert lease(kube, namespace)["spec"]["holderIdentity"] == standby.elector.holder
