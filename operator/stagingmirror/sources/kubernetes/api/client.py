"""The one way to the API server: dicts in, dicts out, our own errors, a timeout on every call.

aiohttp directly (docs/decisions/008-kubernetes-client.md): the answers are decoded once, a watch is
a stream of lines, and a dead connection is noticed within ten seconds.
"""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from time import perf_counter
from typing import Any, Self
from urllib.parse import quote

import aiohttp
from aiohappyeyeballs import AddrInfoType
from yarl import URL

from stagingmirror.errors import NotAnswered
from stagingmirror.sources.kubernetes.api.errors import NOT_ANSWERING, error_of, items_of, object_of
from stagingmirror.sources.kubernetes.api.login import Login, login
from stagingmirror.sources.kubernetes.api.server_clock import ServerClock

FIELD_MANAGER = "stagingmirror"
# Accept headers for single (and watched) objects and for lists.
METADATA = (
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
)
BODY_LIMIT = 64 * 1024 * 1024
# Bytes of one watch event; etcd holds objects of 1.5 MiB at most.
LINE_LIMIT = 8 * 1024 * 1024
# Seconds after which decoding lets others run.
SLICE = 0.005
_WRITES = frozenset({"POST", "PUT", "PATCH"})
_ERROR_BODY = 64 * 1024

# Method, outcome (HTTP status or ``error``), seconds.
OnCall = Callable[[str, str, float], None]


class KubernetesClient:
    """One identity at one API server. ``on_call`` counts; ``namespace`` is the context's default;
    ``clock`` is the server's.

    Concurrency is bounded by the callers: workers, watches, and sweeps each have their own limit.
    """

    def __init__(self, access: Login, *, timeout: float) -> None:
        self.on_call: OnCall = lambda _method, _outcome, _seconds: None
        self.namespace = access.namespace
        self.clock = ServerClock()
        self._access = access
        self._timeout = timeout
        self._base = access.server.rstrip("/")
        connector = aiohttp.TCPConnector(
            limit=0, ssl=access.tls or True, socket_factory=keepalive_socket, ttl_dns_cache=10
        )
        # Uncompressed: most clusters are one hop away, and a sweep would cost the server its zlib.
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"Accept-Encoding": "identity", "User-Agent": "stagingmirror"},
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=2**18,
        )

    @classmethod
    async def connect(
        cls,
        *,
        kubeconfig: str | None = None,
        context: str | None = None,
        timeout: float,  # noqa: ASYNC109 - the default of later calls, not of this one
    ) -> Self:
        """Reads the credentials, sends no request. ``timeout``: of each call, in seconds."""
        return cls(await login(kubeconfig=kubeconfig, context=context), timeout=timeout)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object | None = None,
        content_type: str = "application/json",
        timeout: float | None = None,  # noqa: ASYNC109 - most callers want the default
    ) -> dict[str, Any]:
        """One call. Writes carry our field manager.

        Errors: ``NotThere``, ``NotAllowed``, ``Conflicted``, ``Refused``, ``NotAnswered``.
        """
        words = dict(query or {})
        if method in _WRITES:
            words.setdefault("fieldManager", FIELD_MANAGER)
        answer = await self._call(method, path, words, body, content_type, timeout)
        return object_of(answer, f"{method} {path}")

    async def pages(
        self,
        path: str,
        *,
        limit: int = 500,
        query: Mapping[str, str] | None = None,
        metadata_only: bool = False,
        shape: Callable[[dict[str, Any]], Any] | None = None,
    ) -> AsyncIterator[dict[str, Any]]:
        """The pages of a consistent LIST: dicts with ``metadata`` and ``items``.

        Each item goes through ``shape`` as soon as it is decoded, so that a page of large objects
        is never held as dicts. Others run in between. ``Expired`` where the list took too long.
        """
        accept = METADATA[1] if metadata_only else "application/json"
        words = {**(query or {}), "limit": str(limit)}
        while True:
            body = await self._call("GET", path, words, accept=accept)
            page = await self._decoded(body, f"GET {path}", shape or (lambda item: item))
            yield page
            token = page["metadata"].get("continue")
            if not token:
                return
            words["continue"] = str(token)

    async def _decoded(
        self, body: bytes, request: str, shape: Callable[[dict[str, Any]], Any]
    ) -> dict[str, Any]:
        decoding = items_of(body, request, shape)
        metadata, _ = next(decoding)
        items: list[Any] = []
        until = perf_counter() + SLICE
        for _, item in decoding:
            items.append(item)
            if perf_counter() > until:
                await asyncio.sleep(0)
                until = perf_counter() + SLICE
        return {"metadata": metadata, "items": items}

    async def stream(
        self,
        path: str,
        query: Mapping[str, str],
        *,
        metadata_only: bool = False,
        opened: Callable[[], None] | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """The lines of a watch until the server ends it. ``opened`` is called once it is accepted.

        To be closed by its reader (``contextlib.aclosing``), else its connection stays open.
        Only opening has a timeout: a quiet watch is no error. A connection that died
        makes ``NotAnswered`` within ten seconds, by TCP.
        """
        request = f"WATCH {path}"
        headers = await self._headers(METADATA[0] if metadata_only else "application/json")
        begun = perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._session.get(
                    self._url(path, query),
                    headers=headers,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None),
                    **self._route(),
                )
            async with answer:
                self.on_call("WATCH", str(answer.status), perf_counter() - begun)
                if answer.status != 200:
                    async with asyncio.timeout(self._timeout):
                        content = await _bounded(answer, _ERROR_BODY)
                    raise error_of(answer.status, content, request)
                if opened is not None:
                    opened()
                try:
                    async for line in _lines(answer, request):
                        yield line
                finally:
                    _hang_up(answer)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _no_answer(request, error) from error

    async def close(self) -> None:
        await self._session.close()
        # Connections that were hung up are gone one turn of the loop later.
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: object | None = None,
        content_type: str | None = None,
        seconds: float | None = None,
        accept: str = "application/json",
    ) -> bytes:
        request, begun, outcome = f"{method} {path}", perf_counter(), "error"
        try:
            async with asyncio.timeout(seconds or self._timeout):
                headers = await self._headers(accept)
                if body is not None and content_type:
                    headers["Content-Type"] = content_type
                async with self._session.request(
                    method,
                    self._url(path, query),
                    headers=headers,
                    data=None if body is None else json.dumps(body).encode(),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None),
                    **self._route(),
                ) as answer:
                    self.clock.answered(answer.headers.get("Date"), begun)
                    content = await _bounded(answer, BODY_LIMIT)
                    outcome = str(answer.status)
        except asyncio.CancelledError:
            outcome = ""  # we gave up, not the server
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise _no_answer(request, error) from error
        finally:
            if outcome:
                self.on_call(method, outcome, perf_counter() - begun)
        if answer.status >= 300:
            raise error_of(answer.status, content, request)
        return content

    async def _headers(self, accept: str) -> dict[str, str]:
        headers = {"Accept": accept}
        if authorization := await self._access.authorization():
            headers["Authorization"] = authorization
        return headers

    def _url(self, path: str, query: Mapping[str, str]) -> URL:
        words = "&".join(f"{quote(key, safe='')}={quote(query[key], safe='')}" for key in query)
        return URL(f"{self._base}{path}" + (f"?{words}" if words else ""), encoded=True)

    def _route(self) -> dict[str, Any]:
        return {"proxy": self._access.proxy, "server_hostname": self._access.server_hostname}


