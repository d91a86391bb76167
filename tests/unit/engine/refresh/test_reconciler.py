"""What the refresh half tells, and whom it keeps waiting, where records and rights are in doubt."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.api.types.times import rfc3339
from stagingmirror.engine.context import Context
from stagingmirror.engine.refresh.execute.patience import PATIENCE
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.refresh.record.record_store import UNREADABLE_PERIOD
from stagingmirror.sources.kubernetes.write.field_patch import SetImage
from stagingmirror.sources.kubernetes.write.loader_jobs import Load
from support.kinds.builders import NOW
from support.kinds.cases import STEP
from support.kinds.records import a_record, an_entry
from support.sandbox.refresher import MIRROR, RECORD, STAGING, Office, a_refresher, on_the_shelf

LOAD = RunLoader("load", ("data",), "ml-staging", "load", "load", "SNAPSHOT", "new", 60.0, "old")


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with a_refresher() as office:
        yield office


async def test_while_records_cannot_be_read_nothing_is_in_sync(office: Office) -> None:
    office.shelf.fates = {("GET", "configmaps"): ["down", "down"]}

    told = [
        await office.advance(office.context()),
        await office.retreat({}),
    ]

    assert [each.writing for each in told] == [True, True]


async def test_what_was_announced_stays_while_records_cannot_be_read(office: Office) -> None:
    office.shelf.fates = {("GET", "configmaps"): ["down"]}
    status = {"nextRefreshTime": rfc3339(NOW + 60), "lastScheduleTime": rfc3339(NOW - 60)}

    told = await office.advance(office.context(status=status))

    assert (told.next_refresh, told.last_schedule) == (NOW + 60, NOW - 60)


async def test_an_unreadable_record_is_no_claim_of_sync_and_goes_when_it_is_deleted(
    office: Office,
) -> None:
    on_the_shelf(office.shelf, None, "uid-1")

    stalled = await office.advance(office.context())
    del office.shelf.objects[RECORD.format("uid-1")]
    office.now += UNREADABLE_PERIOD
    after = await office.advance(office.context())

    assert stalled.writing
    assert stalled.stalled is not None
    assert stalled.stalled[0] == "UnreadableRecord"
    assert (after.stalled, after.activity) == (None, "Refreshing")


def other(**fields: Any) -> Record:
    """The record of another mirror, that writes what this one wants to write."""
    entry = an_entry("Started", STEP, before={"uid": "x", "entries": ["old"]})
    return a_record(entry, **{"uid": "uid-0", "name": "former", **fields})


@pytest.mark.parametrize("mirrors", [{"uid-1"}, {"uid-0", "uid-1"}])
async def test_a_newcomer_waits_for_whoever_still_writes_the_field(
    office: Office, mirrors: set[str]
) -> None:
    office.mirrors.clear()
    office.mirrors |= mirrors
    on_the_shelf(office.shelf, other(), "uid-0")

    told = await office.advance(office.context())

    assert told.activity == "Idle"
    assert told.waiting == (
        "waits for the refresh of ml-staging/former, which writes Deployment features image of app"
    )
    assert office.refresher.others_write(office.context())


async def test_what_another_refresh_writes_is_not_taken_for_nothing_to_do(office: Office) -> None:
    on_the_shelf(office.shelf, other(), "uid-0")

    told = await office.advance(office.context(steps=()))

    assert told.finished is None
    assert "waits for the refresh of" in str(told.waiting)


async def test_who_waits_for_another_refresh_has_no_deadline(office: Office) -> None:
    on_the_shelf(office.shelf, other(), "uid-0")
    one = office.context(refresh={"startingDeadline": "10s"})
    await office.advance(one)

    office.now += 60
    late = await office.advance(office.context(refresh={"startingDeadline": "10s"}))

    assert late.finished is None
    assert "waits for the refresh of" in str(late.waiting)


async def test_another_field_is_nobodys_way(office: Office) -> None:
    step = PatchWorkload("p", ("f",), "Deployment", "ml-staging", "else", (SetImage("app", "x"),))
    on_the_shelf(office.shelf, other(entries=(an_entry("Started", step),)), "uid-0")

    told = await office.advance(office.context())

    assert told.activity == "Refreshing"
    assert not office.refresher.others_write(office.context())


@pytest.mark.parametrize(("is_open", "starts"), [("true", False), ("false", True)])
async def test_what_a_deleted_mirror_of_this_namespace_wrote_must_be_known(
    office: Office, is_open: str, starts: bool
) -> None:
    labels = {"stagingmirror.dev/open": is_open}
    on_the_shelf(office.shelf, None, "uid-0", **labels)

    told = await office.advance(office.context())

    assert (told.activity == "Refreshing") is starts
    assert office.refresher.others_write(office.context()) is not starts


@pytest.mark.parametrize("at", ["/stagingmirrors/", "configmaps"])
async def test_a_refresh_that_may_not_begin_is_skipped_with_the_reason_after_a_while(
    office: Office, at: str
) -> None:
    verb = "GET" if "mirrors" in at else "POST"
    await office.advance(office.context(annotations={}))
    office.shelf.fates, office.shelf.for_ever = {(verb, at): [403]}, True

    first = await office.advance(office.context())
    office.now += PATIENCE
    then = await office.advance(office.context())

    assert (first.finished, first.activity) == (None, "Idle")
    assert "403" in str(first.waiting)
    assert then.finished is not None
    assert then.finished.reason == "Forbidden"


async def test_one_that_cannot_begin_keeps_no_place_in_the_queue(office: Office) -> None:
    environment = office.shelf.objects[STAGING]
    spec = {**environment["spec"], "maxConcurrentRefreshes": 1}
    office.shelf.put(STAGING, {**environment, "spec": spec})
    only_one = _at_most_one(office.context())
    await office.advance(replace(only_one, annotations={}))
    office.shelf.fates, office.shelf.for_ever = {("GET", "/stagingmirrors/fraud"): ["down"]}, True
    await office.advance(only_one)
    office.shelf.fates, office.now = {}, office.now + 1
    body = office.shelf.objects[MIRROR]
    metadata = {**body["metadata"], "name": "second", "uid": "uid-2"}
    office.shelf.put(MIRROR.replace("fraud", "second"), {**body, "metadata": metadata})
    office.mirrors.add("uid-2")

    second = replace(only_one, uid="uid-2", key=only_one.key._replace(name="second"))
    told = await office.advance(second)

    assert told.activity == "Refreshing", told


def _at_most_one(context: Context) -> Context:
    side = context.sides.staging
    spec = side.spec.model_copy(update={"max_concurrent_refreshes": 1})
    return replace(context, sides=replace(context.sides, staging=replace(side, spec=spec)))


async def test_an_end_that_no_status_shows_is_told_by_a_mirror_that_is_stalled(
    office: Office,
) -> None:
    fields = {"phase": "Closed", "result": "RolledBack", "ended": NOW + 9, "message": "m"}
    closed = a_record(an_entry("Restored"), **fields)
    on_the_shelf(office.shelf, closed, "uid-1")

    untold = await office.retreat({})
    assert untold.finished is not None
    told = await office.retreat({"refreshes": [untold.finished.dump()]})

    assert untold.finished.id == closed.id
    assert told.finished is None


async def test_a_refresh_that_only_waits_is_looked_at_less_often(office: Office) -> None:
    running = an_entry("Started", LOAD, after={"job": "uid-of-job", "jobBegan": NOW})
    on_the_shelf(office.shelf, a_record(running), "uid-1")
    load = Load("r1/load", "r1", "ml-staging", "load", "load", "SNAPSHOT", "new", 60.0)
    office.shelf.put(load.path, {"kind": "Job", "metadata": {"uid": "uid-of-job"}, "status": {}})

    paces = {}
    for pause in (0, 1, 6, 31):
        office.now = NOW + pause
        paces[pause] = (await office.advance(office.context(annotations={}))).again_in

    assert paces == {0: 0.5, 1: 0.5, 6: 2.0, 31: 5.0}
