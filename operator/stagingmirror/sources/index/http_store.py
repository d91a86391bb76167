"""The client of one index store that is spoken with by HTTP and JSON.

A call has one timeout and a bounded answer; redirects are not followed, since they would take
credentials along. What an answer must hold is a pydantic model: another one is Garbage, of which
nothing is shown.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

import aiohttp
from pydantic import TypeAdapter, ValidationError

from stagingmirror.errors import NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.outward import Proxy
from stagingmirror.sources.source import Credentials
from stagingmirror.sources.wire import (
    authorization,
    clean_url,
    failure,
    session_with,
    trust,
)

# Called with (operation, result, seconds) of each call; result is ``ok`` or an error's reason.
OnCall = Callable[[str, str, float], None]
T = TypeVar("T")

# Bytes of an answer that are read, of an error, and that are parsed in the event loop.
LARGEST = 8 * 1024 * 1024
_ERROR_BODY = 64 * 1024
_AT_ONCE = 256 * 1024


@dataclass(slots=True)
class Allowance:
    """Bytes that several answers may have together."""

    left: int


class HttpStore(ABC):
    """Raises only errors of ``stagingmirror.errors``. One subclass for each product."""

    product: ClassVar[str]
    """As messages name it, e.g. ``an OpenSearch``."""

    def __init__(
        self,
        url: str,
        *,
        field: str,
        credentials: Credentials | None,
        ca_bundle: str | None,
        proxy: Proxy | None,
        settings: Settings,
        on_call: OnCall,
    ) -> None:
        """``field`` is the environment's that describes it, e.g. ``indexStores[vectors]``. Raises
        NeedsHuman for an address, a token or a CA bundle that cannot be right. Makes no call.
        """
        self.url, self.field = clean_url(url, field), field
        self.host = urlsplit(self.url).netloc
        self._credentials = authorization(credentials, field)
        self._ssl = trust(ca_bundle, field)
        self._proxy = proxy
        self._settings = settings
        self._on_call = on_call

    async def call(
        self,
        operation: str,
        method: str,
        path: str,
        answer: TypeAdapter[T],
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        long: bool = False,
        allowance: Allowance | None = None,
    ) -> T:
        """``operation`` names the call in errors and metrics, ``path`` is quoted. ``long``: it may
        read every document, and has more time. What is read is taken off ``allowance``.
        """
        began, request = perf_counter(), f"{self._at}, {operation}"
        try:
            found = await self._parsed(
                await self._body(
                    request,
                    method,
                    path,
                    query=query,
                    body=body,
                    long=long,
                    allowance=allowance or Allowance(LARGEST),
                ),
                answer,
                request,
            )
        except StagingMirrorError as error:
            self._on_call(operation, error.reason, perf_counter() - began)
            raise
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            translated = failure(error, request, self.field)
            self._on_call(operation, translated.reason, perf_counter() - began)
            raise translated from None
        self._on_call(operation, "ok", perf_counter() - began)
        return found

    @abstractmethod
    def refusal(self, status: int, body: bytes, request: str) -> StagingMirrorError:
        """The error for an answer that is no success. ``request`` names server and operation."""

    def refuse(
        self, error: type[StagingMirrorError], reason: Reason, text: str
    ) -> StagingMirrorError:
        """An error that names this server."""
        return error(reason, f"{self._at}: {text}")

    async def close(self) -> None:
        if (session := self.__dict__.pop("_session", None)) is not None:
            await session.close()

    @property
    def _at(self) -> str:
        return f"the index store at {self.host}"

    async def _body(
        self,
        request: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None,
        body: Mapping[str, object] | None,
        long: bool,
        allowance: Allowance,
    ) -> bytes:
        whole, settings, most = bytearray(), self._settings, min(LARGEST, allowance.left)
        async with self._session.request(
            method,
            f"{self.url}{path}",
            params=query,
            json=body,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=settings.artifact_timeout if long else settings.upstream_timeout
            ),
            **self._way(),
        ) as answer:
            if answer.status not in (200, 201):
                error = await answer.content.read(_ERROR_BODY)
                raise self.refusal(answer.status, error, request)
            async for chunk in answer.content.iter_any():
                whole += chunk
                allowance.left = max(allowance.left - len(chunk), 0)
                if len(whole) > most:
                    raise NotAnswered(Reason.OVERSIZED_ANSWER, f"{request}: more than {most} bytes")
        return bytes(whole)

    async def _parsed(self, body: bytes, answer: TypeAdapter[T], request: str) -> T:
        def parse() -> T:
            try:
                # Not pydantic's own parser: it takes NaN and half a pair of surrogates otherwise.
                return answer.validate_python(json.loads(body))
            except RecursionError:
                raise NotAnswered(
                    Reason.GARBAGE, f"{request}: the answer is nested too deeply to be read"
                ) from None
            except (ValidationError, ValueError):
                raise NotAnswered(
                    Reason.GARBAGE,
                    f"{request}: the answer is not that of {self.product}; is {self.field}.url"
                    " right?",
                ) from None

        return parse() if len(body) <= _AT_ONCE else await asyncio.to_thread(parse)

    def _way(self) -> dict[str, Any]:
        if self._proxy is None:
            return {"headers": self._credentials}
        return self._proxy.of_request(self.url, self._credentials)

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        return session_with(self._ssl, self._settings.upstream_connections)
