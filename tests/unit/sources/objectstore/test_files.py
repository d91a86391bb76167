"""Files in a bucket: listed, read, and refused. The server is played on the wire."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.api.spec.object_store import ObjectStore
from stagingmirror.errors import (
    NeedsHuman,
    NotAllowed,
    NotAnswered,
    NotThere,
    Refused,
    StagingMirrorError,
    StepFailed,
)
from stagingmirror.settings import Settings
from stagingmirror.sources.content.files import StoredFile
from stagingmirror.sources.content.hashing import read_bytes
from stagingmirror.sources.objectstore.bucket import Bucket
from stagingmirror.sources.objectstore.files import ObjectFiles
from support.mlflow.registries import serving
from support.objectstore.fake_s3 import BUCKET, FakeS3, error

KEYS = {"AWS_ACCESS_KEY_ID": "ours", "AWS_SECRET_ACCESS_KEY": "hush"}
QUICK = Settings(upstream_timeout=2.0, artifact_timeout=2.0)


@asynccontextmanager
async def files_of(
    store: FakeS3, path: str = "ranker", *, bucket: str = BUCKET, **given: Any
) -> AsyncIterator[ObjectFiles]:
    async with serving(store.answer) as url:
        spec = {"name": "models", "url": f"s3://{bucket}", "endpoint": url} | given
        opened = Bucket(
            ObjectStore.model_validate(spec), KEYS, settings=QUICK, on_call=lambda *_: None
        )
        yield ObjectFiles(lambda: opened, path, lambda: None)


async def names(store: FakeS3, path: str = "ranker") -> list[str]:
    async with files_of(store, path) as files:
        return [each.path for each in await files.listing()]


async def failure(store: FakeS3, **given: Any) -> StagingMirrorError:
    async with files_of(store, **given) as files:
        with pytest.raises(StagingMirrorError) as raised:
            await read_bytes(files, await files.listing())
    return raised.value


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


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        (404, "NoSuchBucket", NotThere, "BucketMissing"),
        (403, "AccessDenied", NotAllowed, "Forbidden"),
        (403, "InvalidAccessKeyId", NotAllowed, "Unauthorized"),
        (403, "SignatureDoesNotMatch", NotAllowed, "Unauthorized"),
        (400, "ExpiredToken", NotAllowed, "Unauthorized"),
        (403, "RequestTimeTooSkewed", NotAllowed, "Unauthorized"),
        (400, "AuthorizationHeaderMalformed", Refused, "BadRequest"),
        (503, "SlowDown", NotAnswered, "Throttled"),
        (503, "ServiceUnavailable", NotAnswered, "Unavailable"),
        (500, "InternalError", NotAnswered, "ServerError"),
    ],
)
async def test_each_refusal_has_its_reason_and_shows_nothing_of_the_answer(
    status: int, code: str, kind: type[StagingMirrorError], reason: str
) -> None:
    found = await failure(FakeS3(instead=lambda request: error(status, code)))

    assert (type(found), found.reason) == (kind, reason)
    assert f"s3://{BUCKET} at 127.0.0.1, list" in found.message
    assert "hush" not in found.message
    assert "ours" not in found.message


async def test_a_server_that_asks_to_slow_down_once_is_asked_again() -> None:
    store = FakeS3({"ranker/w": b"w"})
    store.instead = lambda _: error(503, "SlowDown") if len(store.requests) == 1 else None

    assert await names(store) == ["w"]


async def test_nobody_listening_is_unreachable() -> None:
    found = await failure(FakeS3(), endpoint="http://127.0.0.1:1")

    assert (type(found), found.reason) == (NotAnswered, "Unreachable")


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


async def test_variables_of_the_process_do_not_decide_where_and_as_whom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "theirs",
        "AWS_SECRET_ACCESS_KEY": "theirs",
        "AWS_SESSION_TOKEN": "theirs",
        "AWS_REGION": "eu-north-1",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
    }.items():
        monkeypatch.setenv(name, value)
    store = FakeS3({"ranker/w": b"w"})

    assert await names(store) == ["w"]
    for request in store.requests:
        assert "Credential=ours/" in request.headers["Authorization"]
        assert "us-east-1" in request.headers["Authorization"]
        assert not any("theirs" in value for value in request.headers.values())


async def test_a_public_bucket_gets_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "theirs")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "theirs")
    store = FakeS3({"ranker/w": b"w"})
    async with serving(store.answer) as url:
        spec = ObjectStore(name="m", url=f"s3://{BUCKET}", endpoint=url, anonymous=True)
        bucket = Bucket(spec, None, settings=QUICK, on_call=lambda *_: None)
        await ObjectFiles(lambda: bucket, "ranker", lambda: None).listing()

    assert store.requests
    assert not any("Authorization" in request.headers for request in store.requests)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"endpoint": "http://169.254.169.254"}, "LinkLocal"),
        ({"endpoint": "http://[fe80::1]:9000"}, "LinkLocal"),
        ({"caBundle": "no certificate"}, "InvalidCABundle"),
    ],
)
def test_what_cannot_be_right_is_refused_before_any_call(
    given: dict[str, str], reason: str
) -> None:
    store = ObjectStore.model_validate({"name": "m", "url": f"s3://{BUCKET}", **given})
    with pytest.raises(NeedsHuman) as raised:
        Bucket(store, KEYS, settings=QUICK, on_call=lambda *_: None)

    assert raised.value.reason == reason
    assert "objectStores[m]" in raised.value.message


async def sent(*blocks: bytes) -> AsyncIterator[bytes]:
    for block in blocks:
        yield block


@pytest.mark.parametrize("blocks", [(), (b"",), (b"one ", b"two")])
async def test_a_file_is_written_as_it_was_sent(blocks: tuple[bytes, ...]) -> None:
    store, data = FakeS3(), b"".join(blocks)
    async with files_of(store) as files:
        await files.put(StoredFile("a b/w#1.bin", len(data)), sent(*blocks))

    assert store.objects == {"ranker/a b/w#1.bin": data}


async def test_nothing_is_sent_where_writing_is_refused() -> None:
    store = FakeS3()

    def refuse() -> None:
        raise StepFailed("ProductionIsReadOnly", "it is production's")

    async with files_of(store) as files:
        with pytest.raises(StepFailed):
            await replace(files, refuse_writing=refuse).put(StoredFile("w", 1), sent(b"w"))

    assert store.requests == []


async def test_a_source_that_ends_early_while_it_is_sent_is_that_error_and_writes_nothing() -> None:
    store = FakeS3()

    async def breaking() -> AsyncIterator[bytes]:
        yield b"half"
        raise NotAnswered("HalfRead", "the source ended")

    async with files_of(store) as files:
        with pytest.raises(NotAnswered) as raised:
            await files.put(StoredFile("w", 8), breaking())

    assert raised.value.reason == "HalfRead"
    assert store.objects == {}
