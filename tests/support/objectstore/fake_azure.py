"""As much of Azure's Blob service as a source requests: one container.

No server of Azure's protocol can be had from the registries that the tests use; what it answers is
that of its documentation (REST API 2023-11-03: List Blobs, Get Blob, Put Blob, Put Block List).
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

CONTAINER = "artifacts"
PAGE = 1000


@dataclass(slots=True)
class FakeAzure:
    """``blobs`` by name. ``instead`` may answer in its place."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    blocks: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Of each blob those that no list has committed."""
    instead: Callable[[web.Request], web.StreamResponse | None] = lambda request: None
    requests: list[web.Request] = field(default_factory=list)
    written: datetime = datetime(2026, 11, 20, 6, tzinfo=UTC)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        if (answered := self.instead(request)) is not None:
            return answered
        container, _, name = request.path.lstrip("/").partition("/")
        if container != CONTAINER:
            return error(404, "ContainerNotFound")
        if request.query.get("comp") == "list":
            return self._listing(request.query)
        if request.method == "PUT":
            return self._put(request, name, await request.read())
        if name not in self.blobs:
            return error(404, "BlobNotFound")
        return web.Response(body=self.blobs[name], headers=self._headers(name))

    def _put(self, request: web.Request, name: str, body: bytes) -> web.Response:
        match request.query.get("comp"):
            case "block":
                self.blocks.setdefault(name, {})[request.query["blockid"]] = body
                return web.Response(status=201)
            case "blocklist":
                ids = re.findall(r"<Uncommitted>(.*?)</Uncommitted>", body.decode())
                there = self.blocks.pop(name)
                self.blobs[name] = b"".join(there[each] for each in ids)
            case _:
                assert request.headers["x-ms-blob-type"] == "BlockBlob"
                self.blobs[name] = body
        return web.Response(status=201, headers=self._headers(name) | {"Content-Length": "0"})

    def _listing(self, query: Any) -> web.Response:
        prefix, after = query.get("prefix", ""), query.get("marker", "")
        names = sorted(n for n in self.blobs if n.startswith(prefix) and n > after)
        if query.get("delimiter"):
            names = [name for name in names if "/" not in name.removeprefix(prefix)]
        page = names[:PAGE]
        blobs = "".join(
            f"<Blob><Name>{escape(name)}</Name><Properties>"
            f"<Last-Modified>{self._date()}</Last-Modified><Etag>{etag(self.blobs[name])}</Etag>"
            f"<Content-Length>{len(self.blobs[name])}</Content-Length>"
            "<Content-Type>application/octet-stream</Content-Type>"
            "<BlobType>BlockBlob</BlobType></Properties></Blob>"
            for name in page
        )
        marker = escape(page[-1]) if len(names) > len(page) else ""
        return web.Response(
            content_type="application/xml",
            text=f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>{blobs}</Blobs>'
            f"<NextMarker>{marker}</NextMarker></EnumerationResults>",
        )

    def _headers(self, name: str) -> dict[str, str]:
        data = self.blobs[name]
        return {
            "Content-Length": str(len(data)),
            "ETag": etag(data),
            "Last-Modified": self._date(),
            "x-ms-blob-type": "BlockBlob",
        }

    def _date(self) -> str:
        return format_datetime(self.written, usegmt=True)


def etag(data: bytes) -> str:
    return f'"0x{hashlib.md5(data).hexdigest().upper()[:15]}"'


def error(status: int, code: str) -> web.Response:
    return web.Response(
        status=status,
        content_type="application/xml",
        headers={"x-ms-error-code": code},
        text=f"<Error><Code>{code}</Code><Message>hush</Message></Error>",
    )


KEY = base64.b64encode(b"a key of Azure").decode()
