"""Metrics: right when they are asked for, gone with what they are about, never a value."""

import asyncio
import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import ComponentReport
from stagingmirror.engine.workqueue.queue import Counting
from stagingmirror.metrics import Metrics, Server
from stagingmirror.metrics.metrics import MOST_OPERATIONS
from support.clock import Clock
from support.kinds.judged import status_of
from support.kinds.observations import NOW, component, drifted, equal, report, seen, unknown

ROOT = Path(__file__).parents[3]
LABELS = {"namespace": "ml-staging", "name": "fraud"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics(clock: Clock) -> Metrics:
    return Metrics(clock=clock, version="0.1.0")


def show(metrics: Metrics, *components: ComponentReport) -> None:
    made = status_of(report(*components), now=NOW, previous=None, trust_previous=True)
    metrics.mirror("ml-staging", "fraud", made)


def value(metrics: Metrics, metric: str, /, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(metric, labels)


@pytest.mark.parametrize(
    ("component_", "sync"), [(equal(), "InSync"), (drifted(), "Drifted"), (unknown(), "Unknown")]
)
def test_the_verdict_of_a_mirror_is_one_of_four(
    metrics: Metrics, component_: ComponentReport, sync: str
) -> None:
    show(metrics, component_)

    told = {
        each: value(metrics, "stagingmirror_sync", sync=each, **LABELS)
        for each in ("InSync", "Drifted", "Held", "Unknown")
    }
    assert told == {each: float(each == sync) for each in told}


def test_components_and_conditions_are_told(metrics: Metrics) -> None:
    show(metrics, drifted("fraud-model"))

    assert (
        value(
            metrics,
            "stagingmirror_component_verdict",
            component="fraud-model",
            kind="setting",
            verdict="Drifted",
            **LABELS,
        )
        == 1.0
    )
    assert value(metrics, "stagingmirror_condition", type="InSync", status="False", **LABELS) == 1.0


def test_ages_are_right_when_they_are_asked_for(metrics: Metrics, clock: Clock) -> None:
    show(metrics, drifted())

    clock.now += 200

    assert value(metrics, "stagingmirror_drift_age_seconds", **LABELS) == 200.0
    assert value(metrics, "stagingmirror_valid_seconds", **LABELS) == -60.0  # 140 - 200


def test_a_hold_is_told_until_it_ends_or_is_gone(metrics: Metrics, clock: Clock) -> None:
    name = "stagingmirror_hold_expiry_timestamp_seconds"
    metrics.hold("ml-staging", "ci-1", NOW + 60)
    metrics.hold("ml-staging", "ci-2", NOW + 600)
    metrics.forget_hold("ml-staging", "ci-2")

    assert value(metrics, name, namespace="ml-staging", name="ci-1") == NOW + 60
    assert value(metrics, name, namespace="ml-staging", name="ci-2") is None
    clock.now += 61
    assert value(metrics, name, namespace="ml-staging", name="ci-1") is None


def test_refreshes_deploys_calls_and_leading_are_counted(metrics: Metrics) -> None:
    metrics.refreshed("ml-staging", "fraud", "RolledBack")
    metrics.deployed("ml-staging", "fraud", "production")
    metrics.status_written("heartbeat")
    metrics.upstream_call("production", "registered-models/search", "ok", 0.1)
    metrics.api_call("GET", "200", 0.01)
    metrics.leading(now=True)

    assert value(metrics, "stagingmirror_refreshes_total", result="RolledBack", **LABELS) == 1.0
    assert value(metrics, "stagingmirror_deploys_total", side="production", **LABELS) == 1.0
    assert value(metrics, "stagingmirror_status_writes_total", outcome="heartbeat") == 1.0
    assert value(metrics, "rest_client_requests_total", code="200", method="GET") == 1.0
    assert value(metrics, "leader_election_master_status", name="stagingmirror") == 1.0
    assert (
        value(
            metrics,
            "stagingmirror_upstream_requests_total",
            server="production",
            operation="registered-models/search",
            outcome="ok",
        )
        == 1.0
    )
    seconds = "stagingmirror_upstream_request_duration_seconds_sum"
    upstream = {"server": "production", "operation": "registered-models/search"}
    assert value(metrics, seconds, **upstream) == 0.1


def test_what_a_room_counts_itself_is_read_when_it_is_asked_for(metrics: Metrics) -> None:
    counted = [0]
    metrics.total("stagingmirror_sweeps", "How often.", lambda: counted[0])

    counted[0] = 7

    assert value(metrics, "stagingmirror_sweeps_total") == 7.0


def test_there_is_no_series_of_when_a_series_was_made(metrics: Metrics) -> None:
    metrics.refreshed("ml-staging", "fraud", "RolledBack")
    metrics.api_call("GET", "200", 0.01)

    names = {sample.name for each in metrics.registry.collect() for sample in each.samples}
    assert not [name for name in names if name.endswith("_created")]


def test_a_queue_is_counted_by_the_names_of_controller_runtime(metrics: Metrics) -> None:
    queue: Counting = metrics.queue("mirrors")

    queue.added(depth=2)
    queue.taken(waited=0.5, depth=1)
    queue.done(worked=0.01)
    queue.retried()

    assert value(metrics, "workqueue_adds_total", name="mirrors") == 1.0
    assert value(metrics, "workqueue_depth", name="mirrors") == 1.0
    assert value(metrics, "workqueue_retries_total", name="mirrors") == 1.0
    assert value(metrics, "workqueue_queue_duration_seconds_sum", name="mirrors") == 0.5
    assert value(metrics, "workqueue_work_duration_seconds_count", name="mirrors") == 1.0


def test_upstream_series_are_bounded_whatever_is_called(metrics: Metrics) -> None:
    for number in range(500):
        metrics.upstream_call("production", f"operation-{number}", "ok", 0.0)

    (family,) = [
        each
        for each in metrics.registry.collect()
        if each.name == "stagingmirror_upstream_requests"
    ]
    totals = [each for each in family.samples if each.name.endswith("_total")]
    assert len(totals) == MOST_OPERATIONS + 1
    assert sum(each.value for each in totals) == 500


def test_an_environment_that_is_gone_takes_its_calls_with_it(metrics: Metrics) -> None:
    for server in ("production", "staging"):
        metrics.upstream_call(server, "registered-models/search", "ok", 0.1)
        metrics.upstream_call(server, "model-versions/get", "NotAnswering", 0.1)

    metrics.forget_server("staging")
    metrics.forget_server("never-called")

    servers = {
        sample.labels["server"]
        for family in metrics.registry.collect()
        for sample in family.samples
        if "server" in sample.labels
    }
    assert servers == {"production"}


def test_no_value_of_either_side_is_ever_a_label(metrics: Metrics) -> None:
    show(metrics, component("a", seen({"value": "PLANTED"}), seen({"value": "PLANTED-2"})))

    assert "PLANTED" not in str(list(metrics.registry.collect()))


def test_a_status_that_somebody_else_wrote_breaks_nothing(metrics: Metrics) -> None:
    metrics.mirror(
        "ml-staging", "fraud", MirrorStatus.read({"validUntil": "soon", "driftedSince": 7})
    )

    assert value(metrics, "stagingmirror_sync", sync="Unknown", **LABELS) == 1.0
    assert value(metrics, "stagingmirror_valid_seconds", **LABELS) is None


class Health:
    live: str | None = None
    ready: str | None = None


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
async def session(metrics: Metrics, health: Health) -> AsyncIterator[aiohttp.ClientSession]:
    server = Server(metrics.registry, port=0, live=lambda: health.live, ready=lambda: health.ready)
    async with server:
        timeout = aiohttp.ClientTimeout(total=5)
        url = f"http://127.0.0.1:{server.port}"
        async with aiohttp.ClientSession(url, timeout=timeout) as session:
            yield session


async def test_the_port_answers_with_what_prometheus_reads(
    metrics: Metrics, session: aiohttp.ClientSession
) -> None:
    show(metrics, drifted())

    async with session.get("/metrics") as answer:
        text = await answer.text()

    assert answer.status == 200
    assert answer.content_type == "text/plain"
    families = {family.name for family in text_string_to_metric_families(text)}
    assert {"stagingmirror_sync", "stagingmirror_build_info", "python_info"} <= families


async def test_health_is_ok_or_says_what_is_wrong(
    health: Health, session: aiohttp.ClientSession
) -> None:
    health.ready = "not leading, and not warm yet"

    async with session.get("/livez") as live, session.get("/readyz") as ready:
        assert (live.status, await live.text()) == (200, "ok")
        assert (ready.status, await ready.text()) == (503, "not leading, and not warm yet")


async def test_scrapes_at_the_same_time_are_all_answered(
    metrics: Metrics, session: aiohttp.ClientSession
) -> None:
    async def scrape() -> int:
        async with session.get("/metrics") as answer:
            await answer.read()
            return answer.status

    for number in range(200):
        metrics.mirror("ml-staging", f"mirror-{number}", MirrorStatus())

    assert await asyncio.gather(*(scrape() for _ in range(8))) == [200] * 8


async def test_a_port_that_is_taken_is_an_error_at_the_start(metrics: Metrics) -> None:
    well = partial(Server, metrics.registry, live=lambda: None, ready=lambda: None)
    async with well(port=0) as first:
        with pytest.raises(OSError):
            async with well(port=first.port):
                pass


@pytest.mark.parametrize("told", ["docs/metrics.md", "examples/alerts.yaml"])
def test_every_metric_that_is_told_of_is_there(told: str, metrics: Metrics) -> None:
    metrics.total("stagingmirror_sweeps", "…", lambda: 0)
    metrics.total("stagingmirror_watch_repairs", "…", lambda: 0)
    metrics.total("stagingmirror_leader_transitions", "…", lambda: 0)
    there = {family.name for family in metrics.registry.collect()}

    named = re.findall(r"stagingmirror_[a-z_]+", (ROOT / told).read_text())

    assert len(named) > 3
    assert {name.removesuffix("_total") for name in named} <= there
