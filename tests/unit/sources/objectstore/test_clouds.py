"""Stores of Google and Azure, proxies and certificates: what is sent where, and as whom. The
servers are played on the wire by the clouds' published protocols; none of them was tried for real.
"""

import hashlib
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rig.certificates import Authority
from stagingmirror.api.spec.environment.object_store import ObjectStore
from stagingmirror.drift.facts import Why
from stagingmirror.errors import NeedsHuman, StagingMirrorError
from stagingmirror.sources.content.files import StoredFile
from stagingmirror.sources.content.hashing import read_bytes
from stagingmirror.sources.objectstore.bucket import Bucket
from stagingmirror.sources.objectstore.clouds import incomplete
from stagingmirror.sources.objectstore.files import ObjectFiles
from support.mlflow.proxy import a_proxy
from support.mlflow.registries import serving
from support.objectstore.buckets import KEYS, QUICK
from support.objectstore.fake_azure import CONTAINER, KEY, FakeAzure
from support.objectstore.fake_azure import error as azure_error
from support.objectstore.fake_s3 import BUCKET, FakeS3
from support.objectstore.fake_s3 import error as s3_error

AZURE = {"AZURE_STORAGE_ACCESS_KEY": KEY}
MIB = 1024 * 1024
FILES = {"MLmodel": b"flavors: {}", "a b/ä#%20.bin": b"w" * 3000, "empty": b""}


def service_account(**more: str) -> dict[str, str]:
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    account = {
        "type": "service_account",
        "private_key": key.decode(),
        "private_key_id": "k1",
        "client_email": "reader@prod.iam.gserviceaccount.com",
    }
    return {"GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(account | more)}


def bucket(variables: dict[str, str] | None, **spec: Any) -> Bucket:
    given = {"name": "models", "url": f"s3://{BUCKET}"} | spec
    store = ObjectStore.model_validate(given)
    return Bucket(store, variables, settings=QUICK, on_call=lambda *_: None)


def folder(opened: Bucket) -> ObjectFiles:
    return ObjectFiles(lambda: opened, "ranker", lambda: None)


async def hashes(files: ObjectFiles) -> dict[str, str]:
    read = await read_bytes(files, await files.listing())
    return {path: each.sha256 for path, each in read.files.items()}


def expected() -> dict[str, str]:
    return {path: hashlib.sha256(data).hexdigest() for path, data in FILES.items()}


async def sent(*blocks: bytes) -> AsyncGenerator[bytes, None]:
    for block in blocks:
        yield block


def keep(path: str) -> str:
    return f"ranker/{path}"


async def test_a_folder_of_google_is_read_as_its_service_account() -> None:
    store = FakeS3({keep(path): data for path, data in FILES.items()} | {"ranker/sub/": b""})
    async with serving(store.answer) as url:
        files = folder(bucket(service_account(), url=f"gs://{BUCKET}", endpoint=url))

        assert await hashes(files) == expected()

    for request in store.requests:
        assert request.headers["Authorization"].startswith("Bearer ey")


async def test_where_the_requests_of_a_service_account_go_is_not_for_its_key_to_say() -> None:
    theirs, ours = FakeS3(), FakeS3({"ranker/w": b"w"})
    async with serving(theirs.answer) as other, serving(ours.answer) as url:
        account = service_account(gcs_base_url=other, token_uri=other)
        files = folder(bucket(account, url=f"gs://{BUCKET}", endpoint=url))
        await files.listing()

    assert theirs.requests == []


async def test_a_variable_that_would_count_before_the_secret_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "theirs")
    with pytest.raises(NeedsHuman, match="GOOGLE_BEARER_TOKEN") as raised:
        bucket(service_account(), url=f"gs://{BUCKET}")

    assert "theirs" not in raised.value.message


@pytest.mark.parametrize("text", ["hush", "[]", '{"client_email": "hush"}'])
def test_a_google_key_that_is_none_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(NeedsHuman) as raised:
        bucket({"GOOGLE_SERVICE_ACCOUNT_KEY": text}, url=f"gs://{BUCKET}")

    assert raised.value.reason == "SecretInvalid"
    assert "hush" not in raised.value.message


@asynccontextmanager
async def azure(
    store: FakeAzure, variables: dict[str, str] | None = AZURE, **spec: Any
) -> AsyncIterator[ObjectFiles]:
    async with serving(store.answer) as url:
        given = {"url": f"az://mlprod/{CONTAINER}", "endpoint": url} | spec
        yield folder(bucket(variables, **given))


@pytest.mark.parametrize(
    ("variables", "header", "query"),
    [
        (AZURE, "SharedKey mlprod:", ""),
        ({"AZURE_STORAGE_SAS_TOKEN": "?sv=2023-11-03&sig=abc%3D"}, "", "abc="),
        (None, "", ""),
    ],
)
async def test_a_folder_of_azure_is_read_with_what_the_secret_has_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str] | None, header: str, query: str
) -> None:
    for name, value in {
        "AZURE_STORAGE_ACCOUNT_KEY": "dGhlaXJz",
        "AZURE_STORAGE_SAS_KEY": "sig=theirs",
        "AZURE_STORAGE_TOKEN": "theirs",
        "AZURE_STORAGE_ENDPOINT": "http://127.0.0.1:1",
        "AZURE_STORAGE_USE_EMULATOR": "true",
    }.items():
        monkeypatch.setenv(name, value)
    store = FakeAzure({keep(path): data for path, data in FILES.items()} | {"ranker/sub/": b""})
    async with azure(store, variables, anonymous=variables is None) as files:
        assert await hashes(files) == expected()

    for request in store.requests:
        assert request.headers.get("Authorization", "").startswith(header)
        assert bool(header) == ("Authorization" in request.headers)
        assert request.query.get("sig", "") == query


