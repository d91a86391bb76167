"""What of a Rollout of Argo Rollouts runs, and what a canary that is under way leaves unknown."""

from typing import Any

import pytest

from stagingmirror.sources.kubernetes.objects import parse
from stagingmirror.sources.kubernetes.objects.stores import Stores
from support.kubernetes.cluster_bodies import (
    Body,
    container,
    deployment,
    names,
    pod,
    pod_spec,
    replica_set,
    rollout,
    seen,
    why,
)

CANARY = {"canary": {"steps": [{"setWeight": 20}, {"pause": {"duration": "1h"}}, {"pause": {}}]}}
BLUE_GREEN = {"blueGreen": {"activeService": "web"}}
ROUTED: Body = {"canary": {"trafficRouting": {"istio": {}}}}


def updating(**how: Any) -> tuple[Body, Body, Body]:
    """A Rollout whose stable ReplicaSet is another than the newest one, and both of these."""
    web = rollout(**{"revision": "bbb", "stable": "aaa", "replicas": 2, **how})
    return web, replica_set(web, "aaa"), replica_set(web, "bbb")


def message(found: Any) -> str:
    assert found.unsettled is not None
    return str(found.unsettled.message)


def test_the_pods_of_the_stable_replica_set_count() -> None:
    web = rollout(replicas=2)
    stable = replica_set(web, "aaa")

    found = seen(web, stable, pod(stable, "b"), pod(stable, "a"))

    assert (names(found), why(found), found.revision) == (["a", "b"], None, "aaa")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ({"currentStepIndex": 0}, "canary step 1 of 3 (setWeight 20)"),
        (
            {"currentStepIndex": 1, "pauseConditions": [{"reason": "CanaryPauseStep"}]},
            "canary step 2 of 3 (pause)",
        ),
    ],
)
def test_a_canary_in_progress_is_named(status: Body, said: str) -> None:
    web, stable, new = updating(strategy=CANARY, status=status)

    found = seen(web, stable, new, pod(stable, "old"), pod(new, "new"))

    assert why(found) == "RollingOut"
    assert said in message(found)


@pytest.mark.parametrize(
    ("strategy", "status"),
    [
        (CANARY, {"currentStepIndex": 2, "pauseConditions": [{"reason": "CanaryPauseStep"}]}),
        (
            CANARY,
            {"currentStepIndex": 0, "pauseConditions": [{"reason": "InconclusiveAnalysisRun"}]},
        ),
        (
            {"blueGreen": {"autoPromotionEnabled": False}},
            {"pauseConditions": [{"reason": "BlueGreenPause"}]},
        ),
    ],
    ids=["pause without an end", "inconclusive", "blue-green by hand"],
)
def test_one_that_waits_for_a_person_says_so(strategy: Body, status: Body) -> None:
    web, stable, new = updating(strategy=strategy, status=status)

    assert why(seen(web, stable, new, pod(stable, "old"))) == "NeedsPromotion"


def test_a_blue_green_that_promotes_itself_waits_for_nobody() -> None:
    own = {"blueGreen": {"autoPromotionEnabled": False, "autoPromotionSeconds": 30}}
    status = {"pauseConditions": [{"reason": "BlueGreenPause"}]}
    web, stable, new = updating(strategy=own, status=status)

    assert why(seen(web, stable, new, pod(stable, "old"))) == "RollingOut"


def test_a_new_template_whose_pods_are_not_there_yet_is_no_proof_of_the_old_one() -> None:
    web, stable, new = updating(strategy=CANARY, status={"currentStepIndex": 0})

    assert why(seen(web, stable, new, pod(stable, "old"))) == "RollingOut"


@pytest.mark.parametrize("strategy", [CANARY, BLUE_GREEN, ROUTED])
def test_the_first_one_is_rolling_out_until_it_is_stable(strategy: Body) -> None:
    web = rollout(revision="aaa", stable="", strategy=strategy)
    first = replica_set(web, "aaa")

    assert why(seen(web, first, pod(first))) == "RollingOut"


def test_aborted_it_runs_the_stable_template_and_nothing_else() -> None:
    web, stable, new = updating(strategy=CANARY, status={"abort": True})

    during = seen(web, stable, new, pod(stable, "old"), pod(new, "new"))
    after = seen(web, stable, new, pod(stable, "old"))

    assert why(during) == "RollingOut"
    assert (names(after), why(after), after.revision) == (["old"], None, "aaa")


