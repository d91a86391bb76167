"""Files in a bucket: listed, read, and refused. The server is played on the wire."""

import asyncio
import hashlib
from dataclasses import replace

import pytest
from aiohttp import web

from stagingmirror.api.spec.environment.object_store import ObjectStore
from stagingmirror.errors import NotAnswered, Refused
from stagingmirror.sources.content.files import StoredFile
from stagingmirror.sources.content.hashing import fingerprint, read_bytes
from stagingmirror.sources.objectstore.bucket import Bucket
from stagingmirror.sources.objectstore.files import ObjectFiles
from support.mlflow.registries import serving
from support.objectstore.buckets import KEYS, QUICK, failure, files_of, names
from support.objectstore.fake_s3 import BUCKET, FakeS3


async def test_files_below_a_folder_are_listed_with_their_stamps_and_no_others() -> None:
    store = FakeS3({"ranker/b/w.bin": b"w", "ranker/a.txt": b"", "ranker-2/x": b"x", "y": b"y"})

    async with files_of(store) as files:
        found = await files.listing()

    assert [(each.path, each.size) for each in found] == [("a.txt", 0), ("b/w.bin", 1)]
    assert all(hashlib.md5(b"w" * each.size).hexdigest() in each.stamp for each in found)


async def test_the_empty_objects_that_stores_keep_for_folders_are_no_files() -> None:
    store = FakeS3(dict.fromkeys(("ranker/", "ranker/empty/", "ranker/b/", "ranker/_SUCCESS"), b""))
    store.objects["ranker/b/w.bin"] = b"w"

    assert await names(store) == ["_SUCCESS", "b/w.bin"]


@pytest.mark.parametrize("name", ["%20 a#1?&+.txt", "ä ü.txt", "a'b\"c.txt", "a\u3000b", "~"])
async def test_a_file_of_any_name_is_listed_and_read(name: str) -> None:
    async with files_of(FakeS3({f"ranker/{name}": b"bytes"})) as files:
        read = await read_bytes(files, await files.listing())

    assert {name: hashlib.sha256(b"bytes").hexdigest()} == {
        path: each.sha256 for path, each in read.files.items()
    }


@pytest.mark.parametrize("key", ["ranker/../b", "ranker/a//b", "ranker/./b"])
async def test_an_impossible_name_is_refused_and_nothing_is_left_out(key: str) -> None:
    found = await failure(FakeS3({key: b"x", "ranker/c": b"c"}))

    assert isinstance(found, Refused)
    assert found.reason == "Garbage"


@pytest.mark.parametrize("key", ["ranker/b", "ranker/"])
async def test_bytes_under_the_name_of_a_folder_are_refused_and_not_left_out(key: str) -> None:
    store = FakeS3({"ranker/b/w.bin": b"w", "ranker/b/": b""})
    store.objects[key] = b"bytes"
    if key == "ranker/b":
        assert await names(store) == ["b", "b/w.bin"]
        return

    assert (await failure(store)).reason == "Garbage"


async def test_more_files_than_are_read_are_refused() -> None:
    store = FakeS3({f"ranker/{number}": b"x" for number in range(10_001)})

    found = await failure(store)

    assert isinstance(found, Refused)
    assert found.reason == "TooManyFiles"


async def test_ten_thousand_files_are_listed() -> None:
    assert len(await names(FakeS3({f"ranker/{n}": b"x" for n in range(10_000)}))) == 10_000


async def test_a_listing_without_end_is_ended() -> None:
    store = FakeS3()
    numbers = iter(range(10**9))

    def page(request: web.Request) -> web.Response:
        keys = [f"ranker/{next(numbers)}" for _ in range(1000)]
        contents = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-20T06:00:00.000Z</LastModified>"
            "<ETag>x</ETag><Size>1</Size></Contents>"
            for key in keys
        )
        return web.Response(
            content_type="application/xml",
            text="<ListBucketResult><IsTruncated>true</IsTruncated>"
            f"<NextContinuationToken>again</NextContinuationToken>{contents}</ListBucketResult>",
        )

    store.instead = page
    found = await failure(store)

    assert found.reason == "TooManyFiles"
    assert next(numbers) < 20_000


async def test_a_file_that_is_another_one_than_was_listed_is_half_read() -> None:
    store = FakeS3({"ranker/w": b"one"})
    async with files_of(store) as files:
        listing = await files.listing()
        store.objects["ranker/w"] = b"two"
        with pytest.raises(NotAnswered) as raised:
            await read_bytes(files, listing)

    assert raised.value.reason == "HalfRead"


async def test_a_file_that_is_gone_since_it_was_listed_is_half_read() -> None:
    store = FakeS3({"ranker/w": b"one"})
    async with files_of(store) as files:
        listing = await files.listing()
        del store.objects["ranker/w"]
        with pytest.raises(NotAnswered) as raised:
            await read_bytes(files, listing)

    assert raised.value.reason == "HalfRead"


