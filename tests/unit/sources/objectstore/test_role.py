"""A store that is used as a role of AWS. STS and store are played on the wire.
AWS was not tried.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from stagingmirror.api.spec.environment.object_store import ObjectStore
from stagingmirror.errors import NeedsHuman, StagingMirrorError
from stagingmirror.sources.content.files import StoredFile
from stagingmirror.sources.objectstore.bucket import Bucket
from stagingmirror.sources.objectstore.files import ObjectFiles
from support.mlflow.registries import serving
from support.objectstore.buckets import KEYS, QUICK
from support.objectstore.fake_s3 import BUCKET, FakeS3, error

ROLE = "arn:aws:iam::123456789012:role/reader"
SPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
BELOW = {"mlflow/w.bin": b"w" * 3000}


@dataclass(slots=True)
class FakeSts:
    """``lasts``: seconds for which what it gives is good."""

    lasts: float = 3600.0
    forms: list[dict[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Signatures that were not those of the key."""
    instead: Callable[[], web.StreamResponse | None] = lambda: None
    silent: bool = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.forms.append({key: each[0] for key, each in parse_qs(body.decode()).items()})
        if (wanted := signature_of(request, body)) not in request.headers["Authorization"]:
            self.wrong.append(wanted)
        if self.silent:
            await asyncio.sleep(3600)
        if (other := self.instead()) is not None:
            return other
        until = datetime.now(UTC) + timedelta(seconds=self.lasts)
        given = {
            "AccessKeyId": f"ASIA{len(self.forms)}",
            "SecretAccessKey": "secret",
            "SessionToken": f"token-{len(self.forms)}",
            "Expiration": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        fields = "".join(f"<{name}>{value}</{name}>" for name, value in given.items())
        return web.Response(
            content_type="text/xml",
            text=f'<AssumeRoleResponse xmlns="{SPACE}"><AssumeRoleResult><Credentials>{fields}'
            "</Credentials></AssumeRoleResult></AssumeRoleResponse>",
        )


def signature_of(request: web.Request, body: bytes) -> str:
    """By the published algorithm (AWS Signature Version 4), from what arrived."""
    scope = request.headers["Authorization"].split("Credential=")[1].split(",")[0].split("/")[1:]
    names = request.headers["Authorization"].split("SignedHeaders=")[1].split(",")[0]
    headers = "".join(f"{name}:{request.headers[name]}\n" for name in names.split(";"))
    hashed = hashlib.sha256(body).hexdigest()
    canonical = f"POST\n{request.path}\n\n{headers}\n{names}\n{hashed}"
    text = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            request.headers["X-Amz-Date"],
            "/".join(scope),
            hashlib.sha256(canonical.encode()).hexdigest(),
        )
    )
    key = f"AWS4{KEYS['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in (*scope, text):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


@dataclass(slots=True)
class Bench:
    sts: FakeSts
    store: FakeS3
    bucket: Bucket

    async def trouble(self) -> StagingMirrorError:
        with pytest.raises(StagingMirrorError) as raised:
            await self.bucket.probe()
        return raised.value

    @property
    def tokens(self) -> list[str]:
        """With which the store was asked, in order."""
        return [each.headers["x-amz-security-token"] for each in self.store.requests]


@asynccontextmanager
async def bench(*, writes: bool = False) -> AsyncIterator[Bench]:
    sts, store = FakeSts(), FakeS3(dict(BELOW))
    async with serving(sts.answer) as at, serving(store.answer) as endpoint:
        spec = ObjectStore.model_validate(
            {
                "name": "models",
                "url": f"s3://{BUCKET}/mlflow",
                "endpoint": endpoint,
                "region": "eu-central-1",
                "credentialsSecretRef": {"name": "s3"},
                "assumeRole": {"arn": ROLE, "externalId": "of-us", "endpoint": at},
            }
        )
        made = Bucket(spec, KEYS, settings=QUICK, on_call=lambda *_: None, writes=writes)
        yield Bench(sts, store, made)


async def test_the_store_is_used_as_the_role_which_is_assumed_once_and_signed_with_our_key() -> (
    None
):
    async with bench() as made:
        await made.bucket.probe()
        files = ObjectFiles(lambda: made.bucket, "mlflow", lambda: None)
        (file,) = await files.listing()
        async with files.open(file) as opened:
            read = [chunk async for block in opened.blocks for chunk in block]

        (form,) = made.sts.forms
        assert b"".join(read) == BELOW["mlflow/w.bin"]
        assert (form["RoleArn"], form["ExternalId"]) == (ROLE, "of-us")
        assert made.sts.wrong == []
        assert set(made.tokens) == {"token-1"}


LIST = {
    "Effect": "Allow",
    "Action": ["s3:ListBucket"],
    "Resource": [f"arn:aws:s3:::{BUCKET}"],
    "Condition": {"StringLike": {"s3:prefix": ["mlflow/*"]}},
}


