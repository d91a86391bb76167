"""Watches against a cluster that refuses, answers garbage, or is set back to a former state."""

import asyncio
import math
import time
from typing import Any

import pytest

from stagingmirror.api.types.times import rfc3339
from stagingmirror.drift.facts import Unseen
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.subjects import OWN, ConfigMapSubject, WorkloadSubject
from stagingmirror.sources.kubernetes.watch import watch_scope
from stagingmirror.sources.pace import BURST
from stagingmirror.view import Observed
from support.kubernetes.cluster_bodies import deployment, pod, replica_set
from support.kubernetes.listing import list_namespaces
from support.kubernetes.scripted_cluster import ScriptedCluster, seeing
from support.operators.waiting import holds

CALM = Settings(sweep_interval=600.0, request_timeout=5.0)
"""No sweep falls into a test by itself."""
WEB = WorkloadSubject(OWN, "Deployment", "ml", "web")


@pytest.fixture
def cluster() -> ScriptedCluster:
    """With a Deployment ``web`` in two namespaces."""
    made = ScriptedCluster()
    for namespace in ("ml", "other"):
        made.put("deployments", deployment(namespace=namespace, uid=f"uid-{namespace}"))
    return made


def config_map(**data: str) -> dict[str, Any]:
    return {"metadata": {"namespace": "ml", "name": "data", "uid": "data"}, "data": data}


@pytest.mark.parametrize(
    "items",
    [
        [{}],
        [None],
        "items",
        [{"metadata": {"namespace": "ml", "name": "web", "uid": "u", "resourceVersion": "new"}}],
    ],
)
async def test_garbage_in_a_list_is_trouble_and_ends_nothing(
    cluster: ScriptedCluster, items: Any
) -> None:
    async with seeing(cluster) as seen:
        cluster.garbage["deployments"] = items
        await holds(lambda: seen.look().trouble is not None)
        assert seen.look().value is not None

        del cluster.garbage["deployments"]
        await holds(lambda: seen.look().trouble is None)


async def test_a_pod_that_terminates_runs_until_its_end_by_the_clock_that_dates_it() -> None:
    cluster = ScriptedCluster()
    cluster.behind = 7200.0
    web = deployment(revision="2")
    old, new = replica_set(web, "1"), replica_set(web, "2")
    ends = pod(old, "old", terminating=True)
    ends["metadata"]["deletionTimestamp"] = rfc3339(time.time() - cluster.behind)
    cluster.put("deployments", web)
    for plural, body in (("replicasets", old), ("replicasets", new), ("pods", pod(new, "new"))):
        cluster.put(plural, body)
    cluster.put("pods", ends)

    async with seeing(cluster) as seen:
        found = seen.look().value

    assert found is not None
    assert found.unsettled is not None
    assert found.unsettled.reason == "RollingOut"


async def test_a_first_list_of_garbage_is_no_answer(cluster: ScriptedCluster) -> None:
    cluster.garbage["deployments"] = [{"metadata": []}]

    async with seeing(cluster) as seen:
        look = seen.source.get(WorkloadSubject(OWN, "Deployment", "ml", "web"))

        assert isinstance(look, Unseen)
        assert look.why.reason == "ClusterNotAnswering"


async def test_a_cluster_that_was_set_back_is_seen_as_it_is(cluster: ScriptedCluster) -> None:
    former = deployment(uid="uid-ml", version="50")
    gone = deployment("later", uid="later")
    cluster.put("deployments", deployment(uid="uid-ml", replicas=3))
    cluster.put("deployments", gone)
    async with seeing(cluster) as seen:
        assert seen.sees(replicas=3)

        cluster.set_back(60, "deployments", former)

        await holds(lambda: seen.sees(replicas=1))
        await holds(lambda: seen.look(name="later").value is None)
        cluster.put("deployments", deployment(uid="uid-ml", replicas=2))
        await holds(lambda: seen.sees(replicas=2))


async def test_the_data_of_config_maps_are_read_again_after_that(cluster: ScriptedCluster) -> None:
    former = config_map(snapshot="1")
    former["metadata"]["resourceVersion"] = "50"
    cluster.put("configmaps", config_map(snapshot="2"))

    async with seeing(cluster) as seen:
        seen.source.want(ConfigMapSubject(OWN, "ml", "data"), math.inf)

        def shown() -> str | None:
            look = seen.source.get(ConfigMapSubject(OWN, "ml", "data"))
            found = look.value if isinstance(look, Observed) else None
            return found.data["snapshot"] if found else None

        await holds(lambda: shown() == "2")
        cluster.set_back(60, "configmaps", former)

        await holds(lambda: shown() == "1")


