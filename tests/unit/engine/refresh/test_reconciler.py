"""What the refresh half tells, and whom it keeps waiting, where records and rights are in doubt."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.actions.run_loader import RunLoader
from stagingmirror.api.types.times import rfc3339
from stagingmirror.engine.context import Context
from stagingmirror.engine.refresh.execute.state import PATIENCE
from stagingmirror.engine.refresh.record.record import Phase, Record
from stagingmirror.engine.refresh.record.record_store import UNREADABLE_PERIOD
from stagingmirror.engine.refresh.start.concurrency import IDLE
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.sources.kubernetes.write.field_patch import SetImage
from stagingmirror.sources.kubernetes.write.loader_jobs import Load
from support.kinds.builders import NOW
from support.kinds.cases import STEP
from support.kinds.records import a_record, an_entry
from support.resources import resources
from support.sandbox.refresher import (
    MIRROR,
    RECORD,
    STAGING,
    ServedRefresher,
    a_refresher,
    kept,
    on_the_server,
)

LOAD = RunLoader("load", ("data",), "ml-staging", "load", "load", "SNAPSHOT", "new", 60.0, "old")


@pytest.fixture
async def served() -> AsyncIterator[ServedRefresher]:
    async with a_refresher() as served:
        yield served


async def test_while_records_cannot_be_read_nothing_is_in_sync(served: ServedRefresher) -> None:
    served.server.fates = {("GET", "configmaps"): ["down", "down"]}

    told = [
        await served.advance(served.context()),
        await served.retreat({}),
    ]

    assert [each.writing for each in told] == [True, True]


async def test_what_was_announced_stays_while_records_cannot_be_read(
    served: ServedRefresher,
) -> None:
    served.server.fates = {("GET", "configmaps"): ["down"]}
    status = {"nextRefreshTime": rfc3339(NOW + 60), "lastScheduleTime": rfc3339(NOW - 60)}

    told = await served.advance(served.context(status=status))

    assert (told.next_refresh, told.last_schedule) == (NOW + 60, NOW - 60)


async def test_an_unreadable_record_is_no_claim_of_sync_and_goes_when_it_is_deleted(
    served: ServedRefresher,
) -> None:
    on_the_server(served.server, None, "uid-1")

    stalled = await served.advance(served.context())
    del served.server.objects[RECORD.format("uid-1")]
    served.now += UNREADABLE_PERIOD
    after = await served.advance(served.context())

    assert stalled.writing
    assert stalled.stalled is not None
    assert stalled.stalled[0] == "UnreadableRecord"
    assert (after.stalled, after.activity) == (None, "Refreshing")


async def test_a_namespace_that_is_productions_by_now_is_not_written_however_late_that_is_known(
    served: ServedRefresher,
) -> None:
    await served.advance(served.context())
    owner = resources.resource(
        "MirrorEnvironment", "other", {"role": "Production", "namespaces": ["ml-staging"]}
    )
    served.server.put(f"{STAGING.rpartition('/')[0]}/other", owner)

    await served.advance(served.context())

    why = kept(served).why
    assert why is not None
    assert why[0] == "ProductionIsReadOnly"
    assert "Production environment other" in why[1]


async def test_a_request_that_was_withdrawn_begins_nothing_however_late_that_is_known(
    served: ServedRefresher,
) -> None:
    body = served.server.objects[MIRROR]
    metadata = {**body["metadata"], "annotations": {}}
    served.server.put(MIRROR, {**body, "metadata": metadata})

    told = await served.advance(served.context())
    known = await served.advance(served.context(annotations={}))

    assert (told.activity, told.waiting) == (
        "Idle",
        "something has just changed; it is checked again",
    )
    assert (known.waiting, known.finished) == (None, None)
    assert RECORD.format("uid-1") not in served.server.objects


def other(**fields: Any) -> Record:
    """The record of another mirror, that writes what this one wants to write."""
    entry = an_entry("Started", STEP, before={"uid": "x", "entries": ["old"]})
    return a_record(entry, **{"uid": "uid-0", "name": "former", **fields})


def others_write(served: ServedRefresher) -> bool:
    context = served.context()
    mirror = context.mirror
    return served.refresher.others_write(
        mirror.uid, mirror.key.namespace, context.spec, context.sides
    )


@pytest.mark.parametrize("mirrors", [{"uid-1"}, {"uid-0", "uid-1"}])
async def test_a_newcomer_waits_for_whoever_still_writes_the_field(
    served: ServedRefresher, mirrors: set[str]
) -> None:
    served.mirrors.clear()
    served.mirrors |= mirrors
    on_the_server(served.server, other(), "uid-0")

    told = await served.advance(served.context())

    assert told.activity == "Idle"
    assert told.waiting == (
        "waits for the refresh of ml-staging/former, which writes Deployment features image of app"
    )
    assert others_write(served)


async def test_what_another_refresh_writes_is_not_taken_for_nothing_to_do(
    served: ServedRefresher,
) -> None:
    on_the_server(served.server, other(), "uid-0")

    told = await served.advance(served.context(steps=()))

    assert told.finished is None
    assert "waits for the refresh of" in str(told.waiting)


async def test_who_waits_for_another_refresh_has_no_deadline(served: ServedRefresher) -> None:
    on_the_server(served.server, other(), "uid-0")
    one = served.context(refresh={"startingDeadline": "10s"})
    await served.advance(one)

    served.now += 60
    late = await served.advance(served.context(refresh={"startingDeadline": "10s"}))

    assert late.finished is None
    assert "waits for the refresh of" in str(late.waiting)


async def test_another_field_is_nobodys_way(served: ServedRefresher) -> None:
    step = PatchWorkload("p", ("f",), "Deployment", "ml-staging", "else", (SetImage("app", "x"),))
    on_the_server(served.server, other(entries=(an_entry("Started", step),)), "uid-0")

    told = await served.advance(served.context())

    assert told.activity == "Refreshing"
    assert not others_write(served)


@pytest.mark.parametrize(("is_open", "starts"), [("true", False), ("false", True)])
async def test_what_a_deleted_mirror_of_this_namespace_wrote_must_be_known(
    served: ServedRefresher, is_open: str, starts: bool
) -> None:
    labels = {"stagingmirror.dev/open": is_open}
    on_the_server(served.server, None, "uid-0", **labels)

    told = await served.advance(served.context())

    assert (told.activity == "Refreshing") is starts
    assert others_write(served) is not starts


@pytest.mark.parametrize("at", ["/stagingmirrors/", "configmaps"])
async def test_a_refresh_that_may_not_begin_is_skipped_with_the_reason_after_a_while(
    served: ServedRefresher, at: str
) -> None:
    verb = "GET" if "mirrors" in at else "POST"
    await served.advance(served.context(annotations={}))
    served.server.fates, served.server.for_ever = {(verb, at): [403]}, True

    first = await served.advance(served.context())
    served.now += PATIENCE
    then = await served.advance(served.context())

    assert (first.finished, first.activity) == (None, "Idle")
    assert "403" in str(first.waiting)
    assert then.finished is not None
    assert then.finished.reason == "Forbidden"


async def test_what_a_former_refresh_was_refused_takes_no_patience_from_the_next(
    served: ServedRefresher,
) -> None:
    served.server.config_map("training-data", {"snapshot": "old"})
    on_the_server(served.server, a_record(an_entry("Started")), "uid-1")
    served.server.fates = {("GET", "training-data"): [403]}
    await served.advance(served.context(annotations={}))
    while kept(served).is_open:
        await served.retreat({})

    served.now += PATIENCE
    served.server.fates, served.server.for_ever = {("GET", "/stagingmirrors/"): [403]}, True
    told = await served.advance(served.context())

    assert "403" in str(told.waiting)


async def test_one_that_cannot_begin_keeps_no_place_in_the_queue(served: ServedRefresher) -> None:
    environment = served.server.objects[STAGING]
    spec = {**environment["spec"], "maxConcurrentRefreshes": 1}
    served.server.put(STAGING, {**environment, "spec": spec})
    only_one = _at_most_one(served.context())
    await served.advance(replace(only_one, mirror=replace(only_one.mirror, annotations={})))
    served.server.fates, served.server.for_ever = {("GET", "/stagingmirrors/fraud"): ["down"]}, True
    await served.advance(only_one)
    served.server.fates, served.now = {}, served.now + 1
    body = served.server.objects[MIRROR]
    metadata = {**body["metadata"], "name": "second", "uid": "uid-2"}
    served.server.put(MIRROR.replace("fraud", "second"), {**body, "metadata": metadata})
    served.mirrors.add("uid-2")

    key = MirrorKey("ml-staging", "second")
    second = replace(only_one, mirror=replace(only_one.mirror, uid="uid-2", key=key))
    told = await served.advance(second)

    assert told.activity == "Refreshing", told


@pytest.mark.parametrize(("phase", "rolls"), [("Verify", 1e7), ("RollBack", 30.0)])
async def test_refreshes_of_one_team_that_only_wait_stop_no_other_team(
    served: ServedRefresher, phase: Phase, rolls: float
) -> None:
    environment = served.server.objects[STAGING]
    spec = {**environment["spec"], "maxConcurrentRefreshes": 1}
    served.server.put(STAGING, {**environment, "spec": spec})
    never_ready = an_entry("Taken", replace(STEP, namespace="greedy"))
    fields = {"started": NOW - IDLE - 9, "timeout": 3.6e6, "rollout_timeout": rolls}
    for uid in ("uid-8", "uid-9"):
        waits = a_record(never_ready, uid=uid, namespace="greedy", phase=phase, **fields)
        on_the_server(served.server, waits, uid)

    told = await served.advance(_at_most_one(served.context()))

    assert told.activity == "Refreshing", told


def _at_most_one(context: Context) -> Context:
    side = context.sides.staging
    spec = side.spec.model_copy(update={"max_concurrent_refreshes": 1})
    return replace(context, sides=replace(context.sides, staging=replace(side, spec=spec)))


async def test_an_end_that_no_status_shows_is_told_by_a_mirror_that_is_stalled(
    served: ServedRefresher,
) -> None:
    fields = {"phase": "Closed", "result": "RolledBack", "ended": NOW + 9, "message": "m"}
    closed = a_record(an_entry("Restored"), **fields)
    on_the_server(served.server, closed, "uid-1")

    untold = await served.retreat({})
    assert untold.finished is not None
    told = await served.retreat({"refreshes": [untold.finished.dump()]})

    assert untold.finished.id == closed.id
    assert told.finished is None


async def test_a_refresh_that_only_waits_is_looked_at_less_often(served: ServedRefresher) -> None:
    running = an_entry("Started", LOAD, after={"job": "uid-of-job", "jobBegan": NOW})
    on_the_server(served.server, a_record(running), "uid-1")
    load = Load("r1/load", "r1", "ml-staging", "load", "load", "SNAPSHOT", "new", 60.0, True)
    served.server.put(load.path, {"kind": "Job", "metadata": {"uid": "uid-of-job"}, "status": {}})

    paces = {}
    for pause in (0, 1, 6, 31):
        served.now = NOW + pause
        paces[pause] = (await served.advance(served.context(annotations={}))).again_in

    assert paces == {0: 0.5, 1: 0.5, 6: 2.0, 31: 5.0}