@pytest.mark.parametrize(
    ("writes", "actions"),
    [
        (False, ["s3:GetObject"]),
        (True, ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload", "s3:DeleteObject"]),
    ],
)
async def test_the_session_may_do_no_more_than_the_side_needs_in_its_place(
    writes: bool, actions: list[str]
) -> None:
    async with bench(writes=writes) as made:
        await made.bucket.probe()

        below = [f"arn:aws:s3:::{BUCKET}/mlflow/*"]
        assert json.loads(made.sts.forms[0]["Policy"])["Statement"] == [
            LIST,
            {"Effect": "Allow", "Action": actions, "Resource": below},
        ]


async def test_credentials_are_renewed_before_they_expire_also_for_a_write() -> None:
    async with bench(writes=True) as made:
        made.sts.lasts = 0.0
        await made.bucket.probe()
        made.sts.lasts, before = 3600.0, len(made.sts.forms)
        files = ObjectFiles(lambda: made.bucket, "mlflow", lambda: None)

        async def chunks() -> Any:
            yield b"new"

        await files.put(StoredFile("new", 3), chunks())
        await made.bucket.probe()

        assert len(made.sts.forms) == before + 1
        assert made.tokens[1:] == [f"token-{before + 1}"] * 2


async def test_credentials_that_last_for_minutes_are_not_requested_for_each_call() -> None:
    async with bench() as made:
        made.sts.lasts = 240.0
        for _ in range(5):
            await made.bucket.probe()

        assert len(made.sts.forms) == 1


async def test_those_that_are_good_are_used_where_sts_does_not_answer() -> None:
    async with bench() as made:
        await made.bucket.probe()
        role = made.bucket._way._role
        assert role is not None
        role._early = timedelta(hours=2)
        made.sts.instead = lambda: web.Response(status=503)

        await made.bucket.probe()

        assert len(made.sts.forms) > 1
        assert set(made.tokens) == {"token-1"}


def refused(status: int, code: str) -> web.Response:
    text = f'<ErrorResponse xmlns="{SPACE}"><Error><Code>{code}</Code></Error></ErrorResponse>'
    return web.Response(status=status, content_type="text/xml", text=text)


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (lambda: refused(403, "AccessDenied"), "NotAllowed", "Forbidden"),
        (lambda: refused(403, "InvalidClientTokenId"), "NotAllowed", "Unauthorized"),
        (lambda: refused(404, "NoSuchEntity"), "Refused", "RoleMissing"),
        (lambda: refused(400, "MalformedPolicyDocument"), "Refused", "BadRequest"),
        (lambda: refused(400, "InvalidAction"), "NotSupported", "NotSupported"),
        (lambda: error(405, "MethodNotAllowed"), "NotSupported", "NotSupported"),
        (lambda: refused(400, "Throttling"), "NotAnswered", "Throttled"),
        (lambda: web.Response(status=503), "NotAnswered", "Unavailable"),
        (lambda: web.Response(text="<html>please log in</html>"), "NotAnswered", "Garbage"),
        (lambda: web.Response(text="<a>" * 99_999), "NotAnswered", "Garbage"),
        (lambda: web.Response(status=302), "NotAnswered", "Garbage"),
    ],
)
async def test_what_sts_answers_is_what_is_reported_and_the_store_is_not_asked(
    answer: Callable[[], web.Response], kind: str, reason: str
) -> None:
    async with bench() as made:
        made.sts.instead = answer
        found = await made.trouble()

        assert (type(found).__name__, found.reason) == (kind, reason)
        assert ROLE in found.message
        assert made.store.requests == []


async def test_an_sts_that_does_not_answer_is_waited_for_once_by_all_that_need_it() -> None:
    async with bench() as made:
        made.sts.silent = True
        found = await asyncio.gather(*(made.trouble() for _ in range(5)))

        assert {each.reason for each in found} == {"TimedOut"}
        assert len(made.sts.forms) == 1


async def test_an_sts_on_this_machines_own_link_is_never_connected_to() -> None:
    spec = {"name": "models", "url": f"s3://{BUCKET}", "assumeRole": {"arn": ROLE}}
    spec["assumeRole"] = {"arn": ROLE, "endpoint": "http://169.254.169.254"}
    store = ObjectStore.model_validate(spec)
    made = Bucket(store, KEYS, settings=QUICK, on_call=lambda *_: None)
    with pytest.raises(StagingMirrorError) as raised:
        await made.probe()

    assert raised.value.reason == "LinkLocal"


async def test_a_proxy_that_could_read_what_lets_us_in_is_refused() -> None:
    spec = {
        "name": "models",
        "url": f"s3://{BUCKET}",
        "proxyUrl": "http://proxy:3128",
        "assumeRole": {"arn": ROLE, "endpoint": "http://sts"},
    }
    with pytest.raises(NeedsHuman) as raised:
        Bucket(ObjectStore.model_validate(spec), KEYS, settings=QUICK, on_call=lambda *_: None)

    assert raised.value.reason == "InvalidProxy"
