"""A refresh on its way: refusals that may pass, and how often what has arrived is looked at."""

from collections.abc import AsyncIterator

import pytest

from stagingmirror.actions.config_map import SetConfigMapKey
from stagingmirror.actions.tools import Tools
from stagingmirror.drift.facts import Fact, Observations, Seen
from stagingmirror.drift.verdict import InSync
from stagingmirror.engine.context import Judged
from stagingmirror.engine.refresh.execute.executor import Executor
from stagingmirror.engine.refresh.execute.state import PATIENCE, Arrivals, Patience
from stagingmirror.engine.refresh.execute.verification import Judgement, applied_of, judge_applied
from stagingmirror.engine.refresh.record.record import Record, encoded
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.mlflow.client.client import MlflowServer
from support.kinds.builders import NOW
from support.kinds.cases import context
from support.kinds.records import BEFORE, a_record, an_entry
from support.kinds.tools import tools_with
from support.operators.object_server import Fate, ObjectServer, a_writer

OTHER = SetConfigMapKey("other", ("features",), "ml-staging", "features", "snapshot", "new")
ARRIVED = Judgement()


class Runs:
    def __init__(self, server: ObjectServer) -> None:
        self.server = server
        self.now = NOW
        self.patience, self.arrivals = Patience(), Arrivals()

    async def prepare(self, records: Records, tools: Tools) -> None:
        await records.load()
        self.records = records
        self.running = Executor(records, tools, lambda record, entry: None)

    async def forward(self, record: Record) -> Record:
        async def may_write(record: Record) -> None:
            return None

        return await self.running.forward(record, may_write, self.patience)

    def reads(self, name: str) -> int:
        return sum(
            each.startswith("GET") and each.endswith(f"/{name}") for each in self.server.requests
        )


@pytest.fixture
async def runs() -> AsyncIterator[Runs]:
    server = ObjectServer()
    made = Runs(server)

    def clock() -> float:
        return made.now

    def no_server(environment: str) -> MlflowServer:
        raise CannotRefresh("NoCredentials", environment)

    async with a_writer(server) as writer:
        records = Records(writer, namespace="operator", writer_name="o", clock=clock)
        await made.prepare(records, tools_with(writer, clock, server=no_server))
        yield made


@pytest.mark.parametrize("refusal", [401, 403])
async def test_a_step_that_is_refused_is_tried_for_a_while_before_all_is_put_back(
    runs: Runs, refusal: Fate
) -> None:
    runs.server.config_map("training-data", {"snapshot": "old"})
    runs.server.fates, runs.server.for_ever = {("PATCH", "training-data"): [refusal]}, True
    record = await runs.forward(await runs.records.begin(a_record()))

    patient = await runs.forward(record)
    runs.now += PATIENCE
    turned = await runs.forward(patient)

    assert (patient.phase, patient.entries[0].state) == ("Forward", "Started")
    assert str(refusal) in patient.entries[0].message
    assert turned.phase == "RollBack"


async def test_a_step_that_was_refused_by_a_starting_server_is_taken_once(runs: Runs) -> None:
    runs.server.config_map("training-data", {"snapshot": "old"})
    runs.server.fates = {("PATCH", "training-data"): [403, 401]}
    record = await runs.records.begin(a_record())

    for _ in range(4):
        record = await runs.forward(record)

    assert record.phase == "Verify"
    assert runs.server.data("training-data") == {"snapshot": "new"}


async def test_what_has_arrived_is_asked_again_once_everything_has(runs: Runs) -> None:
    runs.server.config_map("training-data", {"snapshot": "new"})
    runs.server.config_map("features", {"snapshot": "new"})
    runs.server.fates = {("GET", "features"): ["down", 403, 401, "down"]}
    entries = an_entry("Taken"), an_entry("Taken", OTHER, before={**BEFORE, "uid": "x"})
    record = await runs.records.begin(a_record(*entries, phase="Verify", last_write=NOW))

    for _ in range(4):
        record = await runs.running.verify(record, ARRIVED, runs.arrivals)
    before = runs.reads("training-data")
    record = await runs.running.verify(record, ARRIVED, runs.arrivals)

    assert (before, runs.reads("training-data")) == (1, 2)
    assert record.result == "Succeeded"


async def test_what_was_set_back_after_it_had_arrived_is_found_at_the_end(runs: Runs) -> None:
    runs.server.config_map("training-data", {"snapshot": "new"})
    record = await runs.records.begin(a_record(an_entry("Taken"), phase="Verify", last_write=NOW))
    record = await runs.running.verify(record, Judgement(waiting="a look"), runs.arrivals)
    runs.server.config_map("training-data", {"snapshot": "old"})

    record = await runs.running.verify(record, ARRIVED, runs.arrivals)

    assert (record.phase, record.entries[0].reverts) == ("Forward", 1)


def test_a_record_keeps_what_is_compared_and_not_every_file_of_a_model() -> None:
    files = {f"{n}": f"sha256:{n:064x}" for n in range(5000)}
    facts = {"contentHash": Fact("tree"), "signature/inputs": Fact("a")}
    production = Seen(facts, NOW, details={"contentHash": lambda: files})
    (judged,) = context(production=production).components

    applied = applied_of(judged)

    assert applied is not None
    assert set(applied.facts) == {"contentHash", "signature/inputs"}
    record = a_record(applied={"features": applied}, last_write=NOW)
    assert len(encoded(record)) < 5000
    for tree, told in (("tree", None), ("other", "features: still differs in contentHash")):
        shown = Seen({**facts, "contentHash": Fact(tree)}, NOW + 30)
        observations = Observations(judged.observations.production, shown)
        said = judge_applied(
            record,
            [Judged(judged.track, observations, InSync(1))],
            acceptances=(),
            grace=1,
            now=NOW + 30,
        )
        assert said.failed == told
