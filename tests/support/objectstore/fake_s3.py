"""As much of S3 as a source requests: one bucket, with whatever is wrong with it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

BUCKET = "models"
PAGE = 1000


@dataclass(slots=True)
class FakeS3:
    """``objects`` by key. ``instead`` may answer in its place."""

    objects: dict[str, bytes] = field(default_factory=dict)
    instead: Callable[[web.Request], web.StreamResponse | None] = lambda request: None
    requests: list[web.Request] = field(default_factory=list)
    written: datetime = datetime(2026, 11, 20, 6, tzinfo=UTC)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if (answered := self.instead(request)) is not None:
            return answered
        if request.method == "PUT":
            key = request.path.lstrip("/").partition("/")[2]
            self.objects[key] = await request.read()
            return web.Response(headers={"ETag": etag(self.objects[key])})
        bucket, _, key = request.path.lstrip("/").partition("/")
        if bucket != BUCKET:
            return error(404, "NoSuchBucket")
        if not key:
            return self._listing(request.query)
        if key not in self.objects:
            return error(404, "NoSuchKey")
        return web.Response(body=self.objects[key], headers=self._headers(key))

    def _listing(self, query: Any) -> web.Response:
        after = query.get("continuation-token", "")
        keys = sorted(
            k for k in self.objects if k.startswith(query.get("prefix", "")) and k > after
        )
        page = keys[:PAGE]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{self._date()}</LastModified>"
            f"<ETag>{escape(etag(self.objects[key]))}</ETag><Size>{len(self.objects[key])}</Size>"
            "</Contents>"
            for key in page
        )
        more = len(keys) > len(page)
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        return web.Response(
            content_type="application/xml",
            text=f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{token}{contents}</ListBucketResult>",
        )

    def _headers(self, key: str) -> dict[str, str]:
        return {
            "Content-Length": str(len(self.objects[key])),
            "ETag": etag(self.objects[key]),
            "Last-Modified": format_datetime(self.written, usegmt=True),
        }

    def _date(self) -> str:
        return self.written.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


def error(status: int, code: str) -> web.Response:
    return web.Response(
        status=status,
        content_type="application/xml",
        text=f"<Error><Code>{code}</Code><Message>hush</Message></Error>",
    )