def test_aborted_without_pods_it_proves_nothing_though_it_wants_none() -> None:
    web, stable, new = updating(replicas=0, status={"abort": True})

    assert why(seen(web, stable, new)) is not None


@pytest.mark.parametrize("strategy", [BLUE_GREEN, ROUTED], ids=["blue-green", "routed"])
def test_pods_that_get_no_traffic_any_more_are_no_update(strategy: Body) -> None:
    web = rollout(revision="bbb", strategy=strategy)
    old, new = replica_set(web, "aaa"), replica_set(web, "bbb")

    found = seen(web, old, new, pod(old, "old"), pod(new, "new"))

    assert (names(found), why(found)) == (["new"], None)


def test_pods_of_the_old_template_behind_the_same_service_are_an_update() -> None:
    web = rollout(revision="bbb", strategy=CANARY)
    old, new = replica_set(web, "aaa"), replica_set(web, "bbb")

    assert why(seen(web, old, new, pod(old, "old"), pod(new, "new"))) == "RollingOut"


@pytest.mark.parametrize("observed", ["1", "", "5d4f9b", None])
def test_a_generation_that_its_controller_has_not_seen_is_not_settled(observed: Any) -> None:
    web = rollout(generation=2, status={"observedGeneration": observed})
    stable = replica_set(web, "aaa")

    found = seen(web, stable, pod(stable))

    assert (why(found), found.catching_up, found.revision) == ("RollingOut", True, "")


def test_scaled_to_zero_it_wants_no_pods() -> None:
    found = seen(rollout(replicas=0))

    assert why(found) is None
    assert found.no_pods == "it wants no pods (replicas: 0)"


class TestWorkloadRef:
    def test_the_template_is_read_there(self) -> None:
        web = rollout(reference={}, status={"workloadObservedGeneration": "3"})
        stable = replica_set(web, "aaa")
        spec = pod_spec(container("registry/app:9"))
        named = deployment(generation=3, replicas=0, spec=spec)

        found = seen(web, named, stable, pod(stable))

        assert found.containers["app"].image == "registry/app:9"
        assert why(found) is None
        assert found.template == seen(named).template

    def test_a_template_that_its_controller_has_not_seen_is_not_settled(self) -> None:
        web = rollout(reference={}, status={"workloadObservedGeneration": "2"})
        stable = replica_set(web, "aaa")

        found = seen(web, deployment(generation=3, replicas=0), stable, pod(stable))

        assert why(found) == "RollingOut"

    @pytest.mark.parametrize(
        ("reference", "reason"),
        [({"name": "gone"}, "NotThere"), ({"kind": "PodTemplate"}, "TemplateElsewhere")],
    )
    def test_what_it_refers_to_and_is_not_read_is_named(self, reference: Body, reason: str) -> None:
        web = rollout(reference=reference, status={"workloadObservedGeneration": "9"})
        stable = replica_set(web, "aaa")

        found = seen(web, deployment(replicas=0), stable, pod(stable))

        assert why(found) == reason
        assert str(web["spec"]["workloadRef"]["name"]) in message(found)

    def test_a_change_of_that_deployment_is_one_of_the_rollout(self) -> None:
        stores = Stores()
        web = parse.rollout(rollout("canary", reference={}))
        stores.declared["Rollout"].put(web)
        stores.declared["Rollout"].put(parse.rollout(rollout("other")))
        named = parse.deployment(deployment("web"))
        stores.deployments.put(named)

        assert stores.referring(named) == (web,)
        assert stores.referring(parse.deployment(deployment("db"))) == ()


@pytest.mark.parametrize(
    "spec",
    [
        {"replicas": "many"},
        {"template": {"spec": {}}},
        {"template": {"spec": {"containers": [{"image": "x"}]}}},
        {"workloadRef": "web"},
    ],
)
def test_one_that_has_not_the_shape_of_a_rollout_is_not_settled_and_no_error(spec: Body) -> None:
    web = rollout()
    web["spec"] |= spec
    stable = replica_set(rollout(uid=web["metadata"]["uid"]), "aaa")

    assert why(seen(web, stable, pod(stable))) is not None