@pytest.mark.parametrize("size", [0, 3, 20 * MIB])
async def test_a_file_is_written_into_azure_as_it_was_sent(size: int) -> None:
    store, half = FakeAzure(), b"x" * (size // 2)
    async with azure(store) as files:
        await files.put(StoredFile("a b/w#1", size), sent(half, b"y" * (size - len(half))))

    assert store.blobs == {"ranker/a b/w#1": half + b"y" * (size - len(half))}
    assert store.blocks == {}


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (404, "ContainerNotFound", "BucketMissing"),
        (403, "AuthenticationFailed", "Unauthorized"),
        (403, "AuthorizationPermissionMismatch", "Forbidden"),
        (403, "AuthorizationFailure", "Forbidden"),
        (503, "ServerBusy", "Throttled"),
        (409, "AccountIsDisabled", "ServerError"),
    ],
)
async def test_each_refusal_of_azure_has_its_reason(status: int, code: str, reason: str) -> None:
    async with azure(FakeAzure(instead=lambda _: azure_error(status, code))) as files:
        with pytest.raises(StagingMirrorError) as raised:
            await files.listing()

    assert raised.value.reason == reason
    assert f"az://mlprod/{CONTAINER}" in raised.value.message
    assert "hush" not in raised.value.message


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (404, "NoSuchBucket", "BucketMissing"),
        (401, "AuthenticationRequired", "Unauthorized"),
        (403, "AccessDenied", "Forbidden"),
        (429, "TooManyRequests", "Throttled"),
    ],
)
async def test_each_refusal_of_google_has_its_reason(status: int, code: str, reason: str) -> None:
    store = FakeS3(instead=lambda _: s3_error(status, code))
    async with serving(store.answer) as url:
        files = folder(bucket(service_account(), url=f"gs://{BUCKET}", endpoint=url))
        with pytest.raises(StagingMirrorError) as raised:
            await files.listing()

    assert raised.value.reason == reason


@pytest.mark.parametrize(
    ("url", "variables", "wanted"),
    [
        ("s3://bucket", AZURE, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("s3://bucket", KEYS | {"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY"),
        ("gs://bucket", KEYS, "GOOGLE_SERVICE_ACCOUNT_KEY"),
        ("az://mlprod/artifacts", {"AZURE_CLIENT_ID": "x"}, "AZURE_TENANT_ID and"),
        ("az://mlprod/artifacts", {}, "or AZURE_STORAGE_SAS_TOKEN"),
    ],
)
def test_a_secret_of_another_cloud_is_incomplete_and_says_what_is_needed(
    url: str, variables: dict[str, str], wanted: str
) -> None:
    store = ObjectStore.model_validate(
        {"name": "models", "url": url, "credentialsSecretRef": {"name": "s3"}}
    )

    why = incomplete(store, variables)

    assert isinstance(why, Why)
    assert why.reason == "SecretIncomplete"
    assert wanted in why.message


async def test_requests_go_through_the_proxy_that_the_store_names() -> None:
    store = FakeS3({"ranker/w": b"w"})
    async with serving(store.answer) as url, a_proxy() as proxy:
        files = folder(bucket(None, endpoint=url, proxyUrl=proxy.url, anonymous=True))
        assert await hashes(files) == {"w": hashlib.sha256(b"w").hexdigest()}

    assert len(proxy.seen) == len(store.requests) == 2
    assert proxy.seen[0].startswith(f"GET {url}/{BUCKET}")


def test_a_proxy_that_could_read_what_lets_us_in_is_refused_before_any_call() -> None:
    with pytest.raises(NeedsHuman) as raised:
        bucket(KEYS, endpoint="http://minio:9000", proxyUrl="http://proxy:3128")

    assert raised.value.reason == "InvalidProxy"


async def test_nor_is_it_sent_through_one_that_a_variable_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = FakeS3({"ranker/w": b"w"})
    async with serving(store.answer) as url, a_proxy() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        files = folder(bucket(KEYS | {"AWS_SESSION_TOKEN": "hush"}, endpoint=url))
        await files.listing()

    assert proxy.seen == []


def test_a_proxy_that_is_link_local_is_refused_before_any_call() -> None:
    with pytest.raises(NeedsHuman) as raised:
        bucket(KEYS, proxyUrl="http://169.254.169.254:80")

    assert raised.value.reason == "LinkLocal"


async def test_only_a_server_whose_certificate_is_in_the_bundle_is_sent_anything(
    tmp_path: Path,
) -> None:
    ours, other = Authority(tmp_path / "ours"), Authority(tmp_path / "other")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*ours.server("store", names=["store"], addresses=["127.0.0.1"]))
    store = FakeS3({"ranker/w": b"w"})
    async with serving(store.answer, tls=tls) as url:
        for bundle in (None, other.certificate.read_text()):
            files = folder(bucket(KEYS, endpoint=url, caBundle=bundle))
            with pytest.raises(StagingMirrorError) as raised:
                await files.listing()
            assert raised.value.reason == "CertificateNotTrusted"
        assert store.requests == []

        bundle = other.certificate.read_text() + ours.certificate.read_text()
        files = folder(bucket(KEYS, endpoint=url, caBundle=bundle))
        assert [each.path for each in await files.listing()] == ["w"]
