"""What is known of a record never is less than what was done, whatever the API server answers."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from stagingmirror.engine.refresh.record.record_store import KEY, UNREADABLE_PERIOD, Records
from stagingmirror.errors import Conflicted, NotAnswered, Refused
from support.clock import Clock
from support.kinds.records import a_record
from support.operators.object_server import CONFIG_MAPS, ObjectServer, a_writer
from support.sandbox.refresher import on_the_server

HOME = CONFIG_MAPS.format("operator")
PATH = f"{HOME}/refresh-uid-1"


@pytest.fixture
def server() -> ObjectServer:
    return ObjectServer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def records(server: ObjectServer, clock: Clock) -> AsyncIterator[Records]:
    async with a_writer(server) as writer:
        yield Records(writer, namespace="operator", writer_name="operator/1", clock=clock)


async def test_a_lost_answer_and_a_read_without_one_lose_nothing(
    server: ObjectServer, records: Records
) -> None:
    await records.load()
    begun = await records.begin(a_record())
    server.fates = {("PUT", "refresh-"): ["lost"], ("GET", "refresh-"): ["down", "down"]}

    with pytest.raises(NotAnswered):
        await records.keep(replace(begun, phase="Verify"))
    assert not records.is_known("uid-1")
    with pytest.raises(NotAnswered):
        await records.load("uid-1")
    with pytest.raises(NotAnswered):  # 409, and whose it is cannot be read
        await records.keep(replace(begun, phase="RollBack"))

    assert records.get("uid-1") == begun
    await records.load("uid-1")
    assert records.is_known("uid-1")
    assert records.get("uid-1") == replace(begun, phase="Verify")


async def test_a_record_that_another_wrote_is_known_once_it_can_be_read(
    server: ObjectServer, records: Records
) -> None:
    await records.load()
    begun = await records.begin(a_record())
    server.put(PATH, server.objects[PATH])
    server.fates = {("GET", "refresh-"): ["down"]}

    with pytest.raises(NotAnswered):
        await records.keep(begun)
    with pytest.raises(Conflicted):
        await records.keep(begun)

    assert await records.keep(begun) == begun


async def test_an_open_record_that_somebody_removed_is_made_again_also_the_second_time(
    server: ObjectServer, records: Records
) -> None:
    await records.load()
    begun = await records.begin(a_record())
    del server.objects[PATH]
    server.fates = {("POST", "configmaps"): ["down"]}

    with pytest.raises(NotAnswered):
        await records.keep(begun)
    await records.load("uid-1")
    assert records.get("uid-1") == begun
    await records.keep(begun)

    assert KEY in server.objects[PATH]["data"]


async def test_a_record_whose_making_was_not_answered_is_found_before_anything_else(
    server: ObjectServer, records: Records
) -> None:
    await records.load()
    server.fates = {("POST", "configmaps"): ["lost"]}

    with pytest.raises(NotAnswered):
        await records.begin(a_record())
    await records.load("uid-1")

    assert records.get("uid-1") == a_record()


async def test_an_unreadable_record_that_was_deleted_is_none_after_a_while(
    server: ObjectServer, records: Records, clock: Clock
) -> None:
    server.config_map("refresh-uid-1", {KEY: "{}"}, "operator")
    await records.load("uid-1")
    assert records.unreadable("uid-1") is not None
    del server.objects[PATH]

    await records.load("uid-1")
    assert records.unreadable("uid-1") is not None, "it is asked again at every pass"
    clock.now += UNREADABLE_PERIOD
    await records.load("uid-1")

    assert records.unreadable("uid-1") is None
    assert records.is_known("uid-1")


async def test_a_record_that_no_config_map_can_hold_is_refused_with_its_size_and_not_sent(
    server: ObjectServer, records: Records
) -> None:
    await records.load()
    begun = await records.begin(a_record())
    requests = len(server.requests)

    with pytest.raises(Refused) as refused:
        await records.keep(replace(begun, message="a" * 1_100_000))

    assert refused.value.reason == "TooLarge"
    assert "would have 110" in refused.value.message
    assert len(server.requests) == requests
    assert records.get("uid-1") == begun


async def test_a_refresh_that_a_former_leader_begins_too_late_is_none(
    server: ObjectServer, records: Records
) -> None:
    closed = a_record(phase="Closed", result="Succeeded", id="r0")
    for known in (None, closed):
        server.objects.clear()
        if known is not None:
            await records.begin(known)
        else:
            await records.load()
        async with a_writer(server) as late_writer:
            late = Records(late_writer, namespace="operator", writer_name="old", clock=Clock())
            await late.load()
            await late.begin(a_record(id="late"))

        with pytest.raises(Conflicted):
            await records.begin(a_record(id="r1"))
        assert records.get("uid-1") == (known and replace(known, writer="operator/1"))
        begun = await records.begin(a_record(id="r1"))

        assert (begun.id, records.get("uid-1")) == ("r1", begun)
        await records.drop("uid-1")


async def test_what_a_former_leader_had_begun_in_time_is_gone_on_with(
    server: ObjectServer, records: Records
) -> None:
    async with a_writer(server) as former_writer:
        former = Records(former_writer, namespace="operator", writer_name="old", clock=Clock())
        await former.load()
        begun = await former.begin(a_record())

    await records.load()

    assert records.get("uid-1") == begun


async def test_only_what_is_in_progress_is_gone_through_by_others(
    server: ObjectServer, records: Records
) -> None:
    await records.load()
    other = await records.begin(a_record(uid="uid-2"))
    begun = await records.begin(a_record())
    assert records.all_open() == (other, begun)

    closed = await records.keep(replace(begun, phase="Closed", result="Succeeded"))

    assert records.all_open() == (other,)
    assert records.all() == (other, closed)
    await records.drop("uid-2")
    assert (records.all_open(), records.all()) == ((), (closed,))


@pytest.mark.parametrize("text", ["[]", '"a text"', "1", "{", "[[["])
async def test_a_record_that_is_no_object_is_unreadable_and_the_others_are_read(
    server: ObjectServer, records: Records, text: str
) -> None:
    on_the_server(server, None, "uid-1")
    server.objects[PATH]["data"][KEY] = text
    on_the_server(server, a_record(uid="uid-2"), "uid-2")

    await records.load()

    assert records.unreadable("uid-1") is not None
    assert records.get("uid-2") is not None