async def test_a_right_that_is_taken_away_leaves_what_may_still_be_read(
    cluster: ScriptedCluster,
) -> None:
    async with seeing(cluster, "ml", "other") as seen:
        observations: list[object] = []
        await holds(lambda: bool(cluster.watches.get(("deployments", None))))
        cluster.forbidden |= {("deployments", None), ("deployments", "other")}
        since = time.time()

        def goes_on() -> bool:
            observations.extend(
                seen.source.get(WorkloadSubject(OWN, "Deployment", each, "web"))
                for each in ("ml", "other")
            )
            return seen.look("ml").began > since and seen.look("other").trouble is not None

        await holds(goes_on)

        assert seen.look("ml").trouble is None
        assert seen.look("other").trouble is not None
        assert seen.look("other").began < since
        assert not any(isinstance(look, Unseen) for look in observations)


async def test_a_kind_that_was_refused_is_tried_again_for_all_namespaces(
    cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_scope, "WIDEN", 0.2)
    cluster.forbidden.add(("deployments", None))
    async with seeing(cluster, "ml", "other", settings=CALM) as seen:
        observations: list[object] = []

        def is_wide() -> bool:
            observations.append(seen.source.get(WorkloadSubject(OWN, "Deployment", "ml", "web")))
            watched = {place for place, queues in cluster.watches.items() if queues}
            places = {namespace for plural, namespace in watched if plural == "deployments"}
            return places == {None}

        await holds(lambda: bool(cluster.watches.get(("deployments", "ml"))))
        assert not is_wide()

        cluster.forbidden.clear()
        await holds(is_wide)

        assert not any(isinstance(look, Unseen) for look in observations)
        cluster.put("deployments", deployment(uid="uid-ml", replicas=2))
        await holds(lambda: seen.sees(replicas=2))


async def test_a_proof_that_failed_is_trouble_of_its_namespace_alone(
    cluster: ScriptedCluster,
) -> None:
    async with seeing(cluster, "ml", "other", settings=CALM) as seen:
        cluster.forbidden.add(("deployments", "other"))
        subjects = [WEB, WEB._replace(namespace="other")]

        await seen.source.prove(subjects, since=time.time())

        assert seen.look("ml").trouble is None
        assert seen.look("other").trouble is not None
        seen.told.clear()
        cluster.forbidden.clear()
        await seen.source.prove(subjects, since=time.time())
        assert seen.look("other").trouble is None


async def test_lists_that_are_under_way_are_not_begun_anew_when_one_kind_is_refused(
    cluster: ScriptedCluster,
) -> None:
    cluster.held.add("deployments")
    cluster.forbidden |= {("pods", None), ("jobs", None), ("cronjobs", None)}
    async with seeing(cluster, settings=CALM, ready=False) as seen:
        await holds(lambda: cluster.lists["deployments", None] == 1)
        await holds(lambda: cluster.lists["cronjobs", "ml"] == 1)
        cluster.held.clear()
        await holds(lambda: seen.source.ready)

        assert cluster.lists["deployments", None] == 1


async def test_a_call_that_was_given_up_is_no_error_of_the_server(cluster: ScriptedCluster) -> None:
    cluster.held.add("deployments")
    async with seeing(cluster, settings=CALM, ready=False) as seen:
        await holds(lambda: cluster.lists["deployments", None] == 1)
        list_namespaces(seen.source, "ml", "other")
        await holds(lambda: cluster.lists["deployments", None] == 2)
        cluster.held.clear()
        await holds(lambda: seen.sees("other"))

        assert not [outcome for _, outcome in seen.calls if outcome in ("", "error")]


async def test_a_stream_that_goes_on_after_it_was_interrupted_is_proven_once(
    cluster: ScriptedCluster,
) -> None:
    async with seeing(cluster, settings=CALM) as seen:
        queues = cluster.watches.setdefault(("deployments", None), [])
        await holds(lambda: len(queues) == 1)
        sweeps = seen.source.counts.sweeps

        queues[0].put_nowait({"type": "ERROR", "object": {"kind": "Status", "code": 500}})
        await holds(lambda: seen.source.counts.sweeps == sweeps + 1)
        check = seen.source._coverage.check("Deployment", "ml")
        assert check is not None
        await asyncio.sleep(0)

        assert not check.watch._interrupted


async def test_what_is_wanted_more_often_than_all_before_is_proven_at_once_and_then_as_often(
    cluster: ScriptedCluster,
) -> None:
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(WEB, CALM.sweep_interval)
        await asyncio.sleep(0.2)
        assert seen.source.counts.sweeps == 0

        seen.source.want(WEB, 0.2)

        await holds(lambda: seen.source.counts.sweeps > 14)


async def test_lists_on_request_have_a_floor_in_each_namespace(cluster: ScriptedCluster) -> None:
    async with seeing(cluster, "ml", "other", settings=CALM) as seen:
        for _ in range(BURST):
            await seen.source.prove([WEB], since=time.time())
        before = cluster.lists["deployments", "ml"]
        since = time.time()

        proof = seen.source.prove([WEB], since=since)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(proof, 0.5)

        assert cluster.lists["deployments", "ml"] == before >= BURST
        other = WEB._replace(namespace="other")
        await seen.source.prove([other], since=since)
        assert seen.look("other").began >= since
