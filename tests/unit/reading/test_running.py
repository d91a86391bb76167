"""When what runs was started, by clocks that may differ."""

from dataclasses import replace

import pytest

from stagingmirror.drift.facts import Unseen
from stagingmirror.reading.reading import Ended, Reading
from stagingmirror.reading.running import container_of, pods_that_count, started
from stagingmirror.sources.kubernetes.subjects import Workload
from support.kinds.builders import NOW, World, pod, workload


def when_started(
    running: Workload,
    *,
    earliest: float | None,
    latest: float | None,
    margin: float = 0.0,
    skew: float = 0.0,
    by_api_server: bool = False,
) -> str:
    world = World()
    world.clock_margin = margin
    return started(
        Reading(world, NOW),
        running,
        earliest=earliest,
        latest=latest,
        skew=skew,
        by_api_server=by_api_server,
    )


@pytest.mark.parametrize(
    ("at", "expected"),
    [(NOW - 20, "before"), (NOW - 9, "unclear"), (NOW - 5, "unclear"), (NOW, "after")],
)
def test_a_pod_started_before_after_or_in_the_midst_of_a_change(at: float, expected: str) -> None:
    running = workload(pods=(pod(started=at),))

    assert when_started(running, earliest=NOW - 9.5, latest=NOW - 5) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (NOW - 1000 - 41, "before"),
        (NOW - 1000 - 40, "ClockSkew"),
        (NOW - 1000 - 1, "ClockSkew"),
        (NOW - 1000 + 1, "unclear"),
        (NOW - 1000 + 40, "unclear"),
        (NOW - 1000 + 41, "after"),
    ],
)
def test_starts_that_are_no_further_apart_than_clocks_prove_no_order(
    at: float, expected: str
) -> None:
    running, change = workload(pods=(pod(started=at),)), NOW - 1000

    try:
        when = when_started(running, earliest=change, latest=change, margin=30.0, skew=10.0)
    except Ended as ended:
        when = ended.why.reason

    assert when == expected


@pytest.mark.parametrize(
    ("created", "by_api_server", "expected"),
    [
        (NOW - 1000 + 1, True, "after"),
        (NOW - 1000, True, "unclear"),
        (NOW - 1000 + 1, False, "unclear"),
        (None, True, "unclear"),
    ],
)
def test_a_pod_that_was_made_after_the_change_by_the_same_clock_needs_no_margin(
    created: float | None, by_api_server: bool, expected: str
) -> None:
    made = replace(pod(started=NOW - 1000 + 2), created=created)
    change = NOW - 1000

    when = when_started(
        workload(pods=(made,)),
        earliest=change,
        latest=change,
        margin=30.0,
        by_api_server=by_api_server,
    )

    assert when == expected


@pytest.mark.parametrize(
    ("created", "started_at", "expected"),
    [
        # The node's clock is two hours ahead: the pod is older than the change.
        (NOW - 1500, NOW - 1500 + 7200, "unclear"),
        # Two hours behind: it is younger.
        (NOW - 500, NOW - 500 - 7200, "unclear"),
        (NOW - 500, NOW - 498, "after"),
        (NOW - 1500, NOW - 1498, "before"),
    ],
)
def test_a_node_whose_clock_is_hours_off_proves_no_order_that_is_not_there(
    created: float, started_at: float, expected: str
) -> None:
    made = replace(pod(started=started_at), created=created)
    change = NOW - 1000

    found = when_started(workload(pods=(made,)), earliest=change, latest=change, margin=30.0)

    assert found == expected


def test_one_late_pod_makes_the_whole_workload_late() -> None:
    running = workload(pods=(pod(started=NOW), pod(started=NOW - 50)))

    assert when_started(running, earliest=NOW - 10, latest=NOW - 10) == "before"


@pytest.mark.parametrize(
    "idle",
    [
        workload(),
        workload(pods=(pod(started=None),)),
        workload(pods=(pod(started=NOW, ready=False),)),
        workload(kind="CronJob", pods=(pod(started=NOW - 50),)),
    ],
)
def test_nothing_is_proven_where_nothing_ready_runs(idle: object) -> None:
    when = when_started(idle, earliest=NOW - 10, latest=NOW - 10)  # type: ignore[arg-type]

    assert when == "unclear"


def test_an_old_pod_of_which_a_container_started_anew_is_no_proof_of_the_old() -> None:
    rebooted = workload(pods=(replace(pod(started=NOW - 3600), restarted=NOW),))

    assert when_started(rebooted, earliest=NOW - 10, latest=NOW - 10) == "unclear"


def test_an_unknown_moment_proves_nothing() -> None:
    running = workload(pods=(pod(started=NOW - 50),))

    assert when_started(running, earliest=None, latest=None) == "unclear"


def test_a_container_of_a_template_that_is_not_known_is_not_absent() -> None:
    unknown = workload(kind="InferenceService", rolling_out=True)

    with pytest.raises(Ended) as ended:
        container_of(Reading(World(), NOW), unknown, "server")

    assert isinstance(ended.value.observation, Unseen)
    assert ended.value.why.reason == "RollingOut"


def test_parts_that_have_pods_of_their_own_are_named() -> None:
    reading = Reading(World(), NOW)

    pods_that_count(reading, replace(workload(), beside="transformer"))

    (finding,) = reading.seen({}).findings
    assert finding.startswith("the transformer of Deployment ")
