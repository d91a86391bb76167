"""What keeps an index from being restored, before and while it is: staging serves what it served,
and a rollback leaves nothing behind.
"""

import json
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.errors import StagingMirrorError
from stagingmirror.sources.index.files.writer import FilesWriter
from stagingmirror.sources.index.store import Room
from support.index.restoring import (
    Bench,
    Record,
    bench,
    record,
    served,
    staging,
    writes_to,
)
from support.objectstore.fake_s3 import WRITES, error

GIB = 1024**3


async def refused(refresh: Record, made: Bench) -> str:
    """Why it ended; then it is rolled back, and all is as it was."""
    before = {key: data.strip() for key, data in staging().objects.items()}
    with pytest.raises(StagingMirrorError) as raised:
        await refresh.take(made)
    assert served(made.destination) == "b1"
    made.destination.instead = lambda _: None
    await refresh.roll_back(made)
    assert {key: data.strip() for key, data in made.destination.objects.items()} == before
    return raised.value.reason


def has_room(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    async def room(_: FilesWriter) -> Room:
        return Room(free * GIB, 100 * GIB)

    monkeypatch.setattr(FilesWriter, "room", room)


async def test_a_disk_that_is_too_full_is_seen_before_the_first_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    has_room(monkeypatch, 19)
    async with bench(staging()) as made:
        with pytest.raises(StagingMirrorError) as raised:
            await record(made)

        assert raised.value.reason == "NoRoom"
        assert "minFreeSpace" in raised.value.message
        assert writes_to(made.destination) == []


async def test_a_disk_that_has_filled_since_it_was_surveyed_gets_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    has_room(monkeypatch, 21)
    async with bench(staging()) as made:
        refresh = await record(made)
        has_room(monkeypatch, 19)

        assert await refused(refresh, made) == "NoRoom"
        assert [each for each in writes_to(made.destination) if each.startswith("PUT")] == []


# The index, its manifest, the mark, the pointer.
@pytest.mark.parametrize("number", range(4))
async def test_a_disk_that_runs_full_at_any_write_leaves_nothing(number: int) -> None:
    left = number

    def instead(request: web.Request) -> web.StreamResponse | None:
        nonlocal left
        if request.method not in WRITES:
            return None
        left -= 1
        return error(507, "XMinioStorageFull") if left < 0 else None

    async with bench(staging()) as made:
        refresh = await record(made)
        made.destination.instead = instead

        assert await refused(refresh, made) == "StorageFull"


async def test_a_snapshot_that_is_deleted_while_it_is_copied_leaves_nothing() -> None:
    async with bench(staging()) as made:
        refresh = await record(made)

        def instead(request: web.Request) -> web.StreamResponse | None:
            if request.method in WRITES:
                made.source.objects.clear()
            return None

        made.destination.instead = instead

        assert await refused(refresh, made) in ("IndexMissing", "HalfRead", "NoSnapshot")


async def test_an_index_of_other_dimensions_than_productions_is_not_served() -> None:
    """Production's is built anew once its snapshot was copied."""
    async with bench(staging()) as made:
        refresh = await record(made)

        def instead(request: web.Request) -> web.StreamResponse | None:
            if request.method in WRITES and request.path.endswith("/manifest.json"):
                manifest = json.loads(made.source.objects["idx/b2/manifest.json"])
                manifest["vectors"] = {"other": {"dimensions": 3}}
                made.source.objects["idx/b2/manifest.json"] = json.dumps(manifest).encode()
            return None

        made.destination.instead = instead

        assert await refused(refresh, made) in ("IndexDiffers", "HalfRead")


async def test_a_restore_that_ends_well_and_made_nothing_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def nothing(*_: Any) -> None:
        pass

    async with bench(staging()) as made:
        refresh = await record(made)
        monkeypatch.setattr(FilesWriter, "restore", nothing)

        assert await refused(refresh, made) == "IndexMissing"


async def test_a_store_that_fails_at_any_call_serves_what_it_served() -> None:
    """Of reads, too; HEAD aside, of which 403 may mean that there is no such object."""
    async with bench(staging()) as made:
        refresh = await record(made)
        made.destination.requests.clear()
        await refresh.take(made)
        calls = sum(each.method != "HEAD" for each in made.destination.requests)

    reasons = set[str]()
    for number in range(calls):
        left = number

        def instead(request: web.Request) -> web.StreamResponse | None:
            nonlocal left
            left -= request.method != "HEAD"
            return error(403, "AccessDenied") if left == -1 else None

        async with bench(staging()) as made:
            refresh = await record(made)
            made.destination.instead = instead
            reasons.add(await refused(refresh, made))

    assert calls > 8
    assert reasons == {"Forbidden"}