async def _bounded(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    parts, size = [], 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > limit:
            raise aiohttp.ClientPayloadError("larger than we read")
        parts.append(part)
    return b"".join(parts)


async def _lines(answer: aiohttp.ClientResponse, request: str) -> AsyncIterator[bytes]:
    rest, size = [b""], 0
    async for part in answer.content.iter_any():
        first, *more = part.split(b"\n")
        rest.append(first)
        for begun in more:
            if line := b"".join(rest):
                yield line
            rest, size = [begun], 0
        size += len(rest[-1])
        if size > LINE_LIMIT:
            raise NotAnswered(NOT_ANSWERING, f"{request}: an event is larger than we read.")


def _hang_up(answer: aiohttp.ClientResponse) -> None:
    """At once: closing in order would wait for a server that may no longer be there."""
    if answer.connection is not None and answer.connection.transport is not None:
        answer.connection.transport.abort()


def _no_answer(request: str, error: Exception) -> NotAnswered:
    """Named by its type only: an address or a credential could be in the text."""
    what = "timed out" if isinstance(error, TimeoutError) else f"failed ({type(error).__name__})"
    return NotAnswered(NOT_ANSWERING, f"{request} {what}.")


def keepalive_socket(address: AddrInfoType) -> socket.socket:
    """A socket that notices a dead peer in ten seconds, idle (keepalive) or not (user timeout)."""
    family, kind, protocol, *_ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", 4),
        ("TCP_KEEPINTVL", 2),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", 10_000),
    ):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made
