"""The way back meets refusals: what may pass is asked again, what is lost is named."""

from collections.abc import AsyncIterator, Callable

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.engine.refresh.execute.rollback import Rollback
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.errors import CannotRefresh, NotSupported
from stagingmirror.sources.mlflow.client.client import MlflowServer
from support.kinds.builders import NOW
from support.kinds.records import BEFORE, a_record, an_entry
from support.kinds.tools import tools_with
from support.operators.object_server import Fate, ObjectServer, a_writer

OTHER = SetConfigMapKey("other", ("features",), "ml-staging", "features", "snapshot", "new")
MOVE = MoveAlias("move", ("fraud",), "staging", "fraud-detector", "champion", "8")
TURNED = {"phase": "RollBack", "turned": NOW, "why": ("Held", "ci holds staging.")}


class Returns:
    """``clock`` is what the hands go by; there are no credentials for any registry."""

    def __init__(self, server: ObjectServer) -> None:
        self.server = server
        self.now = NOW

    async def prepare(self, records: Records, returning: Rollback, record: Record) -> None:
        await records.load()
        self._returning, self.record = returning, await records.begin(record)

    async def passes(self, number: int = 12) -> Record:
        for _ in range(number):
            if self.record.is_open:
                self.record = await self._returning.back(self.record)
        return self.record


@pytest.fixture
def server() -> ObjectServer:
    server = ObjectServer()
    server.config_map("training-data", {"snapshot": "new"})
    server.config_map("features", {"snapshot": "new"})
    return server


def no_server(environment: str) -> MlflowServer:
    raise CannotRefresh("NoCredentials", f"the Secret of {environment} is not there.")


@pytest.fixture
async def returns(server: ObjectServer) -> AsyncIterator[Returns]:
    made = Returns(server)

    def clock() -> float:
        return made.now

    async with a_writer(server) as writer:
        tools = tools_with(writer, clock, server=no_server)
        records = Records(writer, namespace="operator", writer_name="operator/1", clock=clock)
        entries = (
            an_entry("Taken"),
            an_entry("Taken", OTHER, before={**BEFORE, "uid": "uid-of-features"}),
        )
        await made.prepare(records, Rollback(records, tools), a_record(*entries, **TURNED))
        yield made


@pytest.mark.parametrize("refusal", [401, 403, 422])
@pytest.mark.parametrize("verb", ["PATCH", "GET"])
async def test_a_refusal_is_asked_again_and_everything_is_put_back(
    returns: Returns, server: ObjectServer, refusal: Fate, verb: str
) -> None:
    server.fates = {(verb, "training-data"): [refusal] * 5}

    ended = await returns.passes()

    assert ended.result == "RolledBack", ended
    assert [server.data(name) for name in ("training-data", "features")] == [
        {"snapshot": "old"},
        {"snapshot": "old"},
    ]


async def test_what_is_refused_keeps_no_other_component_waiting(
    returns: Returns, server: ObjectServer
) -> None:
    server.fates, server.for_ever = {("PATCH", "training-data"): [403]}, True

    record = await returns.passes()

    assert record.is_open
    assert server.data("features") == {"snapshot": "old"}
    assert "403" in record.message


async def test_what_is_refused_until_the_timeout_is_left_and_named(
    returns: Returns, server: ObjectServer
) -> None:
    server.fates, server.for_ever = {("PATCH", "training-data"): [403]}, True
    await returns.passes()

    returns.now += returns.record.timeout + 1
    ended = await returns.passes()

    assert ended.result == "RollbackIncomplete"
    assert [entry.step.id for entry in ended.left] == ["set"]
    assert "training-data: snapshot" in ended.message


async def test_what_somebody_else_changed_is_left_at_once(
    returns: Returns, server: ObjectServer
) -> None:
    server.config_map("training-data", {"snapshot": "theirs"})

    ended = await returns.passes()

    assert ended.result == "RollbackIncomplete"
    assert server.data("training-data") == {"snapshot": "theirs"}


def behind_a_proxy(environment: str) -> MlflowServer:
    raise NotSupported("NotSupported", "404 page is not there.")


@pytest.mark.parametrize("server_of", [no_server, behind_a_proxy])
async def test_credentials_and_calls_that_are_not_there_may_come_back(
    server_of: Callable[[str], MlflowServer],
) -> None:
    server, now = ObjectServer(), [NOW]
    async with a_writer(server) as writer:
        tools = tools_with(writer, lambda: now[0], server=server_of)
        records = Records(writer, namespace="operator", writer_name="o", clock=lambda: now[0])
        entry = an_entry("Taken", MOVE, before={"version": "7"})
        await records.load()
        record = await records.begin(a_record(entry, **TURNED))

        record = await Rollback(records, tools).back(record)

    assert [entry.state for entry in record.entries] == ["RollingBack"]
    assert "is not there" in record.message
