"""As much of S3 as a source requests: one bucket, with whatever is wrong with it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.etree.ElementTree import fromstring
from xml.sax.saxutils import escape

from aiohttp import web

BUCKET = "models"
SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
PAGE = 1000
WRITES = ("PUT", "POST", "DELETE")


@dataclass(slots=True)
class FakeS3:
    """``objects`` by key. ``instead`` may answer in its place."""

    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, tuple[str, dict[int, bytes]]] = field(default_factory=dict)
    """Those in parts that are neither completed nor aborted: key and parts by id."""
    instead: Callable[[web.Request], web.StreamResponse | None] = lambda request: None
    requests: list[web.Request] = field(default_factory=list)
    written: datetime = datetime(2026, 11, 20, 6, tzinfo=UTC)
    version: int = 2
    """Of its listing: the first one has no tokens, and no ``start-after``."""
    tagged: bool = True
    """Whether it has ETags."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if (answered := self.instead(request)) is not None:
            return answered
        bucket, _, key = request.path.lstrip("/").partition("/")
        if bucket != BUCKET:
            return error(404, "NoSuchBucket")
        if request.method in WRITES:
            return self._write(request, key, await request.read())
        if not key:
            return self._listing(request.query)
        if key not in self.objects:
            return error(404, "NoSuchKey")
        return self._object(request, key)

    def _object(self, request: web.Request, key: str) -> web.Response:
        whole, part = self.objects[key], request.http_range
        if part.start is None:
            return web.Response(body=whole, headers=self._headers(key))
        data = whole[part]
        first = part.start
        headers = self._headers(key) | {
            "Content-Length": str(len(data)),
            "Content-Range": f"bytes {first}-{first + len(data) - 1}/{len(whole)}",
        }
        return web.Response(status=206, body=data, headers=headers)

    def _write(self, request: web.Request, key: str, body: bytes) -> web.Response:
        if "delete" in request.query:
            return self._delete(body)
        upload, number = request.query.get("uploadId", ""), request.query.get("partNumber")
        if upload and upload not in self.uploads:
            return error(404, "NoSuchUpload")
        if "uploads" in request.query:
            self.uploads[f"u{len(self.requests)}"] = key, {}
            return xml(
                f"<InitiateMultipartUploadResult><UploadId>{list(self.uploads)[-1]}"
                "</UploadId></InitiateMultipartUploadResult>"
            )
        if number is not None:
            self.uploads[upload][1][int(number)] = body
            return web.Response(headers={"ETag": etag(body)})
        if not self._holds(request, key):
            return error(412, "PreconditionFailed")
        if request.method == "DELETE":
            self.uploads.pop(upload, None) if upload else self.objects.pop(key, None)
            return web.Response(status=204)
        if upload:
            parts = self.uploads.pop(upload)[1]
            body = b"".join(parts[each] for each in sorted(parts))
        self.objects[key] = body
        return xml(
            f"<CompleteMultipartUploadResult><ETag>{escape(etag(body))}</ETag>"
            "</CompleteMultipartUploadResult>",
            {"ETag": etag(body)},
        )

    def _delete(self, body: bytes) -> web.Response:
        gone = [str(each.text) for each in fromstring(body).iter(f"{{{SPACE}}}Key")]
        for key in gone:
            self.objects.pop(key, None)
        deleted = "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in gone)
        return xml(f'<DeleteResult xmlns="{SPACE}">{deleted}</DeleteResult>')

    def _holds(self, request: web.Request, key: str) -> bool:
        """What the request is bound to."""
        there = etag(self.objects[key]) if key in self.objects else None
        wanted, unwanted = request.headers.get("If-Match"), request.headers.get("If-None-Match")
        return (wanted is None or wanted == there) and not (unwanted == "*" and there is not None)

    def _listing(self, query: Any) -> web.Response:
        prefix, after = query.get("prefix", ""), ""
        if self.version == 2:
            after = query.get("continuation-token") or query.get("start-after", "")
        keys = sorted(k for k in self.objects if k.startswith(prefix) and k > after)
        if query.get("delimiter"):
            keys = [key for key in keys if "/" not in key.removeprefix(prefix)]
        page = keys[:PAGE]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{self._date()}</LastModified>"
            f"{self._tag(key)}<Size>{len(self.objects[key])}</Size></Contents>"
            for key in page
        )
        more = len(keys) > len(page)
        is_named = more and self.version == 2
        token = (
            f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if is_named else ""
        )
        return xml(
            f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{token}{contents}</ListBucketResult>"
        )

    def _tag(self, key: str) -> str:
        return f"<ETag>{escape(etag(self.objects[key]))}</ETag>" if self.tagged else ""

    def _headers(self, key: str) -> dict[str, str]:
        return {
            "Content-Length": str(len(self.objects[key])),
            **({"ETag": etag(self.objects[key])} if self.tagged else {}),
            "Last-Modified": format_datetime(self.written, usegmt=True),
        }

    def _date(self) -> str:
        return self.written.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


def xml(text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(content_type="application/xml", text=text, headers=headers)


def error(status: int, code: str) -> web.Response:
    return web.Response(
        status=status,
        content_type="application/xml",
        text=f"<Error><Code>{code}</Code><Message>hush</Message></Error>",
    )
