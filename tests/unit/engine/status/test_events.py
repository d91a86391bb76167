"""Events are few, never wait, and never hold anybody up."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import Report
from stagingmirror.cli.operator.logs import configure_logging
from stagingmirror.drift.deploys import Deploy, DeployKey
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.status.events import BURST, REFILL, WAITING, EventRecorder
from stagingmirror.errors import NotAnswered
from support.clock import Clock
from support.kinds.judged import status_of
from support.kinds.observations import NOW, drifted, equal, report
from support.operators.runtimes import a_runtime

KEY = MirrorKey("ml-staging", "fraud")


class Recorder:
    """Where requests go; refuses as many as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self._failures = failures

    async def request(
        self, method: str, path: str, *, body: object | None = None
    ) -> dict[str, Any]:
        if self._failures:
            self._failures -= 1
            raise NotAnswered("NotAnswering", "POST timed out.")
        assert isinstance(body, dict)
        self.paths.append(f"{method} {path}")
        self.bodies.append(body)
        return body


@pytest.fixture
def logged() -> Iterator[LogCapture]:
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(**before)


async def written(events: EventRecorder, recorder: Recorder, count: int) -> list[dict[str, Any]]:
    """What ``run`` writes of what is waiting."""
    running = asyncio.create_task(events.run())
    for _ in range(count + 20):  # the recorder answers at once: one turn of the loop writes one
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return recorder.bodies


@pytest.mark.usefixtures("logged")
async def test_an_event_is_about_the_mirror_and_says_who_told_it() -> None:
    recorder = Recorder()
    events = EventRecorder(recorder, runtime=a_runtime(Clock()), identity="pod-1")

    events.emit(KEY, "uid-1", "Normal", "TookOver", "Deployment a: X was managed by helm")

    (event,) = await written(events, recorder, 1)
    assert recorder.paths == ["POST /apis/events.k8s.io/v1/namespaces/ml-staging/events"]
    assert event["regarding"] == {
        "apiVersion": "stagingmirror.dev/v1alpha1",
        "kind": "StagingMirror",
        "namespace": "ml-staging",
        "name": "fraud",
        "uid": "uid-1",
    }
    assert (event["type"], event["reason"], event["note"]) == (
        "Normal",
        "TookOver",
        "Deployment a: X was managed by helm",
    )
    assert (event["reportingController"], event["reportingInstance"]) == ("stagingmirror", "pod-1")


async def test_a_change_of_the_verdict_is_one_event_and_one_log_line(logged: LogCapture) -> None:
    recorder = Recorder()
    events = EventRecorder(recorder, runtime=a_runtime(Clock()), identity="pod-1")
    before = made(report(equal("other")), None)
    status = made(report(drifted()), before)

    news = events.announce(KEY, "uid-1", before, status)

    assert [each.reason for each in news] == ["DriftDetected"]
    assert len(await written(events, recorder, 1)) == 1
    (line,) = logged.entries
    assert line["event"] == "DriftDetected"
    assert (line["namespace"], line["mirror"], line["component"]) == (
        "ml-staging",
        "fraud",
        "other",
    )
    assert line["facts"] == ["value"]


async def test_the_same_sentence_is_no_second_event_for_some_time_but_always_logged(
    logged: LogCapture,
) -> None:
    clock, recorder = Clock(), Recorder()
    events = EventRecorder(recorder, runtime=a_runtime(clock), identity="pod-1")

    for _ in range(3):
        events.emit(KEY, "uid-1", "Warning", "NotSeen", "MLflow timed out")
    clock.now += 601
    events.emit(KEY, "uid-1", "Warning", "NotSeen", "MLflow timed out")

    assert len(logged.entries) == 4
    assert len(await written(events, recorder, 4)) == 2


def made(of: Report, previous: MirrorStatus | None) -> MirrorStatus:
    return status_of(of, now=NOW, previous=previous, trust_previous=True)


def rolled_out(revision: str, at: float) -> MirrorStatus:
    workload = "StatefulSet server"
    key = DeployKey("model", "staging")
    deploy = Deploy(key, {workload: revision}, (workload,), at, {"version": "1"}, verified=True)
    return made(report(equal("model"), deploys=(deploy,)), None)


@pytest.mark.usefixtures("logged")
async def test_another_rollout_is_another_event_though_the_words_are_the_same() -> None:
    clock, recorder, before = Clock(), Recorder(), rolled_out("a", NOW)
    events = EventRecorder(recorder, runtime=a_runtime(clock), identity="pod-1")

    for revision in ("b", "a", "b"):
        clock.now += 10
        status = rolled_out(revision, clock.now)
        events.announce(KEY, "uid-1", before, status)
        before = status

    emitted = await written(events, recorder, 3)
    assert [each["reason"] for each in emitted] == ["Deployed"] * 3
    assert len({each["note"] for each in emitted}) == 1
    assert len({each["metadata"]["name"] for each in emitted}) == 3


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
    ("result", "emitted"), [("Succeeded", 3), ("RolledBack", 3), ("NothingToDo", 3), ("Skipped", 1)]
)
async def test_another_refresh_is_another_event_but_a_tick_that_is_skipped_again_is_not(
    result: str, emitted: int
) -> None:
    recorder, before = Recorder(), made(report(equal()), None)
    events = EventRecorder(recorder, runtime=a_runtime(Clock()), identity="pod-1")

    for number in range(3):
        finished = {"id": f"r{number}", "result": result, "message": "as before"}
        status = made(report(equal(), finished=finished), before)
        events.announce(KEY, "uid-1", before, status)
        before = status

    told = await written(events, recorder, 3)
    assert [each["note"] for each in told if each["reason"].startswith("Refresh")] == [
        "as before"
    ] * emitted


