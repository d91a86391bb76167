"""What scales workloads and the nodes that their pods are on: watched while that is wanted."""

import time
from typing import Any

import pytest

from stagingmirror.drift.facts import Unseen
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.objects.serving.nodes import RECENT, NodeHistory, node
from stagingmirror.sources.kubernetes.objects.store import Store
from stagingmirror.sources.kubernetes.subjects import OWN, Pod
from stagingmirror.sources.kubernetes.subjects.serving import (
    Autoscaler,
    AutoscalerSubject,
    Node,
    Nodes,
    NodesSubject,
)
from support.clock import NOW, Clock
from support.kubernetes.cluster_bodies import deployment, pod, replica_set
from support.kubernetes.scripted_cluster import ScriptedCluster, Seen, seeing
from support.operators.waiting import holds

CALM = Settings(sweep_interval=600.0, request_timeout=5.0)
SCALER = AutoscalerSubject(OWN, "Deployment", "ml", "web")
NODES = NodesSubject(OWN, "Deployment", "ml", "web")


def located(name: str, instance_type: str) -> dict[str, Any]:
    labels = {"node.kubernetes.io/instance-type": instance_type, "kubernetes.io/arch": "amd64"}
    return {"metadata": {"uid": f"uid-{name}", "name": name, "labels": labels}}


def autoscaler(most: int, name: str = "web") -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    return {
        "metadata": {"uid": "uid-hpa", "namespace": "ml", "name": "hpa"},
        "spec": {"scaleTargetRef": target, "maxReplicas": most},
    }


@pytest.fixture
def cluster() -> ScriptedCluster:
    """With a Deployment ``web``, whose pod is on node ``n1``."""
    made = ScriptedCluster()
    web = deployment()
    current = replica_set(web)
    made.put("deployments", web)
    made.put("replicasets", current)
    body = pod(current)
    body["spec"]["nodeName"] = "n1"
    made.put("pods", body)
    made.put("nodes", located("n1", "g5.xlarge"))
    made.put("horizontalpodautoscalers", autoscaler(3))
    return made


def most(seen: Seen) -> str | None:
    answer = seen.source.get(SCALER)
    if isinstance(answer, Unseen):
        return str(answer.why.reason)
    assert isinstance(answer.value, Autoscaler)
    return answer.value.facts.get("autoscaling.maxReplicas", "none")


def kinds(seen: Seen) -> set[str] | str:
    answer = seen.source.get(NODES)
    if isinstance(answer, Unseen):
        return str(answer.why.reason)
    assert isinstance(answer.value, Nodes)
    return {each.instance_type for each in answer.value.now}


async def test_nothing_of_them_is_requested_until_a_component_wants_it(
    cluster: ScriptedCluster,
) -> None:
    async with seeing(cluster) as seen:
        await holds(lambda: seen.source.counts.sweeps > 20)

        plurals = {plural for plural, _ in cluster.lists}
        assert not plurals & {"nodes", "horizontalpodautoscalers", "scaledobjects"}


async def test_an_autoscaler_is_watched_and_one_that_scales_another_workload_is_gone(
    cluster: ScriptedCluster,
) -> None:
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(SCALER, 30.0)
        await holds(lambda: most(seen) == "3")
        await holds(lambda: bool(cluster.watches.get(("horizontalpodautoscalers", None))))

        seen.told.clear()
        cluster.put("horizontalpodautoscalers", autoscaler(5, "other"))

        await holds(lambda: most(seen) == "none")
        assert SCALER in seen.told


async def test_without_keda_there_is_no_scaled_object_and_that_is_an_answer(
    cluster: ScriptedCluster,
) -> None:
    cluster.absent = {"scaledobjects"}
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(SCALER, 30.0)

        await holds(lambda: most(seen) == "3")
        await seen.source.prove([SCALER], time.time())
        assert most(seen) == "3"


@pytest.mark.parametrize("plural", ["scaledobjects", "horizontalpodautoscalers"])
async def test_what_may_not_be_read_is_no_proof_that_there_is_none(
    cluster: ScriptedCluster, plural: str
) -> None:
    cluster.forbidden = {(plural, None), (plural, "ml")}
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(SCALER, 30.0)

        await holds(lambda: most(seen) == "Forbidden")


async def test_nodes_are_watched_by_metadata_once_and_a_new_label_is_announced(
    cluster: ScriptedCluster,
) -> None:
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(NODES, 30.0)
        await holds(lambda: kinds(seen) == {"g5.xlarge"})
        await holds(lambda: bool(cluster.watches.get(("nodes", None))))
        assert sum(count for (plural, _), count in cluster.lists.items() if plural == "nodes") == 1

        seen.told.clear()
        cluster.put("nodes", located("n1", "g5.2xlarge"))

        await holds(lambda: kinds(seen) == {"g5.2xlarge"})
        assert seen.told == [NODES]

        seen.source.unwant(NODES)
        await holds(lambda: kinds(seen) == "NotSeenYet")


async def test_a_node_of_other_pods_wakes_nobody(cluster: ScriptedCluster) -> None:
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(NODES, 30.0)
        await holds(lambda: kinds(seen) == {"g5.xlarge"})
        await holds(lambda: bool(cluster.watches.get(("nodes", None))))
        seen.told.clear()

        cluster.put("nodes", located("n2", "m5.large"))
        cluster.put("nodes", located("n1", "g5.2xlarge"))

        await holds(lambda: bool(seen.told))
        assert seen.told == [NODES]


async def test_a_node_that_is_not_known_is_no_answer(cluster: ScriptedCluster) -> None:
    cluster.objects = {key: each for key, each in cluster.objects.items() if key[0] != "nodes"}
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(NODES, 30.0)

        await holds(lambda: kinds(seen) == "NotThere")


async def test_whoever_may_not_read_nodes_is_told_so_and_everything_else_is_answered(
    cluster: ScriptedCluster,
) -> None:
    cluster.forbidden = {("nodes", None)}
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(NODES, 30.0)
        await holds(lambda: kinds(seen) == "Forbidden")

        assert seen.source.ready
        assert seen.look().trouble is None


def test_a_node_counts_for_a_day_after_a_pod_was_last_seen_on_it() -> None:
    clock = Clock()
    history, nodes = NodeHistory(clock), Store[Any]()
    for name, kind in (("n1", "g5.xlarge"), ("n2", "g5.2xlarge")):
        body = located(name, kind)
        body["metadata"]["resourceVersion"] = "1"
        nodes.put(node(body))

    def answer(name: str, *, kept: bool = True) -> tuple[set[str], set[str]]:
        on = Pod("p", True, False, NOW, {}, {}, node=name)
        found = history.answer(NODES, [on], nodes, kept=kept)
        assert isinstance(found, Nodes)
        return types(found.now), types(found.recent)

    assert answer("n1") == ({"g5.xlarge"}, {"g5.xlarge"})
    clock.now += RECENT - 1
    assert answer("n2") == ({"g5.2xlarge"}, {"g5.xlarge", "g5.2xlarge"})
    assert answer("n1", kept=False) == ({"g5.xlarge"}, {"g5.xlarge"}), "nobody remembers it"
    clock.now += 2
    assert answer("n2") == ({"g5.2xlarge"}, {"g5.2xlarge"})


def types(nodes: frozenset[Node]) -> set[str]:
    return {each.instance_type for each in nodes}
