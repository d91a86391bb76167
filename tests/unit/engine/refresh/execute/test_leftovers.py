"""What refreshes leave behind: of deleted mirrors, and what could not be rolled back."""

from collections.abc import AsyncIterator

import pytest

from stagingmirror.api.status.report import Progress
from stagingmirror.engine.refresh.record.record_store import UNREADABLE_PERIOD
from support.kinds.builders import NOW
from support.kinds.records import a_record, an_entry
from support.sandbox.refresher import (
    MIRROR,
    RECORD,
    SEEN_BEFORE,
    Office,
    a_refresher,
    kept,
    on_the_shelf,
)


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    async with a_refresher() as office:
        yield office


async def test_an_unreadable_record_of_a_deleted_mirror_stays_until_somebody_deletes_it(
    office: Office,
) -> None:
    on_the_shelf(office.shelf, None, "uid-0", **{"stagingmirror.dev/open": "true"})
    await office.tend()
    assert RECORD.format("uid-0") in office.shelf.objects

    del office.shelf.objects[RECORD.format("uid-0")]
    office.now += UNREADABLE_PERIOD
    await office.tend()

    assert (await office.advance(office.context())).activity == "Refreshing"


async def test_a_mirror_that_waits_for_its_finalizer_is_put_back_at_once(office: Office) -> None:
    body = office.shelf.objects[MIRROR]
    metadata = {**body["metadata"], "deletionTimestamp": "2026-11-25T06:00:00Z"}
    office.shelf.put(MIRROR, {**body, "metadata": metadata})
    office.mirrors.clear()
    office.shelf.config_map("training-data", {"snapshot": "new"})
    on_the_shelf(office.shelf, a_record(an_entry("Taken")), "uid-1")

    await office.tend()

    assert office.shelf.data("training-data") == {"snapshot": "old"}
    assert RECORD.format("uid-1") not in office.shelf.objects


async def test_what_a_deleted_mirror_leaves_is_kept_with_its_former_values(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.mirrors.clear()
    del office.shelf.objects[MIRROR]
    office.shelf.config_map("training-data", {"snapshot": "theirs"})
    on_the_shelf(office.shelf, a_record(an_entry("Taken")), "uid-1")

    await office.tend()
    await office.tend()

    (left,) = kept(office).left
    assert left.before is not None
    assert left.before["value"] == "old"
    said = capsys.readouterr().out
    assert said.count("could not be rolled back completely") == 1
    assert "training-data: snapshot" in said


async def left_behind(office: Office, value: str) -> Progress:
    """A RollbackIncomplete whose field now holds this, looked at twice."""
    office.shelf.config_map("training-data", {"snapshot": value})
    fields = {"phase": "Closed", "result": "RollbackIncomplete", "ended": NOW, "message": "m"}
    on_the_shelf(office.shelf, a_record(an_entry("Left", message="why"), **fields), "uid-1")
    return await office.advance(office.context(annotations={}))


@pytest.mark.parametrize("value", ["old", "new"])
async def test_what_was_left_is_settled_at_its_former_and_at_the_applied_value(
    office: Office, value: str
) -> None:
    told = await left_behind(office, value)

    assert told.stalled is None
    assert kept(office).left == ()
    assert kept(office).result == "RollbackIncomplete"


async def test_what_was_left_stalls_until_then_and_says_what_ends_it(office: Office) -> None:
    told = await left_behind(office, "theirs")

    assert told.stalled is not None
    reason, message = told.stalled
    assert reason == "RollbackIncomplete"
    assert "training-data: snapshot" in message
    assert "ends when each of these holds its former or the applied value" in message


async def test_a_later_refresh_that_finds_everything_in_sync_settles_what_was_left(
    office: Office,
) -> None:
    stalled = await left_behind(office, "theirs")
    assert stalled.finished is not None
    status = {**SEEN_BEFORE, "refreshes": [stalled.finished.dump()]}

    told = await office.advance(office.context(steps=(), status=status))

    assert told.stalled is None
    assert told.finished is not None
    assert told.finished.result == "NothingToDo"
