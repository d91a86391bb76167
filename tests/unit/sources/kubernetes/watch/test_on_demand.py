"""Kinds that a cluster may not have cost nothing until one is wanted, and keep nobody waiting."""

import time

import pytest

from stagingmirror.drift.facts import Unseen
from stagingmirror.settings import Settings
from stagingmirror.sources.kubernetes.subjects import OWN, WorkloadSubject
from support.kubernetes.cluster_bodies import deployment, pod, replica_set, rollout
from support.kubernetes.scripted_cluster import ScriptedCluster, Seen, seeing
from support.operators.waiting import holds

CALM = Settings(sweep_interval=600.0, request_timeout=5.0)
WEB = WorkloadSubject(OWN, "Rollout", "ml", "web")
AGENT = WorkloadSubject(OWN, "DaemonSet", "ml", "agent")


@pytest.fixture
def cluster() -> ScriptedCluster:
    """With a Deployment ``web``, and a Rollout of this name with a pod."""
    made = ScriptedCluster()
    made.put("deployments", deployment())
    canary = rollout()
    stable = replica_set(canary, "aaa")
    made.put("rollouts", canary)
    made.put("replicasets", stable)
    made.put("pods", pod(stable))
    return made


def reason(seen: Seen, subject: WorkloadSubject = WEB) -> str:
    answer = seen.source.get(subject)
    if isinstance(answer, Unseen):
        return str(answer.why.reason)
    return "seen" if answer.value is not None else "absent"


def requests(cluster: ScriptedCluster, plural: str) -> int:
    return sum(count for (each, _), count in cluster.lists.items() if each == plural)


@pytest.mark.parametrize("plural", ["rollouts", "daemonsets"])
async def test_a_kind_that_nobody_wants_is_never_requested(
    cluster: ScriptedCluster, plural: str
) -> None:
    async with seeing(cluster) as seen:
        await holds(lambda: seen.source.counts.sweeps > 20)

        assert requests(cluster, plural) == 0


async def test_it_is_watched_while_it_is_wanted(cluster: ScriptedCluster) -> None:
    async with seeing(cluster, settings=CALM) as seen:
        assert reason(seen) == "NotSeenYet"
        seen.source.want(WEB, 30.0)
        await holds(lambda: reason(seen) == "seen")
        await holds(lambda: bool(cluster.watches.get(("rollouts", None))))
        await holds(lambda: WEB in seen.told)

        seen.source.unwant(WEB)
        await holds(lambda: reason(seen) == "NotSeenYet")


async def test_where_it_is_not_installed_that_is_said_and_nobody_waits(
    cluster: ScriptedCluster,
) -> None:
    cluster.absent = {"rollouts"}
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(WEB, 30.0)
        await holds(lambda: reason(seen) == "KindNotInstalled")

        assert seen.source.ready
        assert seen.look().trouble is None
        before = requests(cluster, "rollouts")
        await seen.source.prove([WorkloadSubject(OWN, "Deployment", "ml", "web")], time.time())
        assert requests(cluster, "rollouts") == before <= 2


async def test_it_is_taken_up_when_it_comes(cluster: ScriptedCluster) -> None:
    cluster.absent = {"rollouts"}
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(WEB, 30.0)
        await holds(lambda: reason(seen) == "KindNotInstalled")

        cluster.absent = set()
        seen.told.clear()
        await seen.source.prove([WEB], time.time())  # as `check --now` does; else within 30 s

        assert reason(seen) == "seen"
        await holds(lambda: WEB in seen.told)


async def test_when_it_is_removed_nothing_of_it_is_left(cluster: ScriptedCluster) -> None:
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(WEB, 30.0)
        await holds(lambda: bool(cluster.watches.get(("rollouts", None))))

        cluster.absent = {"rollouts"}
        queue = cluster.watches["rollouts", None][0]
        queue.put_nowait({"type": "ERROR", "object": {"kind": "Status", "code": 410}})

        await holds(lambda: reason(seen) == "KindNotInstalled")


async def test_a_kind_that_is_there_and_forbidden_is_not_said_to_be_missing(
    cluster: ScriptedCluster,
) -> None:
    cluster.forbidden = {("rollouts", None), ("rollouts", "ml")}
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(WEB, 30.0)
        await holds(lambda: reason(seen) == "Forbidden")
        assert seen.source.ready


async def test_whoever_may_not_read_it_learns_that_it_is_not_there(
    cluster: ScriptedCluster,
) -> None:
    cluster.forbidden = {("rollouts", None), ("rollouts", "ml")}
    cluster.absent = {"rollouts"}
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(WEB, 30.0)
        await holds(lambda: reason(seen) == "KindNotInstalled")


async def test_where_only_some_namespaces_may_be_read_others_are_not_requested(
    cluster: ScriptedCluster,
) -> None:
    cluster.forbidden = {("rollouts", None)}
    async with seeing(cluster, "ml", "other", settings=CALM) as seen:
        seen.source.want(WEB, 30.0)
        await holds(lambda: reason(seen) == "seen")

        assert requests(cluster, "rollouts") == cluster.lists["rollouts", "ml"]


async def test_a_daemon_set_that_is_not_there_is_absent_and_no_missing_kind(
    cluster: ScriptedCluster,
) -> None:
    async with seeing(cluster, settings=CALM) as seen:
        seen.source.want(AGENT, 30.0)
        await holds(lambda: reason(seen, AGENT) == "absent")
