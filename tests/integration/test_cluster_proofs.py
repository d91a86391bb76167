"""That a watch missed nothing is proven, and what it missed is repaired."""

import asyncio
import time
from dataclasses import replace

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.view import Look
from support.cluster_bodies import bare_deployment
from support.waiting import holds
from support.watching import BRISK, Watching, subject, watching

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("lost", ["an addition", "a change", "a deletion"])
async def test_an_event_that_was_lost_is_repaired_by_a_sweep(
    control_plane: ControlPlane, kube: Kube, namespace: str, lost: str
) -> None:
    kube.apply(bare_deployment(namespace))
    async with watching(control_plane.kubeconfig, namespace, settings=BRISK) as seen:
        await holds(lambda: seen.has(namespace, "web"))
        await forget(seen, kube, namespace, lost)
        seen.told.clear()

        await holds(lambda: seen.source.counts.repaired == 1)

        assert subject("Deployment", namespace, "web") in seen.told
        if lost == "a deletion":
            assert seen.look(namespace, "web").found is None
        else:
            assert seen.scaled(namespace, 0)
            live = kube.get("apps/v1", "Deployment", "web", namespace)
            version = live["metadata"]["resourceVersion"]
            assert seen.workload(namespace, "web").resource_version == version


async def forget(seen: Watching, kube: Kube, namespace: str, lost: str) -> None:
    """Undo in the cache what one event had done to it."""
    await settled(seen, kube, namespace)
    store = seen.source._stores.deployments
    entry = store.named(namespace, "web")
    assert entry is not None
    if lost == "a deletion":
        kube.delete("apps/v1", "Deployment", "web", namespace)
        await holds(lambda: store.named(namespace, "web") is None)
        store.put(entry)
        return
    store.drop(namespace, entry.uid)
    if lost == "a change":
        store.put(replace(entry, resource_version="1", replicas=7))


async def settled(seen: Watching, kube: Kube, namespace: str) -> None:
    """The controllers have written what they write."""

    def same() -> bool:
        live = kube.get("apps/v1", "Deployment", "web", namespace)
        known = seen.workload(namespace, "web")
        caught_up = live["status"].get("observedGeneration") == live["metadata"]["generation"]
        return bool(caught_up and known.resource_version == live["metadata"]["resourceVersion"])

    await holds(same)
    await asyncio.sleep(0.3)
    await holds(same)


async def test_proving_makes_looks_begin_after_it_was_asked_for(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    kube.apply(bare_deployment(namespace, replicas=1))
    wanted = [
        subject("Deployment", namespace, "web"),
        subject("CronJob", namespace, "missing"),
        subject("ConfigMap", namespace, "missing"),
    ]
    async with watching(control_plane.kubeconfig, namespace) as seen:
        since = time.time()
        await seen.source.prove(wanted, since=since)

        for look in (
            seen.look(namespace, "web"),
            seen.look(namespace, "missing", "CronJob"),
            seen.source.config_map(namespace, "missing"),
        ):
            assert isinstance(look, Look)
            assert look.began >= since
        sweeps = seen.source.counts.sweeps
        await seen.source.prove(wanted, since=since)
        assert seen.source.counts.sweeps == sweeps


async def test_many_who_ask_for_a_proof_at_once_share_it(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    kube.apply(bare_deployment(namespace))
    wanted = [subject("Deployment", namespace, "web")]
    async with watching(control_plane.kubeconfig, namespace) as seen:
        since = time.time()

        await asyncio.gather(*(seen.source.prove(wanted, since=since) for _ in range(50)))

        assert seen.source.counts.sweeps == 3


async def test_a_proof_that_nobody_answers_ends_and_leaves_the_trouble(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    kube.apply(bare_deployment(namespace))
    async with watching(control_plane.kubeconfig, namespace, settings=BRISK) as seen:
        control_plane.pause_api_server()
        try:
            since = time.time()
            await seen.source.prove([subject("Deployment", namespace, "web")], since=since)

            assert time.time() - since < 3 * BRISK.request_timeout
            assert seen.look(namespace, "web").began < since
            assert seen.look(namespace, "web").trouble is not None
        finally:
            control_plane.resume_api_server()
