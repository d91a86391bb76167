"""What refreshes leave behind: of deleted mirrors, and what could not be rolled back."""

from collections.abc import AsyncIterator

import pytest

from stagingmirror.api.status.report import Progress
from stagingmirror.drift.verdict import InSync
from stagingmirror.engine.refresh.record.record_store import UNREADABLE_PERIOD
from support.kinds.builders import NOW
from support.kinds.records import a_record, an_entry
from support.sandbox.refresher import (
    MIRROR,
    RECORD,
    SEEN_BEFORE,
    ServedRefresher,
    a_refresher,
    kept,
    on_the_server,
)


@pytest.fixture
async def served() -> AsyncIterator[ServedRefresher]:
    async with a_refresher() as served:
        yield served


async def test_an_unreadable_record_of_a_deleted_mirror_stays_until_somebody_deletes_it(
    served: ServedRefresher,
) -> None:
    on_the_server(served.server, None, "uid-0", **{"stagingmirror.dev/open": "true"})
    await served.tend()
    assert RECORD.format("uid-0") in served.server.objects

    del served.server.objects[RECORD.format("uid-0")]
    served.now += UNREADABLE_PERIOD
    await served.tend()

    assert (await served.advance(served.context())).activity == "Refreshing"


async def test_a_mirror_that_waits_for_its_finalizer_is_put_back_at_once(
    served: ServedRefresher,
) -> None:
    body = served.server.objects[MIRROR]
    metadata = {**body["metadata"], "deletionTimestamp": "2026-11-25T06:00:00Z"}
    served.server.put(MIRROR, {**body, "metadata": metadata})
    served.mirrors.clear()
    served.server.config_map("training-data", {"snapshot": "new"})
    on_the_server(served.server, a_record(an_entry("Taken")), "uid-1")

    await served.tend()

    assert served.server.data("training-data") == {"snapshot": "old"}
    assert RECORD.format("uid-1") not in served.server.objects


async def test_a_record_that_meets_a_defect_keeps_no_other_one_from_being_rolled_back(
    served: ServedRefresher,
) -> None:
    served.mirrors.clear()
    del served.server.objects[MIRROR]
    served.server.config_map("training-data", {"snapshot": "new"})
    broken = a_record(an_entry("Taken", before={"a former": "version wrote it"}), uid="uid-0")
    on_the_server(served.server, broken, "uid-0")
    on_the_server(served.server, a_record(an_entry("Taken")), "uid-1")

    for _ in range(8):
        await served.refresher.orphans.step()

    assert served.server.data("training-data") == {"snapshot": "old"}
    assert RECORD.format("uid-1") not in served.server.objects
    assert kept(served, "uid-0").is_open


async def test_what_a_deleted_mirror_leaves_is_kept_with_its_former_values(
    served: ServedRefresher, capsys: pytest.CaptureFixture[str]
) -> None:
    served.mirrors.clear()
    del served.server.objects[MIRROR]
    served.server.config_map("training-data", {"snapshot": "theirs"})
    on_the_server(served.server, a_record(an_entry("Taken")), "uid-1")

    await served.tend()
    await served.tend()

    (left,) = kept(served).left
    assert left.before is not None
    assert left.before["value"] == "old"
    said = capsys.readouterr().out
    assert said.count("could not be rolled back completely") == 1
    assert "training-data: snapshot" in said


async def left_behind(served: ServedRefresher, value: str) -> Progress:
    """A RollbackIncomplete whose field now holds this, looked at twice."""
    served.server.config_map("training-data", {"snapshot": value})
    fields = {"phase": "Closed", "result": "RollbackIncomplete", "ended": NOW, "message": "m"}
    on_the_server(served.server, a_record(an_entry("Left", message="why"), **fields), "uid-1")
    return await served.advance(served.context(annotations={}))


@pytest.mark.parametrize("value", ["old", "new"])
async def test_what_was_left_is_settled_at_its_former_and_at_the_applied_value(
    served: ServedRefresher, value: str
) -> None:
    told = await left_behind(served, value)

    assert told.stalled is None
    assert kept(served).left == ()
    assert kept(served).result == "RollbackIncomplete"


async def test_what_was_left_stalls_until_then_and_says_what_ends_it(
    served: ServedRefresher,
) -> None:
    told = await left_behind(served, "theirs")

    assert told.stalled is not None
    reason, message = told.stalled
    assert reason == "RollbackIncomplete"
    assert "training-data: snapshot" in message
    assert "ends when each of these holds its former or the applied value" in message


async def test_a_later_refresh_that_finds_everything_in_sync_settles_what_was_left(
    served: ServedRefresher,
) -> None:
    stalled = await left_behind(served, "theirs")
    assert stalled.finished is not None
    status = {**SEEN_BEFORE, "refreshes": [stalled.finished.dump()]}

    told = await served.advance(served.context(steps=(), status=status, verdict=InSync(1)))

    assert told.stalled is None
    assert told.finished is not None
    assert told.finished.result == "NothingToDo"
