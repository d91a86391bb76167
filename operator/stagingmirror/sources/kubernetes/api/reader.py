"""Reading from an API server: dicts out, our own errors, a timeout on every call.

A ``KubernetesReader`` has no way to write; ``KubernetesClient`` adds it, for the operator's own
cluster alone. aiohttp directly (docs/decisions/008-kubernetes-client.md): the answers are decoded
once, a watch is a stream of lines, and a dead connection is noticed within ten seconds.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from time import perf_counter
from typing import Any, ClassVar, Literal, Self
from urllib.parse import quote

import aiohttp
from yarl import URL

from stagingmirror.errors import NotAnswered
from stagingmirror.sources.kubernetes.api.errors import (
    NOT_ANSWERING,
    error_of,
    items_of,
    object_of,
    shaped,
)
from stagingmirror.sources.kubernetes.api.expiry import Expiry
from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.sources.kubernetes.api.server_clock import ServerClock
from stagingmirror.sources.kubernetes.api.wire import (
    bounded,
    hang_up,
    lines,
    new_session,
    no_answer,
)

# Accept headers for single (and watched) objects and for lists.
METADATA = (
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
)
BODY_LIMIT = 64 * 1024 * 1024
# Seconds after which decoding lets others run.
SLICE = 0.005
# Seconds in which connections that were hung up are surely gone.
TURNS = 0.1
_ERROR_BODY = 64 * 1024
_REVIEWS = "/apis/authorization.k8s.io/v1"

Review = Literal["SelfSubjectAccessReview", "SelfSubjectRulesReview"]

# Method, outcome (HTTP status or ``error``), seconds.
OnCall = Callable[[str, str, float], None]


class KubernetesReader:
    """One identity at one API server. ``on_call`` counts; ``namespace`` is the context's default;
    ``clock`` is the server's; ``logins`` counts how often the identity was another one since.

    Concurrency is bounded by the callers: workers, watches, and sweeps each have their own limit.
    """

    # Whether a request may change anything there.
    _writes: ClassVar[bool] = False

    def __init__(self, access: Login, *, timeout: float) -> None:
        self.on_call: OnCall = lambda _method, _outcome, _seconds: None
        self.namespace = access.namespace
        self.clock = ServerClock()
        self.logins = 0
        self._timeout = timeout
        self._access, self._session = access, new_session(access)
        # Watches that are open.
        self._open: set[aiohttp.ClientResponse] = set()

    @property
    def expiry(self) -> Expiry | None:
        """Until when the credentials are good; None: they do not say."""
        return self._access.expiry

    async def log_in(self, access: Login) -> None:
        """Go on as another identity, or by another way to the same server. What is open ends as if
        its connection was lost.
        """
        former = self._session
        self._access, self._session = access, new_session(access)
        self.logins += 1
        for answer in self._open:
            hang_up(answer)
        # Their connections are lost some turns of the loop later. A session that is closed before
        # would make its readers raise what is no lost connection.
        try:
            await asyncio.sleep(TURNS)
        finally:
            await former.close()

    async def get(self, path: str, *, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One object, or a page. Errors: ``NotThere``, ``NotAllowed``, ``NotAnswered``."""
        return object_of(await self._call("GET", path, query or {}), f"GET {path}")

    async def review(self, kind: Review, spec: Mapping[str, Any]) -> dict[str, Any]:
        """What our own identity may do there: the status of the answer. Nothing is kept of it.

        Errors: ``NotAllowed``, ``NotAnswered``.
        """
        path = f"{_REVIEWS}/{kind.lower()}s"
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": dict(spec)}
        answer = await self._call("POST", path, {}, body, "application/json")
        request = f"POST {path}"
        return shaped(object_of(answer, request), request, lambda found: dict(found["status"]))

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
            token = str(page["metadata"].get("continue") or "")
            if not token:
                return
            if token == words.get("continue"):  # a cache before the server: it would never end
                raise NotAnswered(NOT_ANSWERING, f"GET {path}: a page of the list came twice.")
            words["continue"] = token

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
                        content = await bounded(answer, _ERROR_BODY)
                    raise error_of(answer.status, content, request)
                if opened is not None:
                    opened()
                self._open.add(answer)
                try:
                    async for line in lines(answer, request):
                        yield line
                finally:
                    self._open.discard(answer)
                    hang_up(answer)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise no_answer(request, error) from error

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
        if not self._writes and method != "GET" and not path.startswith(f"{_REVIEWS}/selfsubject"):
            raise AssertionError(f"{method} {path}: nothing is written by a reader")
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
                    content = await bounded(answer, BODY_LIMIT)
                    outcome = str(answer.status)
        except asyncio.CancelledError:
            outcome = ""  # we gave up, not the server
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise no_answer(request, error) from error
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
        base = self._access.server.rstrip("/")
        return URL(f"{base}{path}" + (f"?{words}" if words else ""), encoded=True)

    def _route(self) -> dict[str, Any]:
        return {"proxy": self._access.proxy, "server_hostname": self._access.server_hostname}