async def test_a_body_that_trickles_is_given_up() -> None:
    """Each byte comes before the connection counts as idle."""
    store = FakeS3({"ranker/w": b"x" * 100})

    async def answer(request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/w"):
            return await store.answer(request)
        response = web.StreamResponse(headers=store._headers("ranker/w"))
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(0.1)
        return response

    async with serving(answer) as url:
        spec = ObjectStore(name="models", url=f"s3://{BUCKET}", endpoint=url)
        quick = replace(QUICK, artifact_timeout=0.5)
        bucket = Bucket(spec, KEYS, settings=quick, on_call=lambda *_: None)
        files = ObjectFiles(lambda: bucket, "ranker", lambda: None)
        with pytest.raises(NotAnswered) as raised:
            await read_bytes(files, await files.listing())

    assert raised.value.reason == "TimedOut"


async def test_a_body_that_ends_early_is_half_read_and_no_hash() -> None:
    store = FakeS3({"ranker/w": b"x" * 10})

    async def answer(request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/w"):
            return await store.answer(request)
        response = web.StreamResponse(
            headers={**store._headers("ranker/w"), "Content-Length": "10"}
        )
        await response.prepare(request)
        await response.write(b"x")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with serving(answer) as url:
        spec = ObjectStore(name="models", url=f"s3://{BUCKET}", endpoint=url)
        bucket = Bucket(spec, KEYS, settings=QUICK, on_call=lambda *_: None)
        with pytest.raises(NotAnswered) as raised:
            await read_bytes(
                ObjectFiles(lambda: bucket, "ranker", lambda: None), [StoredFile("w", 10)]
            )

    assert raised.value.reason == "HalfRead"


WHOLE = (
    "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>ranker/w</Key>"
    "<LastModified>2026-11-20T06:00:00.000Z</LastModified><ETag>x</ETag><Size>1</Size></Contents>"
)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html><body>Sign in</body></html>",
        "{}",
        WHOLE,
        WHOLE.replace("<Size>1</Size>", "") + "</ListBucketResult>",
        WHOLE.replace("2026-11-20", "yesterday") + "</ListBucketResult>",
        WHOLE.replace(">1<", ">-1<") + "</ListBucketResult>",
    ],
    ids=["nothing", "HTML", "JSON", "half", "no size", "no date", "a negative size"],
)
async def test_an_answer_that_is_no_listing_is_no_empty_folder(body: str) -> None:
    store = FakeS3(instead=lambda request: web.Response(text=body, content_type="application/xml"))

    found = await failure(store)

    assert isinstance(found, NotAnswered)


async def test_a_file_that_is_written_anew_while_it_is_read_has_no_hash_of_both() -> None:
    """The library requests what is missing of a body that ended early."""
    store = FakeS3({"ranker/w": b"x" * 10})

    async def answer(request: web.Request) -> web.StreamResponse:
        if not request.path.endswith("/w") or "Range" in request.headers:
            return await store.answer(request)
        response = web.StreamResponse(
            headers={**store._headers("ranker/w"), "Content-Length": "10"}
        )
        await response.prepare(request)
        await response.write(b"x" * 5)
        store.objects["ranker/w"] = b"y" * 10
        assert request.transport is not None
        request.transport.close()
        return response

    async with serving(answer) as url:
        spec = ObjectStore(name="models", url=f"s3://{BUCKET}", endpoint=url)
        bucket = Bucket(spec, KEYS, settings=QUICK, on_call=lambda *_: None)
        files = ObjectFiles(lambda: bucket, "ranker", lambda: None)
        with pytest.raises(NotAnswered) as raised:
            await read_bytes(files, await files.listing())

    assert raised.value.reason == "HalfRead"


@pytest.mark.parametrize("after", [b"x" * 11, b"x" * 9, b"", b"y" * 10])
async def test_a_file_that_grows_or_shrinks_after_it_was_listed_is_half_read(after: bytes) -> None:
    store = FakeS3({"ranker/w": b"x" * 10})
    async with files_of(store) as files:
        listing = await files.listing()
        store.objects["ranker/w"] = after
        with pytest.raises(NotAnswered) as raised:
            await read_bytes(files, listing)

    assert raised.value.reason == "HalfRead"


@pytest.mark.parametrize("number", [1000, 1500])
async def test_a_listing_that_a_server_of_the_first_version_cuts_is_not_taken_for_whole(
    number: int,
) -> None:
    """It names no token, and knows none."""
    store = FakeS3({f"ranker/{each:04}": b"x" for each in range(number)}, version=1)

    found = await failure(store)

    assert (type(found), found.reason) == (Refused, "TooManyFiles")
    assert "ListObjectsV2" in found.message


async def test_a_page_that_is_full_and_the_last_one_is_whole() -> None:
    store = FakeS3({f"ranker/{n:04}": b"x" for n in range(1999)} | {"ranker/empty/": b""})

    assert len(await names(store)) == 1999


@pytest.mark.parametrize("tagged", [True, False])
async def test_without_etags_a_listing_does_not_show_each_write(tagged: bool) -> None:
    async with files_of(FakeS3({"ranker/w": b"w"}, tagged=tagged)) as files:
        listing = await files.listing()
        await read_bytes(files, listing)

        assert files.shows_writes(listing) is tagged


async def test_a_single_object_is_no_folder_that_is_not_there() -> None:
    found = await failure(FakeS3({"ranker/model.joblib": b"x"}), path="ranker/model.joblib")

    assert (type(found), found.reason) == (Refused, "ArtifactsNotReadable")
    assert "ranker/model.joblib is an object" in found.message


async def test_what_one_server_lists_proves_nothing_of_another() -> None:
    """A replica has the same names, sizes, dates and ETags."""
    store = FakeS3({"ranker/w": b"w"})
    async with files_of(store) as one, files_of(store) as other:
        listings = [await each.listing() for each in (one, other)]
        prints = {fingerprint(each, await one.stamps(each)) for each in listings}

    assert len(prints) == 2
