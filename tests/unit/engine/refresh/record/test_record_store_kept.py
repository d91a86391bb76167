"""Records of refreshes on an API server that flaps: an open refresh is never forgotten, and what
cannot be rolled back at once is tried again.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.engine.refresh.execute.rollback import Rollback
from stagingmirror.engine.refresh.orphans import Orphans
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.record.record_store import KEY, UNREADABLE_PERIOD, Records
from stagingmirror.errors import NotAnswered, StagingMirrorError
from stagingmirror.sources.kubernetes.write.writer import Writer
from support.kinds.records import a_record
from support.kinds.tools import tools_with
from support.kubernetes.api_server import Answer, an_api_server, not_found, refused
from support.operators.runtimes import a_runtime

STEP = SetConfigMapKey("set", ("data",), "ml", "training-data", "snapshot", "new")
RECORD = "/api/v1/namespaces/own/configmaps/refresh-u1"
TRACKED = "/api/v1/namespaces/ml/configmaps/training-data"
BEFORE = {"value": "old", "uid": "cm", "ours": None, "owner": "kubectl"}


def a_record_of_one(**fields: Any) -> Record:
    given = {"uid": "u1", "namespace": "ml", "writer": "", "started": 0.0}
    return a_record(Entry(STEP, state="Taken", before=BEFORE), **{**given, **fields})


@dataclass
class ApiServer:
    """Keeps ConfigMaps. ``faults``: what the next request of a method gets instead, and whether the
    request is done all the same.
    """

    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: dict[str, list[tuple[Answer, bool]]] = field(default_factory=dict)
    version: int = 1

    def respond(self, method: str, path: str, body: Any) -> Answer:
        if self.faults.get(method):
            answer, is_done = self.faults[method].pop(0)
            if is_done:
                self._do(method, path, body)
            return answer
        return self._do(method, path, body)

    def _do(self, method: str, path: str, body: Any) -> Answer:
        if method == "POST":
            path = f"{path}/{body['metadata']['name']}"
            return refused(409, "AlreadyExists") if path in self.kept else self._keep(path, body)
        if path.endswith("/configmaps"):
            items = [each for where, each in self.kept.items() if where.startswith(path)]
            return 200, {"kind": "ConfigMapList", "metadata": {}, "items": items}
        if path not in self.kept:
            return not_found(path.rpartition("/")[2])
        if method == "GET":
            return 200, self.kept[path]
        if method == "DELETE":
            return 200, self.kept.pop(path)
        if body["metadata"]["resourceVersion"] != self.kept[path]["metadata"]["resourceVersion"]:
            return refused(409, "Conflict")
        if method == "PATCH":
            body = {**self.kept[path], "data": {**self.kept[path]["data"], **body["data"]}}
        return self._keep(path, body)

    def _keep(self, path: str, body: dict[str, Any]) -> Answer:
        self.version += 1
        metadata = {"uid": "made", **body["metadata"], "resourceVersion": str(self.version)}
        self.kept[path] = {**body, "kind": "ConfigMap", "metadata": metadata}
        return 200, self.kept[path]

    def track(self, value: str) -> None:
        metadata = {"name": "training-data", "namespace": "ml", "uid": "cm"}
        self._keep(TRACKED, {"metadata": metadata, "data": {"snapshot": value}})


UNANSWERED: Answer = (500, {"kind": "Status"})


@asynccontextmanager
async def records_on(server: ApiServer) -> AsyncIterator[tuple[Records, Writer]]:
    async with an_api_server(server.respond) as client:
        writer = Writer(
            client,
            productions=lambda: frozenset(),
            unproven=frozenset,
            is_elsewhere=lambda *_: None,
            leading=lambda: True,
        )
        yield Records(writer, namespace="own", writer_name="operator/1", clock=lambda: 1.0), writer


async def test_a_record_whose_answer_was_lost_stays_open_while_it_cannot_be_read() -> None:
    server = ApiServer()
    async with records_on(server) as (records, _):
        record = await records.begin(a_record_of_one())
        server.faults = {"PUT": [(UNANSWERED, True)], "GET": [(UNANSWERED, False)]}
        for _ in range(2):  # the first answer is lost, the second write conflicts with the first
            with pytest.raises(StagingMirrorError):
                await records.keep(replace(record, phase="Verify"))

        known = records.get("u1")
        assert known is not None
        assert known.is_open
        assert records.open_in("staging") == (known,)

        with pytest.raises(StagingMirrorError):
            await records.keep(replace(known, phase="Verify"))
        again = records.get("u1")
        assert again is not None
        assert again.phase == "Verify"


async def test_an_open_record_that_somebody_removed_is_not_forgotten_while_it_is_made_again() -> (
    None
):
    server = ApiServer()
    async with records_on(server) as (records, _):
        record = await records.begin(a_record_of_one())
        del server.kept[RECORD]
        server.faults = {"POST": [(UNANSWERED, False)]}

        with pytest.raises(NotAnswered):
            await records.keep(record)
        assert records.get("u1") is not None

        await records.keep(record)
        assert RECORD in server.kept


async def test_a_record_that_cannot_be_read_is_read_again_once_a_human_removed_it() -> None:
    server = ApiServer()
    async with records_on(server) as (records, writer):
        await records.begin(a_record_of_one())
        server.kept[RECORD]["data"] = {KEY: "{"}
        now = [1.0]
        other = Records(writer, namespace="own", writer_name="operator/2", clock=lambda: now[0])
        await other.load("u1")
        assert other.unreadable("u1")

        del server.kept[RECORD]

        now[0] += UNREADABLE_PERIOD
        await other.load("u1")
        assert other.unreadable("u1") is None


@pytest.mark.parametrize(
    "fault",
    [refused(401, "Unauthorized"), refused(403, "Forbidden"), refused(422, "Invalid"), UNANSWERED],
)
async def test_what_is_refused_on_the_way_back_is_put_back_when_it_is_permitted_again(
    fault: Answer,
) -> None:
    server = ApiServer()
    server.track("new")
    async with records_on(server) as (records, writer):
        record = await records.begin(
            a_record_of_one(phase="RollBack", turned=0.0, why=("Held", "held."))
        )
        returning = Rollback(records, tools_with(writer, lambda: 1.0))
        server.faults = {"PATCH": [(fault, False)]}

        for _ in range(6):
            record = await returning.back(record) if record.is_open else record

    assert record.result == "RolledBack"
    assert server.kept[TRACKED]["data"]["snapshot"] == "old"


async def test_what_is_refused_until_the_time_is_up_is_named() -> None:
    server = ApiServer()
    server.track("new")
    async with records_on(server) as (records, writer):
        record = await records.begin(
            a_record_of_one(phase="RollBack", turned=0.0, why=("Held", "held."))
        )
        returning = Rollback(records, tools_with(writer, lambda: 61.0))
        server.faults = {"PATCH": [(refused(403, "Forbidden"), False)]}

        for _ in range(6):
            record = await returning.back(record) if record.is_open else record

    assert record.result == "RollbackIncomplete"
    assert "training-data" in record.message


async def test_a_half_changed_staging_is_remembered_when_its_mirror_is_gone() -> None:
    server = ApiServer()
    async with records_on(server) as (records, writer):
        left = Entry(STEP, state="Left", before=BEFORE, message="could not")
        done = a_record_of_one(phase="Closed", result="RollbackIncomplete", entries=(left,))
        await records.begin(done)
        orphans = Orphans(
            records, writer, a_runtime(), lambda uid: False, lambda record, why: _never()
        )

        assert await orphans.step() == []
        assert RECORD in server.kept

        mended = replace(done, result="RolledBack").with_entry(replace(left, state="Restored"))
        await records.keep(mended)
        await orphans.step()
        assert RECORD not in server.kept


async def test_a_mirror_that_a_finalizer_keeps_is_gone_for_its_refresh() -> None:
    server = ApiServer()
    path = "/apis/stagingmirror.dev/v1alpha1/namespaces/ml/stagingmirrors/fraud"
    metadata = {"name": "fraud", "uid": "u1", "deletionTimestamp": "2026-11-25T00:00:00Z"}
    server._keep(path, {"metadata": metadata})
    roll_back: list[str] = []

    async def back(record: Record, why: str) -> Record:
        roll_back.append(why)
        return record

    async with records_on(server) as (records, writer):
        await records.begin(a_record_of_one())
        orphans = Orphans(records, writer, a_runtime(), lambda uid: False, back)

        assert [record.uid for record in await orphans.step()] == ["u1"]

    assert roll_back == ["the StagingMirror was deleted."]


async def _never() -> Record:
    raise AssertionError("there is nothing to roll back")
