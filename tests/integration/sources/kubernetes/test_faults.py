"""What is still seen, and what is said, when the API server, the network or RBAC is in the way."""

import asyncio
import math
import time
from pathlib import Path

import pytest

from rig.control_plane import ControlPlane
from rig.kube import Kube
from stagingmirror.drift.facts import Unseen
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.subjects import OWN, WorkloadSubject
from support.kubernetes.cluster_bodies import bare_deployment
from support.kubernetes.cluster_watch import BRISK, CALM, subject, watching
from support.kubernetes.relay import Relay
from support.operators.rigs import make_namespace
from support.operators.waiting import holds

pytestmark = pytest.mark.integration

READS = [
    {"apiGroups": ["", "apps", "batch"], "resources": ["*"], "verbs": ["get", "list", "watch"]}
]


def may_read(kube: Kube, account: str, of: str, *namespaces: str) -> None:
    """A Role in each namespace, or a ClusterRole where none is given."""
    for namespace in namespaces or (None,):
        kind = "Role" if namespace else "ClusterRole"
        metadata = {"name": f"reads-{of}"} | ({"namespace": namespace} if namespace else {})
        rbac = "rbac.authorization.k8s.io"
        who = {"kind": "ServiceAccount", "name": account, "namespace": of}
        kube.apply(
            {"apiVersion": f"{rbac}/v1", "kind": kind, "metadata": metadata, "rules": READS},
            {
                "apiVersion": f"{rbac}/v1",
                "kind": f"{kind}Binding",
                "metadata": metadata,
                "roleRef": {"apiGroup": rbac, "kind": kind, "name": metadata["name"]},
                "subjects": [who],
            },
        )


