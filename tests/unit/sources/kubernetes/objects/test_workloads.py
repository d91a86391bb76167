"""Which pods run a workload's newest template, and whether anything else does."""

import pytest

from stagingmirror.sources.kubernetes.objects import parse
from stagingmirror.sources.kubernetes.objects.settled import OVERDUE
from stagingmirror.sources.kubernetes.objects.stores import Stores
from support.kubernetes.cluster_bodies import (
    NEW_YEAR,
    Body,
    cron_job,
    deployment,
    job,
    names,
    pod,
    replica_set,
    seen,
    stateful_set,
    why,
)


class TestDeployment:
    def test_is_settled_when_all_its_pods_are_of_the_newest_revision(self) -> None:
        web = deployment(replicas=2, revision="2")
        old, new = replica_set(web, "1"), replica_set(web, "2")

        found = seen(web, old, new, pod(new, "b"), pod(new, "a"))

        assert names(found) == ["a", "b"]
        assert why(found) is None
        assert found.revision == "2"

    @pytest.mark.parametrize(
        ("how", "what"),
        [
            ({"generation": 2, "observed": 1}, "the controller has not seen the newest template"),
            ({"pods": 2, "updated": 1}, "the controller counts pods of another template"),
            ({"revision": "2"}, "pods run another revision than the newest"),
        ],
    )
    def test_is_rolling_out(self, how: Body, what: str) -> None:
        web = deployment(**how)
        first = replica_set(web, "1")

        assert why(seen(web, first, pod(first))) == "RollingOut", what

    @pytest.mark.parametrize("how", [{}, {"terminating": True}], ids=["lives", "terminates"])
    def test_is_rolling_out_while_a_pod_of_an_older_revision_runs(self, how: Body) -> None:
        web = deployment(replicas=1, revision="2")
        old, new = replica_set(web, "1"), replica_set(web, "2")

        found = seen(web, old, new, pod(new, "new"), pod(old, "old", **how))

        assert why(found) == "RollingOut"
        assert not found.catching_up
        assert names(found) == ["new"]

    def test_a_pod_of_another_namespace_that_names_its_replica_set_is_none_of_its_pods(
        self,
    ) -> None:
        web = deployment(replicas=1)
        first = replica_set(web)
        foreign = pod(first, "foreign", image_id="registry/app@sha256:bb")
        foreign["metadata"]["namespace"] = "somebody-else"

        assert names(seen(web, first, pod(first, "own"), foreign)) == ["own"]

    def test_does_not_wait_for_old_pods_that_were_evicted(self) -> None:
        web = deployment(replicas=1, revision="2")
        old, new = replica_set(web, "1"), replica_set(web, "2")

        assert why(seen(web, old, new, pod(new, "new"), pod(old, "old", phase="Failed"))) is None

    def test_does_not_wait_for_ever_for_a_node_that_does_not_answer(self) -> None:
        web = deployment(replicas=1, revision="2")
        old, new = replica_set(web, "1"), replica_set(web, "2")
        bodies = (web, old, new, pod(new, "new"), pod(old, "old", terminating=True))

        assert why(seen(*bodies, now=NEW_YEAR + OVERDUE - 1)) == "RollingOut"
        assert why(seen(*bodies, now=NEW_YEAR + OVERDUE)) is None

    def test_leaves_out_pods_that_terminate_or_were_evicted(self) -> None:
        web = deployment(replicas=1)
        first = replica_set(web)

        found = seen(
            web,
            first,
            pod(first, "good"),
            pod(first, "ends", terminating=True),
            pod(first, "evicted", phase="Failed"),
        )

        assert names(found) == ["good"]

    @pytest.mark.parametrize(
        ("progressing", "reason"),
        [("ReplicaSetUpdated", "RollingOut"), ("NewReplicaSetAvailable", "NothingRuns")],
        ids=["recreate", "scaled up"],
    )
    def test_without_the_pods_that_it_wants_proves_nothing(
        self, progressing: str, reason: str
    ) -> None:
        web = deployment(replicas=3, pods=0, revision="2", progressing=progressing)

        found = seen(web, replica_set(web, "1"), replica_set(web, "2"))

        assert (why(found), found.catching_up) == (reason, True)

    def test_paused_is_settled_on_the_template_that_its_pods_run(self) -> None:
        web = deployment(paused=True)
        first = replica_set(web, "1")

        assert why(seen(web, first, pod(first))) is None

    @pytest.mark.parametrize(
        ("how", "reason"),
        [
            ({"paused": True}, "Paused"),
            ({"progressing": "ProgressDeadlineExceeded"}, "ProgressDeadlineExceeded"),
        ],
    )
    def test_that_does_not_move_any_more_is_not_called_a_rollout(
        self, how: Body, reason: str
    ) -> None:
        web = deployment(pods=1, updated=0, generation=2, observed=2, **how)
        first = replica_set(web, "1")

        found = seen(web, first, pod(first))

        assert why(found) == reason
        assert found.unsettled is not None
        assert "Deployment ml/web" in found.unsettled.message

    def test_that_is_paused_has_first_to_be_noticed_by_its_controller(self) -> None:
        web = deployment(pods=1, updated=0, generation=2, observed=1, paused=True)
        first = replica_set(web, "1")

        assert why(seen(web, first, pod(first))) == "RollingOut"

    @pytest.mark.parametrize(
        "how", [{"generation": 2, "observed": 1}, {"replicas": 5, "pods": 1}, {"pods": 4}]
    )
    def test_that_is_scaled_at_most_catches_up(self, how: Body) -> None:
        web = deployment(**how)
        first = replica_set(web, "1")

        found = seen(web, first, pod(first))

        assert found.unsettled is None or found.catching_up

    def test_is_settled_without_pods_where_none_are_wanted_and_says_so(self) -> None:
        found = seen(deployment(replicas=0))

        assert found.pods == ()
        assert why(found) is None
        assert "replicas: 0" in found.no_pods

    def test_does_not_take_pods_of_a_namesake_that_was_deleted(self) -> None:
        former, web = deployment(replicas=1), deployment(replicas=1)
        theirs = replica_set(former)

        assert seen(web, theirs, pod(theirs)).pods == ()

    def test_names_no_revision_before_its_controller_has_caught_up(self) -> None:
        assert seen(deployment(generation=2, observed=1)).revision == ""


