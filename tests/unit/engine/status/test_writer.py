"""Statuses are written where their truth changed, fenced, and never left false."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from stagingmirror.api.status.report import ComponentReport, Report
from stagingmirror.drift.facts import Fact, Observations, Seen
from stagingmirror.drift.verdict import InSync
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.client import ResourceClient
from stagingmirror.engine.resources.mirror import Mirror, find, key_of
from stagingmirror.engine.status.events import ChangeReporter, EventRecorder
from stagingmirror.engine.status.writer import LastStatus, StatusWriter
from stagingmirror.errors import Conflicted, NotLeading
from stagingmirror.metrics import Metrics
from support.clock import NOW
from support.kubernetes.api_server import Answer, an_api_server, not_found, refused
from support.operators.runtimes import a_runtime
from support.resources import resources


@dataclass
class Told:
    """Keeps what would be told."""

    outcomes: list[str] = field(default_factory=list)

    def written(self, mirror: Mirror, status: Any, outcome: str) -> None:
        self.outcomes.append(outcome)

    def shown(self, key: Any, status: Any) -> None:
        """Nothing."""

    def refused(self) -> None:
        self.outcomes.append("refused")

    def gone(self, key: Any) -> None:
        self.outcomes.append("gone")


class Mute:
    """A teller that has nothing to tell."""

    def announce(self, *_: Any) -> tuple[()]:
        return ()


class ApiServer:
    """Holds one mirror; ``answers`` replace its own for the next PUTs."""

    def __init__(self) -> None:
        self.body: dict[str, Any] = resources.mirror()
        self.body["metadata"] |= {"uid": "uid", "resourceVersion": "1", "generation": 1}
        self.answers: list[Answer] = []
        self.puts: list[dict[str, Any]] = []

    def respond(self, method: str, path: str, body: Any) -> Answer:
        if method == "GET":
            return 200, self.body
        assert path.endswith("/stagingmirrors/fraud/status")
        self.puts.append(body)
        if self.answers:
            return self.answers.pop(0)
        if body["metadata"]["resourceVersion"] != self.body["metadata"]["resourceVersion"]:
            return refused(409, "Conflict")
        version = str(int(self.body["metadata"]["resourceVersion"]) + 1)
        self.body = {
            **self.body,
            "metadata": {**self.body["metadata"], "resourceVersion": version},
            "status": body["status"],
        }
        return 200, self.body


@dataclass
class Rig:
    server: ApiServer
    cache: ResourceCache
    writer: StatusWriter
    told: Told
    last: LastStatus = field(default_factory=LastStatus)

    @property
    def mirror(self) -> Mirror:
        found = find(self.cache, key_of(self.server.body))
        assert found is not None
        return found

    async def write(self, report: Report, *, now: float) -> str:
        return (await self.writer.write(self.mirror, report, self.last, now=now)).outcome


def rig(
    client: Any,
    server: ApiServer,
    *,
    leading: Callable[[], bool] = lambda: True,
    clock: Callable[[], float] = lambda: NOW,
    chronicle: ChangeReporter | None = None,
) -> Rig:
    cache, told, runtime = ResourceCache(), Told(), a_runtime(clock, leading)
    cache.put("stagingmirrors", server.body)
    writer = StatusWriter(
        ResourceClient(client, cache, runtime=runtime),
        runtime=runtime,
        survived=lambda key, stale_after: True,
        chronicle=chronicle or cast("ChangeReporter", told),
    )
    return Rig(server, cache, writer, told)


def report(began: float = NOW, value: str = "2026-11-20") -> Report:
    seen = Seen({"value": Fact(value)}, began)
    component = ComponentReport("training-data", "setting", Observations(seen, seen), InSync(1), ())
    return Report(
        generation=1,
        components=(component,),
        stale_after=120,
        heartbeat=30,
        max_drift_age=86400,
    )


async def test_the_same_truth_is_not_written_again() -> None:
    server = ApiServer()
    async with an_api_server(server.respond) as client:
        one = rig(client, server)

        outcomes = [
            (
                await one.writer.write(one.mirror, report(NOW + later), one.last, now=NOW + later)
            ).outcome
            for later in (0, 1, 26, 28)
        ]

    assert outcomes == ["changed", "same", "same", "heartbeat"]
    assert len(server.puts) == 2


async def test_a_write_carries_the_version_and_uid_that_were_judged_and_no_more() -> None:
    server = ApiServer()
    async with an_api_server(server.respond) as client:
        one = rig(client, server)
        await one.write(report(), now=NOW)

    assert server.puts[0]["metadata"] == {
        "name": "fraud",
        "namespace": "ml-staging",
        "uid": "uid",
        "resourceVersion": "1",
    }


async def test_a_mirror_that_has_changed_is_read_again_and_nothing_is_written() -> None:
    server = ApiServer()
    async with an_api_server(server.respond) as client:
        one = rig(client, server)
        judged = one.mirror
        server.body["metadata"] |= {"resourceVersion": "7", "generation": 2}

        with pytest.raises(Conflicted):
            await one.writer.write(judged, report(), one.last, now=NOW)

        assert one.mirror.generation == 2
        assert "status" not in server.body


@pytest.mark.parametrize(("code", "reason"), [(422, "Invalid"), (403, "Forbidden")])
async def test_a_status_that_is_refused_is_written_as_unknown(code: int, reason: str) -> None:
    server = ApiServer()
    async with an_api_server(server.respond) as client:
        one = rig(client, server)
        server.answers = [refused(code, reason)]

        await one.write(report(), now=NOW)

    assert server.body["status"]["sync"] == "Unknown"
    assert one.told.outcomes == ["refused", "changed"], "metrics and Events tell what stands now"


async def test_a_refusal_that_is_told_already_is_not_told_again_and_again() -> None:
    server = ApiServer()
    async with an_api_server(server.respond) as client:
        one = rig(client, server)
        for _ in range(3):
            server.answers = [refused(422, "Invalid")]
            await one.write(report(), now=NOW)

    assert [put["status"]["sync"] for put in server.puts].count("Unknown") == 1


async def test_metrics_tell_a_refused_status_as_unknown_also_after_a_restart() -> None:
    server = ApiServer()
    async with an_api_server(server.respond) as client:
        for _ in range(2):
            metrics = Metrics(clock=lambda: NOW, version="1")
            one = rig(
                client, server, chronicle=ChangeReporter(cast("EventRecorder", Mute()), metrics)
            )
            server.answers = [refused(422, "Invalid")]
            await one.write(report(), now=NOW)

            assert _verdict(metrics) == "Unknown"


def _verdict(metrics: Metrics) -> str | None:
    """What /metrics says of the one mirror."""
    said = {
        sample.labels["sync"]
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "stagingmirror_sync" and sample.value == 1
    }
    return said.pop() if said else None


async def test_a_mirror_that_is_gone_is_no_error() -> None:
    server = ApiServer()
    async with an_api_server(server.respond) as client:
        one = rig(client, server)
        server.answers = [not_found("fraud")]

        assert await one.write(report(), now=NOW) == "gone"


async def test_a_mirror_that_was_deleted_while_its_status_was_written_leaves_no_series() -> None:
    server, metrics = ApiServer(), Metrics(clock=lambda: NOW, version="1")
    async with an_api_server(server.respond) as client:
        one = rig(client, server, chronicle=ChangeReporter(cast("EventRecorder", Mute()), metrics))
        key = one.mirror.key
        await one.write(report(), now=NOW)
        assert any("fraud" in str(family.samples) for family in metrics.registry.collect())

        one.writer.gone(key)

    assert not any("fraud" in str(family.samples) for family in metrics.registry.collect())


async def test_a_process_that_does_not_lead_writes_nothing() -> None:
    server = ApiServer()
    async with an_api_server(server.respond) as client:
        one = rig(client, server, leading=lambda: False)

        with pytest.raises(NotLeading):
            await one.write(report(), now=NOW)

    assert server.puts == []


async def test_a_heartbeat_that_must_wait_is_told_its_turn_and_is_written_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, now = ApiServer(), [NOW]
    monkeypatch.setattr("stagingmirror.engine.status.heartbeat.Pace.next_slot", lambda _: NOW + 40)
    async with an_api_server(server.respond) as client:
        one = rig(client, server, clock=lambda: now[0])

        async def outcome(later: float) -> str:
            now[0] = NOW + later
            return (
                await one.writer.write(one.mirror, report(now[0]), one.last, now=now[0])
            ).outcome

        assert [await outcome(0), await outcome(30)] == ["changed", "postponed"]
        assert one.last.heartbeat_at == NOW + 40
        assert [await outcome(35), await outcome(40)] == ["postponed", "heartbeat"]
        assert one.last.heartbeat_at is None
