"""Copies and swaps of builds, on a wire on which things go wrong."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.errors import (
    ChangedUnderneath,
    NotAllowed,
    NotSupported,
    StagingMirrorError,
    StepFailed,
)
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.files.writer import FilesWriter
from stagingmirror.sources.objectstore.files import ObjectFiles
from stagingmirror.sources.objectstore.prefix import Prefix
from support.index.builds import INDEX, built, production, staging
from support.objectstore.buckets import files_of
from support.objectstore.fake_s3 import WRITES, FakeS3, error


async def copy(store: FakeS3, done: Callable[[int, int], None] = lambda *_: None) -> None:
    async with production(store) as source, staging(store) as writer:
        (snapshot,) = await source.snapshots("b2")
        await writer.rehearse(snapshot, "b2", "b2-new", source)
        await writer.restore(snapshot, "b2", "b2-new", source, done)


def nth_write_is(number: int, status: int, code: str) -> Callable[[web.Request], Any]:
    left = number

    def instead(request: web.Request) -> web.StreamResponse | None:
        nonlocal left
        if request.method not in WRITES:
            return None
        left -= 1
        return error(status, code) if left == -1 else None

    return instead


async def refused(store: FakeS3) -> StagingMirrorError:
    with pytest.raises(StagingMirrorError) as raised:
        await copy(store)
    return raised.value


async def test_the_manifest_is_written_last() -> None:
    store = built()

    await copy(store)

    puts = [each.path for each in store.requests if each.method == "PUT"]
    assert puts[-1].endswith("stg/b2-new/manifest.json")
    assert store.objects["stg/b2-new/index.faiss"] == INDEX


async def test_a_mark_of_productions_is_not_copied() -> None:
    store = built()
    store.objects["prod/b2/stagingmirror.json"] = b"{}"

    await copy(store)

    assert "stg/b2-new/stagingmirror.json" not in store.objects


async def test_bytes_that_the_manifest_does_not_name_are_not_served() -> None:
    store = built()
    store.objects["prod/b2/index.faiss"] = INDEX[:-1] + b"!"

    found = await refused(store)

    assert found.reason == Reason.INDEX_DAMAGED
    assert "stg/b2-new/manifest.json" not in store.objects


async def test_a_copy_that_somebody_changes_is_not_whole() -> None:
    store = built()

    def change(request: web.Request) -> None:
        if request.method == "GET" and request.path.endswith("b2-new/docs.pkl"):
            store.objects["stg/b2-new/docs.pkl"] = b"hush!"

    store.instead = change

    assert (await refused(store)).reason == Reason.COPY_DIFFERS
    assert "stg/b2-new/manifest.json" not in store.objects


@pytest.mark.parametrize("write", range(3))
async def test_a_restore_that_is_refused_at_any_write_is_whole_after_the_next(write: int) -> None:
    store = built()
    store.instead = nth_write_is(write, 403, "AccessDenied")
    async with production(store) as source, staging(store) as writer:
        (snapshot,) = await source.snapshots("b2")
        arguments: Any = (snapshot, "b2", "b2-new", source, lambda *_: None)
        with pytest.raises(NotAllowed):
            await writer.restore(*arguments)
        half = "stg/b2-new/manifest.json" in store.objects
        await writer.restore(*arguments)

    assert not half
    assert {key for key in store.objects if key.startswith("stg/")} == {
        f"stg/b2-new/{each}" for each in ("index.faiss", "docs.pkl", "manifest.json")
    }


async def test_a_build_that_was_built_anew_meanwhile_is_not_copied() -> None:
    store = built()
    async with production(store) as source, staging(store) as writer:
        (snapshot,) = await source.snapshots("b2")
        store.objects["prod/b2/manifest.json"] = b"{}"
        with pytest.raises(ChangedUnderneath):
            await writer.restore(snapshot, "b2", "b2-new", source, lambda *_: None)

    assert not any(key.startswith("stg/") for key in store.objects)


async def test_a_swap_whose_answer_was_lost_is_done() -> None:
    store = built("b2-new", "stg")
    store.objects["stg/CURRENT"] = b"b1\n"
    lost: list[web.Request] = []

    def instead(request: web.Request) -> web.StreamResponse | None:
        if request.method == "PUT" and not lost:
            lost.append(request)
            store.objects["stg/CURRENT"] = b"b2-new\n"
            return error(503, "SlowDown")
        return None

    store.instead = instead
    async with staging(store) as writer:
        await writer.swap("CURRENT", "b1", "b2-new")

    assert lost
    assert store.objects["stg/CURRENT"] == b"b2-new\n"


async def test_a_swap_between_reading_and_writing_of_ours_is_left() -> None:
    store = built("b2-new", "stg")
    store.objects["stg/CURRENT"] = b"b1\n"

    def instead(request: web.Request) -> None:
        if request.method == "PUT":
            store.objects["stg/CURRENT"] = b"b9\n"

    store.instead = instead
    async with staging(store) as writer:
        with pytest.raises(ChangedUnderneath) as raised:
            await writer.swap("CURRENT", "b1", "b2-new")

    assert "names b9 and not b1" in raised.value.message
    assert store.objects["stg/CURRENT"] == b"b9\n"


async def test_a_store_without_etags_is_not_swapped() -> None:
    store = built("b2-new", "stg")
    store.objects["stg/CURRENT"] = b"b1\n"
    store.tagged = False
    async with staging(store) as writer:
        with pytest.raises(NotSupported):
            await writer.swap("CURRENT", "b1", "b2-new")

    assert store.objects["stg/CURRENT"] == b"b1\n"


async def test_a_build_that_is_not_complete_is_never_served() -> None:
    store = FakeS3({"stg/b2-new/index.faiss": INDEX, "stg/CURRENT": b"b1\n"})
    async with staging(store) as writer:
        with pytest.raises(StagingMirrorError) as raised:
            await writer.swap("CURRENT", "b1", "b2-new")

    assert raised.value.reason == Reason.INDEX_MISSING


async def test_what_is_dropped_is_no_build_from_the_first_call_on() -> None:
    store = built("b2-new", "stg")
    store.objects["stg/README"] = b"who reads this?" * 1000
    store.instead = nth_write_is(1, 403, "AccessDenied")
    async with staging(store) as writer:
        with pytest.raises(NotAllowed):
            await writer.drop("b2-new")
        half = {key for key in store.objects if "b2-new" in key}
        await writer.drop("b2-new")

    assert "stg/b2-new/manifest.json" not in half
    assert list(store.objects) == ["stg/README"]


async def test_production_is_never_written() -> None:
    store = built()

    def refuse() -> None:
        raise StepFailed(Reason.PRODUCTION_IS_READ_ONLY, "production's")

    async with files_of(store, "prod") as files:
        theirs = ObjectFiles(files.opened, files.path, refuse)
        writer = FilesWriter(Prefix(lambda: theirs))
        (snapshot,) = await writer.snapshots("b2")
        before = dict(store.objects)
        for call in (
            writer.rehearse(snapshot, "b2", "b2-new", writer),
            writer.restore(snapshot, "b2", "b2-new", writer, lambda *_: None),
            writer.swap("CURRENT", None, "b2"),
            writer.drop("b2"),
        ):
            with pytest.raises(StepFailed):
                await call

    assert store.objects == before
    assert not [each for each in store.requests if each.method in WRITES]
