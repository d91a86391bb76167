"""Production in another cluster: two API servers, one operator, which only reads the second."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.control_plane import ControlPlane
from rig.run import until
from stagingmirror.api.types.base import API_VERSION
from stagingmirror.sources.kubernetes.api.kubeconfig import parse_kubeconfig
from stagingmirror.sources.kubernetes.api.reader import KubernetesReader
from stagingmirror.sources.kubernetes.api.remote_login import remote_login
from stagingmirror.sources.kubernetes.clusters.identity import uid_of
from stagingmirror.sources.kubernetes.watch.access_review import (
    READS,
    Permission,
    may_write,
    missing_permissions,
)
from support.clusters.another_cluster import (
    AnotherCluster,
    bind,
    cluster_of,
    give_kubeconfig,
    kubeconfig,
)
from support.clusters.audit import audited
from support.kubernetes.workloads import config_map
from support.operators.operator import DATA, World, condition, emptied, until_stalled

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("another-cluster")]

PAGE = Path(__file__).parents[4] / "docs" / "another-cluster.md"
DAILY = {"schedule": "0 6 * * *", "settle": "0s"}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnotherCluster]:
    folder = tmp_path_factory.mktemp("another-cluster")
    with ControlPlane("production", api_server=audited(folder), controllers=False) as plane:
        yield AnotherCluster(plane, folder)


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, other: AnotherCluster) -> Iterator[World]:
    """Production's namespace there has the name of staging's here."""
    with World(control_plane) as world:
        other.namespace(world.staging)
        for space in (world.production, world.staging):
            world.kube.create(config_map(DATA, space, {"snapshot": "2026-11-20"}))
        name = world.environments["production"]
        other.give(world, other.token(world.staging), name)
        world.environment("production", world.staging, cluster=cluster_of(name))
        with world.operator() as operator:
            operator.until_leading()
            yield world


@pytest.fixture
def fraud(world: World, other: AnotherCluster) -> Iterator[World]:
    """A world without a mirror, both sides alike; the operator is let in."""
    yield world
    emptied(world)
    for kube, space in ((world.kube, world.staging), (other.kube, world.staging)):
        kube.patch("v1", "ConfigMap", DATA, space, {"data": {"snapshot": "2026-11-20"}})


def there(world: World) -> dict[str, str]:
    return {"environment": world.environments["production"], "namespace": world.staging}


def ready(world: World, role: str = "production") -> dict[str, Any]:
    body = world.kube.get(API_VERSION, "MirrorEnvironment", world.environments[role])
    return condition(body.get("status") or {}, "Ready")


def test_production_in_another_cluster_is_compared_and_followed_and_never_written(
    fraud: World, other: AnotherCluster
) -> None:
    fraud.mirror(production=there(fraud), refresh=DAILY)
    fraud.until_sync("InSync")

    other.kube.patch("v1", "ConfigMap", DATA, fraud.staging, {"data": {"snapshot": "2026-11-21"}})
    status = fraud.until_sync("Drifted")

    (component,) = status["components"]
    assert component["differences"] == [
        {"fact": "value", "production": "2026-11-21", "staging": "2026-11-20"}
    ]
    assert status["productionCluster"] == fraud.environments["production"]
    fraud.change({"metadata": {"annotations": {"stagingmirror.dev/refresh-at": "now"}}})
    fraud.until_sync("InSync")
    mine = fraud.kube.get("v1", "ConfigMap", DATA, fraud.staging)
    assert mine["data"]["snapshot"] == "2026-11-21"
    assert other.requests() > 0
    assert other.writes() == []
    body = fraud.kube.get(API_VERSION, "MirrorEnvironment", fraud.environments["production"])
    assert condition(body["status"], "Ready")["status"] == "True"
    assert condition(body["status"], "KubernetesReadOnly")["status"] == "True"


def test_a_standby_watches_the_other_cluster_too(fraud: World, other: AnotherCluster) -> None:
    fraud.mirror(production=there(fraud))
    fraud.until_sync("InSync")
    name = fraud.environments["production"]

    with fraud.operator() as standby:
        standby.until('"started"')

        def is_watched() -> bool:
            _, metrics = standby.get("/metrics")
            series = (line for line in metrics.splitlines() if f'server="{name}"' in line)
            return any('operation="WATCH"' in line and 'outcome="ok"' in line for line in series)

        until(is_watched, within=60, what="the standby does not watch it")
        assert '"leading"' not in standby.log
    assert other.writes() == []


def test_a_revoked_token_makes_it_unknown_and_a_new_one_brings_it_back(
    fraud: World, other: AnotherCluster
) -> None:
    fraud.mirror(production=there(fraud), staleAfter="10s")
    fraud.until_sync("InSync")

    other.revoke()
    status = fraud.until_sync("Unknown", within=90)

    (component,) = status["components"]
    assert fraud.environments["production"] in component["message"]
    until(lambda: ready(fraud)["reason"] == "Unauthorized", within=90, what=str(ready(fraud)))
    other.give(fraud, other.token(fraud.staging), fraud.environments["production"])
    fraud.until_sync("InSync", within=60)
    until(lambda: ready(fraud)["status"] == "True", within=60, what="it is not ready again")


def test_an_account_that_may_write_there_is_told_and_not_believed_to_read_only(
    fraud: World, other: AnotherCluster
) -> None:
    name = fraud.environments["production"]
    token = other.token(fraud.staging)
    shell = [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get"]}]
    bind(other.kube, other.account, fraud.staging, shell, role="more")

    other.give(fraud, token, name)

    def read_only() -> dict[str, Any]:
        body = fraud.kube.get(API_VERSION, "MirrorEnvironment", name)
        return condition(body["status"], "KubernetesReadOnly")

    until(lambda: read_only()["reason"] == "CanWrite", within=60, what="it is not told")
    assert read_only()["status"] == "False"
    assert fraud.staging in read_only()["message"]
    other.give(fraud, other.token(fraud.staging), name)
    until(lambda: read_only()["status"] == "True", within=60, what="it is told for ever")


def test_a_token_that_is_rotated_costs_no_observation(fraud: World, other: AnotherCluster) -> None:
    fraud.mirror(production=there(fraud), staleAfter="10s")
    since = fraud.until_sync("InSync")["inSyncSince"]
    former = other.account

    other.give(fraud, other.token(fraud.staging), fraud.environments["production"])
    until(lambda: other.is_used(), within=60, what="the new token is not used")
    other.kube.delete("v1", "ServiceAccount", former, "stagingmirror-reader")
    other.kube.patch("v1", "ConfigMap", DATA, fraud.staging, {"metadata": {"labels": {"x": "y"}}})

    fraud.until(lambda status: status["validUntil"] > since)
    assert fraud.status()["inSyncSince"] == since


def test_a_cluster_that_is_gone_is_unknown_and_no_other_mirror_notices(
    fraud: World, other: AnotherCluster
) -> None:
    mine = f"{fraud.environments['production']}-here"
    body = fraud.kube.get(API_VERSION, "MirrorEnvironment", fraud.environments["production"])
    spec = {key: each for key, each in body["spec"].items() if key != "cluster"}
    spec |= {"namespaces": [fraud.production]}
    head = {"apiVersion": API_VERSION, "kind": "MirrorEnvironment"}
    fraud.kube.apply({**head, "metadata": {"name": mine}, "spec": spec})
    try:
        fraud.mirror(production=there(fraud), staleAfter="10s")
        fraud.mirror(
            "near",
            production={"environment": mine, "namespace": fraud.production},
            staleAfter="10s",
        )
        fraud.until_sync("InSync")
        near = fraud.until_sync("InSync", "near")

        other.plane.stop_api_server()
        try:
            status = fraud.until_sync("Unknown", within=60)

            (component,) = status["components"]
            assert fraud.environments["production"] in component["message"]
            later = fraud.until(lambda found: found["validUntil"] > near["validUntil"], "near")
            assert later["sync"] == "InSync"
            assert later["inSyncSince"] == near["inSyncSince"]
        finally:
            other.plane.start_api_server()
        fraud.until_sync("InSync", within=60)
    finally:
        fraud.kube.delete(API_VERSION, "MirrorEnvironment", mine)


def test_a_kubeconfig_that_leads_to_the_own_cluster_is_found_and_its_namespaces_are_protected(
    fraud: World,
) -> None:
    name = fraud.environments["production"]
    own = fraud.control_plane.token(fraud.namespace, "stagingmirror")
    before = fraud.kube.get("v1", "Secret", f"production-cluster-{name}", fraud.namespace)
    give_kubeconfig(fraud, kubeconfig(fraud.control_plane, own), name)
    try:
        until(lambda: ready(fraud)["reason"] == "OwnCluster", within=60, what="it is not found")
        fraud.mirror(production=there(fraud), refresh=DAILY)

        until_stalled(fraud, "ProductionIsReadOnly")
    finally:
        fraud.kube.apply(
            {
                **before,
                "metadata": {**before["metadata"], "managedFields": None, "resourceVersion": None},
            }
        )
    until(lambda: ready(fraud)["status"] == "True", within=60, what="it is not ready again")


async def test_the_rights_of_the_page_are_those_that_reading_needs_and_no_more(
    other: AnotherCluster,
) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    objects = [*yaml.safe_load_all(blocks[1])]
    other.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ml-prod"}})
    other.kube.apply(*objects)
    token = other.plane.token("stagingmirror-reader", "stagingmirror-reader")

    login = remote_login(parse_kubeconfig(kubeconfig(other.plane, token)))
    async with KubernetesReader(login, timeout=10.0) as reader:
        assert await uid_of(reader)
        assert await missing_permissions(reader, "ml-prod", READS) == ()
        assert await may_write(reader, "ml-prod") is False
        secrets = [Permission(verb, "", "secrets") for verb in ("get", "list", "watch")]
        assert len(await missing_permissions(reader, "ml-prod", secrets)) == 3