@pytest.mark.usefixtures("logged")
async def test_events_of_one_mirror_are_bounded_and_those_of_another_are_not_touched() -> None:
    clock, recorder = Clock(), Recorder()
    events = EventRecorder(recorder, runtime=a_runtime(clock), identity="pod-1")

    for number in range(100):
        events.emit(KEY, "uid-1", "Normal", "Deployed", f"deploy {number}")
    events.emit(MirrorKey("ml-staging", "other"), "uid-2", "Normal", "InSync", "1 of 1 in sync")
    clock.now += REFILL
    events.emit(KEY, "uid-1", "Normal", "Deployed", "one more")

    assert len(await written(events, recorder, BURST + 2)) == BURST + 2


@pytest.mark.usefixtures("logged")
async def test_telling_never_waits_and_never_grows_without_bound() -> None:
    recorder = Recorder()
    events = EventRecorder(recorder, runtime=a_runtime(Clock()), identity="pod-1")

    for number in range(WAITING + 50):
        events.emit(KEY, f"uid-{number}", "Normal", "InSync", "1 of 1 in sync")

    assert len(await written(events, recorder, WAITING)) == WAITING


@pytest.mark.usefixtures("logged")
async def test_an_event_that_cannot_be_written_is_dropped_and_the_next_one_is_written() -> None:
    recorder = Recorder(failures=1)
    events = EventRecorder(recorder, runtime=a_runtime(Clock()), identity="pod-1")

    events.emit(KEY, "uid-1", "Normal", "A", "first")
    events.emit(KEY, "uid-1", "Normal", "B", "second")

    assert [each["reason"] for each in await written(events, recorder, 1)] == ["B"]


@pytest.mark.usefixtures("logged")
async def test_who_does_not_lead_any_more_writes_no_event() -> None:
    recorder, leads = Recorder(), [False, True]
    events = EventRecorder(
        recorder, runtime=a_runtime(Clock(), lambda: leads.pop(0)), identity="pod-1"
    )

    events.emit(KEY, "uid-1", "Normal", "A", "while not leading")
    events.emit(KEY, "uid-1", "Normal", "B", "while leading")

    assert [each["reason"] for each in await written(events, recorder, 1)] == ["B"]


@pytest.mark.usefixtures("logged")
async def test_a_note_has_at_most_1024_bytes_in_any_alphabet() -> None:
    recorder = Recorder()
    events = EventRecorder(recorder, runtime=a_runtime(Clock()), identity="pod-1")

    events.emit(KEY, "uid-1", "Normal", "A", "→" * 5000)

    (event,) = await written(events, recorder, 1)
    assert 1000 < len(event["note"].encode()) <= 1024


@pytest.fixture
def logging_restored() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("logging_restored")
def test_the_log_is_one_json_object_a_line_or_lines_for_people() -> None:
    import io
    import json
    import logging

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    machine, person = io.StringIO(), io.StringIO()
    try:
        configure_logging("json", machine)
        deploy = {"mismatch": ["runId"], "provenance": {"tag": "1\u202e2\x9b"}}
        structlog.get_logger().info("Deployed", component="fraud-model", **deploy)
        logging.getLogger("aiohttp").warning("from a library: %s", "so")
        configure_logging("console", person)
        structlog.get_logger().info("Deployed", component="fraud-model", of={"tag": "1\u202e2\x9b"})
    finally:
        root.handlers[:], root.level = handlers, level

    first, second = (json.loads(line) for line in machine.getvalue().splitlines())
    assert (first["event"], first["level"], first["mismatch"]) == ("Deployed", "info", ["runId"])
    assert (second["event"], second["logger"]) == ("from a library: so", "aiohttp")
    assert first["provenance"] == {"tag": r"1\u202e2\u009b"}
    assert not {"\u202e", "\x9b"} & {*machine.getvalue(), *person.getvalue()}
    assert "Deployed" in person.getvalue()
    assert not person.getvalue().startswith("{")


@pytest.mark.usefixtures("logged")
async def test_a_flood_of_others_swallows_no_end_of_a_refresh() -> None:
    recorder = Recorder()
    events = EventRecorder(recorder, runtime=a_runtime(Clock()), identity="pod-1")
    for number in range(BURST * 2):
        events.emit(KEY, "uid-1", "Normal", "TookOver", f"field {number}")

    for reason in ("RefreshFailed", "RollbackIncomplete", "Stalled", "Contended"):
        events.emit(KEY, "uid-1", "Warning", reason, "why")

    bodies = await written(events, recorder, BURST + 4)
    assert [each["reason"] for each in bodies[BURST:]] == [
        "RefreshFailed",
        "RollbackIncomplete",
        "Stalled",
        "Contended",
    ]
    for number in range(BURST * 2):
        events.emit(KEY, "uid-1", "Warning", "Stalled", f"flood {number}")
    assert len(await written(events, recorder, BURST * 2)) == BURST * 2