async def test_one_watch_per_kind_is_enough_where_everything_may_be_read(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    other = make_namespace(kube)
    account = control_plane.service_account(namespace, "reader")
    may_read(kube, "reader", namespace)
    async with watching(account, namespace, other) as seen:
        kube.apply(bare_deployment(namespace), bare_deployment(other))
        await holds(lambda: seen.has(namespace, "web") and seen.has(other, "web"))

        assert seen.calls["WATCH"] == 7
    kube.delete("v1", "Namespace", other)


async def test_each_namespace_is_watched_by_itself_where_only_that_is_permitted(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    closed = make_namespace(kube)
    account = control_plane.service_account(namespace, "reader")
    may_read(kube, "reader", namespace, namespace)
    kube.apply(bare_deployment(namespace), bare_deployment(closed))
    async with watching(account, namespace, closed) as seen:
        assert seen.has(namespace, "web")
        look = seen.source.get(WorkloadSubject(OWN, "Deployment", closed, "web"))
        assert isinstance(look, Unseen)
        assert look.why.reason == "Forbidden"
        assert closed in look.why.message

        seen.source.want(subject("Deployment", closed, "web"), math.inf)
        may_read(kube, "reader", namespace, closed)
        await holds(lambda: seen.has(closed, "web"), within=40)
        assert subject("Deployment", closed, "web") in seen.told
    kube.delete("v1", "Namespace", closed)


async def test_a_permission_that_is_taken_away_is_trouble_and_the_last_answer_ages(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    account = control_plane.service_account(namespace, "reader")
    may_read(kube, "reader", namespace, namespace)
    kube.apply(bare_deployment(namespace))
    async with watching(account, namespace, settings=BRISK) as seen:
        await holds(lambda: seen.has(namespace, "web"))
        rbac = "rbac.authorization.k8s.io/v1"
        kube.delete(rbac, "RoleBinding", f"reads-{namespace}", namespace)

        await holds(lambda: seen.look(namespace, "web").trouble is not None)
        trouble = seen.look(namespace, "web").trouble
        assert trouble is not None
        assert trouble.reason == "Forbidden"
        began = seen.look(namespace, "web").began
        await asyncio.sleep(2 * BRISK.sweep_interval)
        assert seen.look(namespace, "web").began == began
        assert seen.look(namespace, "web").value is not None


async def test_changes_are_seen_after_the_api_server_was_restarted(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    kube.apply(bare_deployment(namespace))
    async with watching(control_plane.kubeconfig, namespace) as seen:
        await asyncio.to_thread(control_plane.stop_api_server)
        await holds(lambda: seen.look(namespace, "web").trouble is not None)
        assert seen.look(namespace, "web").value is not None

        await asyncio.to_thread(control_plane.start_api_server)
        kube.apply(bare_deployment(namespace, replicas=1))
        await holds(lambda: seen.scaled(namespace, 1), within=40)
        await holds(lambda: seen.look(namespace, "web").trouble is None)
        # Each watch proves by itself that it missed nothing, without waiting for its turn.
        since = time.time()
        await holds(lambda: seen.source.counts.sweeps >= 7)
        assert seen.look(namespace, "web").began > since - 20


async def test_an_api_server_that_is_frozen_is_trouble_until_it_goes_on(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    kube.apply(bare_deployment(namespace))
    async with watching(control_plane.kubeconfig, namespace, settings=BRISK) as seen:
        control_plane.pause_api_server()
        frozen_at = time.time()
        try:
            await holds(lambda: seen.look(namespace, "web").trouble is not None)
            look = seen.look(namespace, "web")
            assert look.trouble is not None
            assert look.trouble.reason == "ClusterNotAnswering"
            assert look.began <= frozen_at
            assert look.value is not None
        finally:
            control_plane.resume_api_server()
        await holds(lambda: seen.look(namespace, "web").trouble is None, within=40)
        await holds(lambda: seen.look(namespace, "web").began > frozen_at)


async def test_what_was_deleted_while_we_were_cut_off_is_gone_and_told(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    kube.apply(bare_deployment(namespace))
    async with Relay(control_plane.server) as relay:
        kubeconfig = relay.kubeconfig(control_plane.kubeconfig)
        async with watching(kubeconfig, namespace) as seen:
            await relay.cut()
            await holds(lambda: seen.look(namespace, "web").trouble is not None)
            kube.delete("apps/v1", "Deployment", "web", namespace)
            seen.told.clear()
            await relay.restore()

            await holds(lambda: seen.look(namespace, "web").value is None, within=40)
            assert subject("Deployment", namespace, "web") in seen.told
            assert seen.source.counts.repaired == 0


async def test_a_watch_that_is_too_old_lists_anew_and_drops_what_vanished(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    """A restarted API server has no history: resuming from before is answered with 410."""
    kube.apply(bare_deployment(namespace))
    async with Relay(control_plane.server) as relay:
        kubeconfig = relay.kubeconfig(control_plane.kubeconfig)
        async with watching(kubeconfig, namespace) as seen:
            await relay.cut()
            kube.delete("apps/v1", "Deployment", "web", namespace)
            for turn in range(3):
                kube.apply(bare_deployment(namespace, name="other", replicas=turn))
            await asyncio.to_thread(control_plane.restart_api_server)
            seen.told.clear()
            lists = seen.calls["GET"]
            await relay.restore()

            await holds(lambda: seen.look(namespace, "web").value is None, within=40)
            await holds(lambda: seen.has(namespace, "other"))
            assert subject("Deployment", namespace, "web") in seen.told
            assert seen.calls["GET"] > lists


async def test_a_stream_that_hangs_silently_is_made_up_for_by_the_sweep(
    control_plane: ControlPlane, kube: Kube, namespace: str
) -> None:
    """As behind a proxy that forgot about us: no error, no events."""
    kube.apply(bare_deployment(namespace))
    async with Relay(control_plane.server) as relay:
        kubeconfig = relay.kubeconfig(control_plane.kubeconfig)
        settings = Settings(sweep_interval=0.5, request_timeout=1.0)
        async with watching(kubeconfig, namespace, settings=settings) as seen:
            relay.strand()
            kube.apply(bare_deployment(namespace, replicas=1))

            await holds(lambda: seen.scaled(namespace, 1), within=40)
            assert seen.source.counts.repaired > 0
            kube.apply(bare_deployment(namespace, replicas=2))
            # By then the stream was opened anew.
            await holds(lambda: seen.scaled(namespace, 2), within=40)


async def test_nothing_is_absent_before_anybody_has_answered(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "nobody"
    kubeconfig.write_text(
        '{"contexts": [{"name": "c", "context": {"cluster": "c"}}], "current-context": "c",'
        ' "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:9"}}]}'
    )
    async with watching(kubeconfig, "ml", settings=CALM) as seen:
        look = seen.source.get(WorkloadSubject(OWN, "Deployment", "ml", "web"))

        assert isinstance(look, Unseen)
        assert look.why.reason == "ClusterNotAnswering"
