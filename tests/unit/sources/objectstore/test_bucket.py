"""One bucket with one identity: refusals, whose credentials are sent where, uploads."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest
from aiohttp import web

from stagingmirror.api.spec.environment.object_store import ObjectStore
from stagingmirror.errors import (
    NeedsHuman,
    NotAllowed,
    NotAnswered,
    NotThere,
    Refused,
    StagingMirrorError,
    StepFailed,
)
from stagingmirror.sources.content.files import StoredFile
from stagingmirror.sources.objectstore.bucket import Bucket
from stagingmirror.sources.objectstore.files import ObjectFiles
from support.mlflow.registries import serving
from support.objectstore.buckets import KEYS, QUICK, failure, files_of, names
from support.objectstore.fake_s3 import BUCKET, FakeS3, error

MIB = 1024 * 1024


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
        (301, "PermanentRedirect", Refused, "BadRequest"),
        (429, "TooManyRequests", NotAnswered, "Throttled"),
        (503, "SlowDown", NotAnswered, "Throttled"),
        (502, "BadGateway", NotAnswered, "Unavailable"),
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


async def sent(*blocks: bytes) -> AsyncGenerator[bytes, None]:
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


@pytest.mark.parametrize("size", [8, 20 * MIB])
async def test_a_source_that_ends_early_while_it_is_sent_is_that_error_and_leaves_nothing(
    size: int,
) -> None:
    store = FakeS3()

    async def breaking() -> AsyncGenerator[bytes, None]:
        yield b"x" * (size // 2)
        raise NotAnswered("HalfRead", "the source ended")

    async with files_of(store) as files:
        with pytest.raises(NotAnswered) as raised:
            await files.put(StoredFile("w", size), breaking())

    assert raised.value.reason == "HalfRead"
    assert (store.objects, store.uploads) == ({}, {})


async def test_an_upload_in_parts_that_is_given_up_leaves_no_parts_and_ends_the_source() -> None:
    store, ended, waits = FakeS3(), asyncio.Event(), asyncio.Event()

    async def waiting() -> AsyncGenerator[bytes, None]:
        try:
            yield b"x" * 10 * MIB
            waits.set()
            await asyncio.sleep(3600)
        finally:
            ended.set()

    async with files_of(store) as files:
        upload = asyncio.create_task(files.put(StoredFile("w", 20 * MIB), waiting()))
        await asyncio.wait_for(waits.wait(), 10)
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload

    assert ended.is_set()
    assert (store.objects, store.uploads) == ({}, {})


@pytest.mark.parametrize("fails", ["uploads", "partNumber", "uploadId"])
@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        (403, "AccessDenied", NotAllowed, "Forbidden"),
        (507, "XMinioStorageFull", Refused, "StorageFull"),
        (403, "QuotaExceeded", Refused, "StorageFull"),
        (404, "NoSuchUpload", NotAnswered, "HalfRead"),
        (404, "NoSuchBucket", NotThere, "BucketMissing"),
    ],
)
async def test_an_upload_that_is_refused_at_any_of_its_calls_is_seen_by_nobody(
    fails: str, status: int, code: str, kind: type[StagingMirrorError], reason: str
) -> None:
    store = FakeS3()

    def refuse(request: web.Request) -> web.Response | None:
        fitting = request.method in ("PUT", "POST") and fails in request.query
        return error(status, code) if fitting else None

    store.instead = refuse
    async with files_of(store) as files:
        with pytest.raises(StagingMirrorError) as raised:
            await files.put(StoredFile("w", 20 * MIB), sent(b"x" * 10 * MIB, b"x" * 10 * MIB))

    assert (type(raised.value), raised.value.reason) == (kind, reason)
    assert store.objects == {}
    assert "hush" not in raised.value.message
