"""A component that is left out of a refresh leaves nothing that nobody would remove."""

from dataclasses import replace

from stagingmirror.engine.refresh.execute.executor import Executor
from stagingmirror.engine.refresh.execute.state import Arrivals
from stagingmirror.engine.refresh.execute.verification import Judgement
from stagingmirror.engine.refresh.record.failure import Failure
from stagingmirror.engine.refresh.record.record import Entry, Record
from stagingmirror.engine.refresh.record.record_store import Records
from support.index.restoring import FIRST, SWITCH, Bench, bench, staging, without_documents
from support.kinds.records import SET, a_record, ended


async def test_a_restored_index_that_may_not_be_served_is_removed_though_others_could_go_on() -> (
    None
):
    async with bench(staging(), without_documents()) as made:
        before = dict(made.destination.objects)

        closed = await ended(made.tools, made.wire, await made.step(), SWITCH, SET)

        assert closed.why is not None
        assert (closed.result, closed.why[0]) == ("RolledBack", "IndexDiffers")
        assert made.destination.objects == before
        (failure,) = closed.failures.values()
        assert "no documents" in failure.why


async def test_a_restore_that_was_not_begun_is_left_and_the_others_go_on() -> None:
    async with bench(staging()) as made:
        step = await made.step()
        made.configure(copies="Never")
        made.source.objects.clear()

        verifying = await ended(made.tools, made.wire, step, SWITCH, SET)

        assert [each.step.describe() for each in verifying.entries] == [SET.describe()]
        assert verifying.phase == "Verify"


async def verifying(made: Bench) -> tuple[Executor, Record]:
    """A refresh that has restored an index."""
    step, now = await made.step(), made.tools.clock()
    before = await step.survey("r1", made.tools)
    await step.copy(replace(FIRST, before=before), made.tools, lambda done, total: None)
    records = Records(
        made.tools.writer, namespace="operator", writer_name="w", clock=made.tools.clock
    )
    entry = Entry(step, "Taken", before=before, produced=before["index"])
    record = a_record(entry, started=now, phase="Verify", last_write=now)
    running = Executor(records, made.tools, lambda record, entry: None)
    return running, await records.begin(record)


async def test_what_the_same_snapshot_does_not_mend_is_not_restored_with_each_tick() -> None:
    async with bench(staging()) as made:
        running, record = await verifying(made)
        judgement = Judgement(failed="search: still differs in settings", failing=("search",))

        turned = await running.verify(record, judgement, Arrivals())

        assert turned.phase == "RollBack"
        why = "search: still differs in settings"
        assert turned.failures == {record.entries[0].step.id: Failure(why, ("search",))}


async def test_an_index_that_somebody_edits_while_it_is_verified_is_restored_again() -> None:
    async with bench(staging()) as made:
        running, record = await verifying(made)
        (entry,) = record.entries
        made.destination.objects[f"idx/{entry.produced}/index.faiss"] += b"x"

        turned = await running.verify(record, Judgement(), Arrivals())

        assert turned.why is not None
        assert (turned.phase, turned.why[0]) == ("RollBack", "IndexDiffers")
        assert turned.failures == {}