class TestStatefulSet:
    def test_takes_its_pods_by_the_newest_revision(self) -> None:
        db = stateful_set(replicas=2, revision="db-2")

        found = seen(db, pod(db, "db-0", revision="db-2"), pod(db, "db-1", revision="db-2"))

        assert names(found) == ["db-0", "db-1"]
        assert why(found) is None

    def test_is_rolling_out_until_the_last_pod_of_the_former_template_is_replaced(self) -> None:
        db = stateful_set(replicas=2, revision="db-2", former="db-1", updated=1)
        new, ending = (
            pod(db, "db-1", revision="db-2"),
            pod(db, "db-0", revision="db-1", terminating=True),
        )

        assert why(seen(db, new, ending)) == "RollingOut"
        assert why(seen(db, new)) == "RollingOut", "between the last pod and its successor"

    def test_is_settled_while_it_is_scaled(self) -> None:
        db = stateful_set(replicas=4, revision="db-2", updated=1, pods=1)

        assert why(seen(db, pod(db, "db-0", revision="db-2"))) is None

    @pytest.mark.parametrize(
        ("strategy", "reason"),
        [
            ({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}, "Partitioned"),
            ({"type": "OnDelete"}, "OnDelete"),
        ],
    )
    def test_that_keeps_pods_of_a_former_template_is_not_called_a_rollout(
        self, strategy: Body, reason: str
    ) -> None:
        db = stateful_set(replicas=2, revision="db-2", former="db-1", updated=1, strategy=strategy)
        old, new = pod(db, "db-0", revision="db-1"), pod(db, "db-1", revision="db-2")

        assert why(seen(db, old, new)) == reason

    def test_with_on_delete_is_settled_once_every_pod_was_deleted(self) -> None:
        """Its current revision never becomes the newest one."""
        db = stateful_set(replicas=2, revision="db-2", former="db-1", strategy={"type": "OnDelete"})

        found = seen(db, *(pod(db, f"db-{n}", revision="db-2") for n in range(2)))

        assert why(found) is None


def test_a_pod_belongs_to_the_workload_above_what_made_it() -> None:
    web, load = deployment(), cron_job()
    first, run = replica_set(web), job(load)
    stores = Stores()
    stores.deployments.put(parse.deployment(web))
    stores.declared["CronJob"].put(parse.cron_job(load))
    stores.replica_sets.put(parse.replica_set(first))
    stores.jobs.put(parse.job(run))

    owners = [stores.workload_of(parse.pod(body)) for body in (pod(first), pod(run), pod())]

    assert [owner and owner.name for owner in owners] == ["web", "load", None]
