"""That a watch missed nothing is proven, and what it missed is repaired."""

import asyncio
import math
import time
from dataclasses import replace

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.errors import NotAllowed
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapSubject
from stagingmirror.view import Observed
from support.kubernetes.cluster_bodies import bare_config_map, bare_deployment
from support.kubernetes.cluster_watch import BRISK, Watching, subject, watching
from support.operators.waiting import holds

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
            assert seen.look(namespace, "web").value is None
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
            seen.source.get(ConfigMapSubject(OWN, namespace, "missing")),
        ):
            assert isinstance(look, Observed)
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


async def test_many_lost_events_are_listed_anew(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    kube.apply(*(bare_config_map(namespace, f"m-{number}") for number in range(30)))
    async with watching(control_plane.kubeconfig, namespace) as seen:
        store = seen.source._stores.config_maps
        entries = list(store.within(namespace))
        for entry in entries:
            store.drop(namespace, entry.uid)
        reads = seen.calls["GET"]

        await seen.source.prove([subject("ConfigMap", namespace, "m-1")], since=time.time())
        await holds(lambda: len(list(store.within(namespace))) == len(entries))

        assert seen.source.counts.repaired == len(entries)
        assert seen.calls["GET"] - reads < 10


async def test_old_data_of_a_config_map_is_never_younger_than_the_news_of_its_change(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    """Who may watch but no longer read learns that there is news, and not what it is."""
    account = control_plane.service_account(namespace, "reader")
    wanted = subject("ConfigMap", namespace, "data")
    kube.apply(bare_config_map(namespace, snapshot="1"))
    allow(kube, namespace, "get", "list", "watch")
    async with watching(account, namespace, settings=BRISK) as seen:
        seen.source.want(wanted, math.inf)
        await holds(lambda: seen.reads(namespace, "data", snapshot="1"))
        await seen.source.prove([wanted], since=time.time())
        allow(kube, namespace, "list", "watch")
        path = f"/api/v1/namespaces/{namespace}/configmaps/data"
        await refuses(seen, path)

        changed_at = time.time()
        kube.apply(bare_config_map(namespace, snapshot="2"))

        def trouble() -> bool:
            look = seen.source.get(ConfigMapSubject(OWN, namespace, "data"))
            return isinstance(look, Observed) and look.trouble is not None

        await holds(trouble)
        heard_by = time.time()
        await asyncio.sleep(3 * BRISK.sweep_interval)
        look = seen.source.get(ConfigMapSubject(OWN, namespace, "data"))
        assert isinstance(look, Observed)
        assert look.value is not None
        assert look.value.data == {"snapshot": "1"}
        assert look.began <= heard_by
        assert changed_at - look.began < 5

        allow(kube, namespace, "get", "list", "watch")
        await holds(lambda: seen.reads(namespace, "data", snapshot="2"), within=40)
        await holds(lambda: not trouble())


def allow(kube: Kube, namespace: str, *verbs: str) -> None:
    """What the account ``reader`` may do with everything that is watched."""
    rbac = "rbac.authorization.k8s.io"
    metadata = {"name": "reader", "namespace": namespace}
    rule = {"apiGroups": ["", "apps", "batch"], "resources": ["*"], "verbs": list(verbs)}
    kube.apply(
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "reader"},
            "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": namespace}],
        },
    )


async def refuses(seen: Watching, path: str) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await seen.client.request("GET", path)
            except NotAllowed:
                return
            await asyncio.sleep(0.05)
