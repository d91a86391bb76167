"""Which of its Jobs proves what a CronJob runs."""

import pytest

from support.kubernetes.cluster_bodies import (
    Body,
    container,
    cron_job,
    job,
    names,
    pod,
    pod_spec,
    seen,
    why,
)


def test_is_its_last_finished_job() -> None:
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
    assert why(found) is None


def test_does_not_take_a_later_job_of_another_template() -> None:
    load = cron_job()
    ours = job(load, "load-1", finished="2026-01-01T00:00:00Z")
    other = job(load, "load-2", finished="2026-01-02T00:00:00Z", spec=pod_spec(container("other")))

    found = seen(load, ours, other, pod(ours, "a", phase="Succeeded"), pod(other, "b"))

    assert names(found) == ["a"]


def test_shows_a_failed_pod_as_not_ready() -> None:
    load = cron_job()
    failed = job(load, finished="2026-01-01T00:00:00Z")

    (only,) = seen(load, failed, pod(failed, phase="Failed", ready=False)).pods

    assert not only.ready


def test_is_rolling_out_while_a_job_of_another_template_runs() -> None:
    load = cron_job()

    assert why(seen(load, job(load, spec=pod_spec(container("other"))))) == "RollingOut"


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ({"limits": {"successfulJobsHistoryLimit": 0}}, "successfulJobsHistoryLimit"),
        ({"schedule": "*/5 * * * *", "ttl": 30}, "ttlSecondsAfterFinished"),
        ({"schedule": "0 6 * * 1-5", "ttl": 24 * 3600}, "ttlSecondsAfterFinished"),
        ({"schedule": "0 6 31 * *", "ttl": 40 * 24 * 3600}, "ttlSecondsAfterFinished"),
    ],
)
@pytest.mark.parametrize("there", [True, False], ids=["seen", "deleted"])
def test_that_keeps_no_job_until_the_next_shows_none_at_all(
    how: Body, what: str, there: bool
) -> None:
    load = cron_job(**how)
    last = job(load, finished="2026-01-01T00:00:00Z", **how)
    bodies = (last, pod(last, phase="Succeeded")) if there else ()

    found = seen(load, *bodies)

    assert found.pods == ()
    assert what in found.no_pods


@pytest.mark.parametrize(
    "how",
    [
        {"schedule": "*/5 * * * *", "ttl": 3600},
        {"schedule": "@daily", "ttl": 86400},
        {"limits": {"failedJobsHistoryLimit": 0}},
    ],
)
def test_that_keeps_its_last_job_until_the_next_shows_it(how: Body) -> None:
    load = cron_job(**how)
    last = job(load, finished="2026-01-01T00:00:00Z", **how)

    assert names(seen(load, last, pod(last, "a", phase="Succeeded"))) == ["a"]


def test_does_not_take_a_failed_job_that_is_left_for_the_last_one() -> None:
    load = cron_job(limits={"successfulJobsHistoryLimit": 0})
    left = job(load, finished="2026-01-01T00:00:00Z", failed=True)

    assert seen(load, left, pod(left, phase="Failed", ready=False)).pods == ()


def test_takes_a_job_made_by_hand_that_its_controller_does_not_prune() -> None:
    load = cron_job(limits={"successfulJobsHistoryLimit": 0})
    by_hand = job(load, finished="2026-01-01T00:00:00Z")
    del by_hand["metadata"]["ownerReferences"][0]["controller"]

    assert names(seen(load, by_hand, pod(by_hand, "a", phase="Succeeded"))) == ["a"]


def test_has_no_pods_before_its_first_job() -> None:
    found = seen(cron_job())

    assert found.pods == ()
    assert why(found) is None
