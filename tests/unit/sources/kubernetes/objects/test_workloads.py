"""Which pods run a workload's newest template, and whether anything else does."""

from typing import Any

import pytest

from stagingmirror.sources.kubernetes.objects import parse
from stagingmirror.sources.kubernetes.objects.workloads import Stores, rolled_up
from stagingmirror.sources.kubernetes.subjects import Workload
from support.kubernetes.cluster_bodies import (
    container,
    cron_job,
    deployment,
    job,
    pod,
    pod_spec,
    replica_set,
    stateful_set,
)

Body = dict[str, Any]


def seen(*bodies: Body) -> Workload:
    """The roll-up of the first body, where the others are seen too."""
    stores = Stores()
    of = {
        "Deployment": lambda body: stores.deployments.put(parse.deployment(body)),
        "StatefulSet": lambda body: stores.stateful_sets.put(parse.stateful_set(body)),
        "CronJob": lambda body: stores.cron_jobs.put(parse.cron_job(body)),
        "ReplicaSet": lambda body: stores.replica_sets.put(parse.replica_set(body)),
        "Job": lambda body: stores.jobs.put(parse.job(body)),
        "Pod": lambda body: stores.pods.put(parse.pod(body)),
    }
    for body in bodies:
        of[body["kind"]](body)
    uid = bodies[0]["metadata"]["uid"]
    declared = (
        stores.deployments.get("ml", uid)
        or stores.stateful_sets.get("ml", uid)
        or stores.cron_jobs.get("ml", uid)
    )
    assert declared is not None
    return rolled_up(declared, stores)


def names(found: Workload) -> list[str]:
    return [one.name for one in found.pods]


class TestDeployment:
    def test_is_settled_when_all_its_pods_are_of_the_newest_revision(self) -> None:
        web = deployment(replicas=2, revision="2")
        old, new = replica_set(web, "1"), replica_set(web, "2")

        found = seen(web, old, new, pod(new, "b"), pod(new, "a"))

        assert names(found) == ["a", "b"]
        assert not found.rolling_out
        assert found.revision == "2"

    @pytest.mark.parametrize(
        ("how", "why"),
        [
            ({"generation": 2, "observed": 1}, "the controller has not seen the newest template"),
            ({"pods": 2, "updated": 1}, "the controller counts pods of another template"),
            ({"pods": 2, "updated": 2}, "the controller counts a pod that is not seen yet"),
            ({"revision": "2"}, "the newest revision's ReplicaSet is not seen yet"),
        ],
    )
    def test_is_rolling_out(self, how: Body, why: str) -> None:
        web = deployment(**how)
        first = replica_set(web, "1")

        assert seen(web, first, pod(first)).rolling_out, why

    def test_is_rolling_out_while_a_pod_of_an_older_revision_lives(self) -> None:
        web = deployment(replicas=1, revision="2")
        old, new = replica_set(web, "1"), replica_set(web, "2")

        found = seen(web, old, new, pod(new, "new"), pod(old, "old"))

        assert found.rolling_out
        assert names(found) == ["new"]

    @pytest.mark.parametrize("how", [{"terminating": True}, {"phase": "Failed"}])
    def test_does_not_wait_for_old_pods_that_end_or_were_evicted(self, how: Body) -> None:
        web = deployment(replicas=1, revision="2")
        old, new = replica_set(web, "1"), replica_set(web, "2")

        assert not seen(web, old, new, pod(new, "new"), pod(old, "old", **how)).rolling_out

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

    def test_is_rolling_out_between_the_old_and_the_new_pods_of_a_recreate(self) -> None:
        web = deployment(replicas=3, pods=0, revision="2")

        assert seen(web, replica_set(web, "1"), replica_set(web, "2")).rolling_out

    def test_is_rolling_out_while_paused_on_an_older_template(self) -> None:
        web = deployment(replicas=1, pods=1, updated=0, generation=2, observed=2, revision="1")
        first = replica_set(web, "1")

        assert seen(web, first, pod(first)).rolling_out

    def test_is_settled_without_pods_where_none_are_wanted(self) -> None:
        found = seen(deployment(replicas=0))

        assert found.pods == ()
        assert not found.rolling_out

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
        assert not found.rolling_out

    def test_is_rolling_out_while_a_partition_keeps_an_older_revision(self) -> None:
        db = stateful_set(replicas=2, revision="db-2", updated=1)

        found = seen(db, pod(db, "db-0", revision="db-1"), pod(db, "db-1", revision="db-2"))

        assert found.rolling_out
        assert names(found) == ["db-1"]

    def test_is_rolling_out_while_a_counted_pod_is_not_seen(self) -> None:
        db = stateful_set(replicas=2, revision="db-2")

        assert seen(db, pod(db, "db-0", revision="db-2")).rolling_out


class TestCronJob:
    def test_is_its_last_finished_job(self) -> None:
        load = cron_job()
        first = job(load, "load-1", finished="2026-01-01T00:00:00Z")
        last = job(load, "load-2", finished="2026-01-02T00:00:00Z")
        running = job(load, "load-3")

        found = seen(
            load,
            last,
            first,
            running,
            pod(first, "load-1-a", phase="Succeeded"),
            pod(last, "load-2-a", phase="Succeeded"),
            pod(running, "load-3-a"),
        )

        assert names(found) == ["load-2-a"]
        assert not found.rolling_out

    def test_does_not_take_a_later_job_of_another_template(self) -> None:
        load = cron_job()
        ours = job(load, "load-1", finished="2026-01-01T00:00:00Z")
        other = job(
            load, "load-2", finished="2026-01-02T00:00:00Z", spec=pod_spec(container("other"))
        )

        found = seen(load, ours, other, pod(ours, "a", phase="Succeeded"), pod(other, "b"))

        assert names(found) == ["a"]

    def test_shows_a_failed_pod_as_not_ready(self) -> None:
        load = cron_job()
        failed = job(load, finished="2026-01-01T00:00:00Z")

        (only,) = seen(load, failed, pod(failed, phase="Failed", ready=False)).pods

        assert not only.ready

    def test_is_rolling_out_while_a_job_of_another_template_runs(self) -> None:
        load = cron_job()

        assert seen(load, job(load, spec=pod_spec(container("other")))).rolling_out

    def test_has_no_pods_before_its_first_job(self) -> None:
        found = seen(cron_job())

        assert found.pods == ()
        assert not found.rolling_out


def test_a_pod_belongs_to_the_workload_above_what_made_it() -> None:
    web, load = deployment(), cron_job()
    first, run = replica_set(web), job(load)
    stores = Stores()
    stores.deployments.put(parse.deployment(web))
    stores.cron_jobs.put(parse.cron_job(load))
    stores.replica_sets.put(parse.replica_set(first))
    stores.jobs.put(parse.job(run))

    owners = [stores.workload_of(parse.pod(body)) for body in (pod(first), pod(run), pod())]

    assert [owner and owner.name for owner in owners] == ["web", "load", None]
