"""The client of one endpoint: one request, one bounded answer.

Redirects are not followed: they would take credentials along, and answer for another server.
Nothing of a request or of an answer is in an error.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from stagingmirror.api.spec.environment.endpoint import Endpoint
from stagingmirror.api.types.duration import seconds
from stagingmirror.api.types.quantity import parse_bytes
from stagingmirror.errors import NeedsHuman, NotAllowed, NotAnswered, NotThere, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.address import address_of
from stagingmirror.sources.endpoint.login import PROBE, Login, checked
from stagingmirror.sources.endpoint.rate import AT_ONCE, Rate
from stagingmirror.sources.outward import proxy_of
from stagingmirror.sources.wire import (
    PROXY_LOGIN,
    authorization,
    clean_url,
    failure,
    session_with,
    trust,
)

# Called with (operation, result, seconds) of each call; result is ``ok`` or an error's reason.
OnCall = Callable[[str, str, float], None]

# Bytes of an answer, whatever the environment allows.
LARGEST = 8 * 1024 * 1024
_OPERATIONS: Mapping[str, str] = {"POST": "probe", "GET": "read"}
# The server refuses this input; whoever sends it again gets the same answer.
_OF_THE_INPUT = frozenset({400, 404, 422, 500})


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is None where the server answered this input with an error of its own."""

    body: bytes | None = field(repr=False)
    status: int
    took: float
    """Seconds from the request to the end of the answer."""


_NO_POST = "it takes no POST of JSON ({status}); is {field}.url right?"
_NO_GET = "it takes no GET ({status}); is {field}.url right?"
_REFUSALS: Mapping[int, tuple[type[StagingMirrorError], Reason, str]] = {
    401: (
        NotAllowed,
        Reason.UNAUTHORIZED,
        "it does not let us in ({status}); is the Secret of {field} right?",
    ),
    403: (NotAllowed, Reason.FORBIDDEN, "our account may not send requests to it ({status})"),
    405: (NotAnswered, Reason.BAD_REQUEST, _NO_POST),
    407: (NotAnswered, Reason.PROXY_REFUSED, PROXY_LOGIN),
    410: (NotThere, Reason.NOT_THERE, "it is gone ({status})"),
    415: (NotAnswered, Reason.BAD_REQUEST, _NO_POST),
    429: (
        NotAnswered,
        Reason.THROTTLED,
        "it has too many requests ({status}); lower {field}.maxRequestsPerSecond",
    ),
    **dict.fromkeys((502, 503, 504), (NotAnswered, Reason.UNAVAILABLE, "it answers {status}")),
}

_REFUSED_GETS: Mapping[int, tuple[type[StagingMirrorError], Reason, str]] = {
    **_REFUSALS,
    404: (NotThere, Reason.NOT_THERE, "nothing is there ({status}); is {field}.url right?"),
    405: (NotAnswered, Reason.BAD_REQUEST, _NO_GET),
    415: (NotAnswered, Reason.BAD_REQUEST, _NO_GET),
}


class EndpointClient:
    """Raises only errors of ``stagingmirror.errors``."""

    def __init__(
        self,
        endpoint: Endpoint,
        login: Login,
        *,
        rate: Rate,
        connections: int,
        on_call: OnCall,
    ) -> None:
        """Raises NeedsHuman for what cannot be right. Makes no call."""
        self.field = f"endpoints[{endpoint.name}]"
        clean_url(endpoint.url, self.field)
        self._url = endpoint.url  # with the slash at its end, if it has one
        self._at = f"the endpoint at {urlsplit(self._url).netloc}"
        headers = checked(dict(login.headers), login.access, self.field)
        self.way = (address_of(self._url), login.headers, endpoint.proxy_url)
        server = login.access.server if login.access is not None else None
        self._headers = {
            PROBE: "1",
            "Accept-Encoding": "identity",
            **headers,
            **authorization(server, self.field),
        }
        self._ssl = trust(endpoint.ca_bundle, self.field)
        self._proxy = proxy_of(endpoint, login.access, self.field)
        self._refuse_to_show_headers(headers)
        self._most = min(LARGEST, parse_bytes(endpoint.max_response_bytes))
        self._timeout = seconds(endpoint.timeout)
        self._rate = rate
        self._is_closed = False
        self._connections = connections
        self._on_call = on_call

    @property
    def per_second(self) -> float:
        """Requests that it is sent at most, by all of its clients together."""
        return self._rate.per_second

    async def send(self, body: bytes, content_type: str) -> Answer:
        """When its turn has come. Raises NotAnswered (also for what is no whole answer, and for
        one that says that the server cannot answer now), NotAllowed, NotThere.
        """
        return await self._requested("POST", body, content_type)

    async def fetch(self) -> bytes:
        """What a GET of the url answers, when its turn has come. Raises as ``send`` does."""
        answer = await self._requested("GET", None, None)
        assert answer.body is not None, "another answer than 200 is an error of a GET"
        return answer.body

    async def _requested(self, method: str, body: bytes | None, content_type: str | None) -> Answer:
        operation = _OPERATIONS[method]
        async with self._rate.room:
            await self._rate.turn()
            if self._is_closed:
                raise self._error(
                    NotAnswered, Reason.NOT_PROBED_YET, "its environment has changed meanwhile"
                )
            began = perf_counter()
            try:
                status, found = await self._exchange(method, body, content_type)
            except StagingMirrorError as error:
                self._on_call(operation, error.reason, perf_counter() - began)
                raise
            except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
                translated = failure(error, f"{self._at}, {operation}", self.field)
                self._on_call(operation, translated.reason, perf_counter() - began)
                raise translated from None
            took = perf_counter() - began
            self._on_call(operation, "ok" if found is not None else Reason.BAD_REQUEST, took)
            return Answer(found, status, took)

    async def close(self) -> None:
        """Nothing is sent from now on."""
        self._is_closed = True
        if (session := self.__dict__.pop("_session", None)) is not None:
            await session.close()

    async def _exchange(
        self, method: str, body: bytes | None, content_type: str | None
    ) -> tuple[int, bytes | None]:
        whole = bytearray()
        typed = {} if content_type is None else {"Content-Type": content_type}
        async with self._session.request(
            method,
            self._url,
            data=body,
            allow_redirects=False,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            **self._way({**self._headers, **typed}),
        ) as answer:
            if method == "POST" and answer.status in _OF_THE_INPUT:
                return answer.status, None
            if answer.status != 200:
                raise self._refusal(method, answer.status)
            if answer.headers.get("Content-Encoding", "identity").casefold() != "identity":
                raise self._error(
                    NotAnswered, Reason.GARBAGE, "it compresses its answer against our request"
                )
            async for chunk in answer.content.iter_any():
                whole += chunk
                if len(whole) > self._most:
                    raise self._error(
                        NotAnswered,
                        Reason.OVERSIZED_ANSWER,
                        f"more than {self._most} bytes ({self.field}.maxResponseBytes)",
                    )
        return answer.status, bytes(whole)

    def _refusal(self, method: str, status: int) -> StagingMirrorError:
        if 300 <= status < 400:
            return self._error(
                NotAnswered,
                Reason.REDIRECTED,
                f"it redirects to another address ({status}), which is not followed; write the "
                f"address itself into {self.field}.url",
            )
        refusals = _REFUSED_GETS if method == "GET" else _REFUSALS
        if (known := refusals.get(status)) is not None:
            kind, reason, text = known
            return self._error(kind, reason, text.format(field=self.field, status=status))
        reason = Reason.SERVER_ERROR if status >= 500 else Reason.BAD_REQUEST
        return self._error(NotAnswered, reason, f"it answers {status}, not 200")

    def _refuse_to_show_headers(self, headers: Mapping[str, str]) -> None:
        if headers and self._proxy is not None and urlsplit(self._url).scheme != "https":
            raise NeedsHuman(
                Reason.INVALID_PROXY,
                f"{self.field}.url is http://, so the proxy of {self.field}.proxyUrl could read the"
                " headers of the Secret; use https:// there, or remove the headers or the proxy",
            )

    def _error(
        self, kind: type[StagingMirrorError], reason: Reason, text: str
    ) -> StagingMirrorError:
        return kind(reason, f"{self._at}: {text}")

    def _way(self, headers: dict[str, str]) -> dict[str, Any]:
        if self._proxy is None:
            return {"headers": headers}
        return self._proxy.of_request(self._url, headers)

    @cached_property
    def _session(self) -> aiohttp.ClientSession:
        return session_with(self._ssl, min(self._connections, AT_ONCE))


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a probe: what is sent, and where to. ``digest`` changes with the server and with
    the samples; ``least``: seconds between two probes, at least.
    """

    client: EndpointClient
    protocol: str
    lines: tuple[str, ...] = field(repr=False)
    digest: str
    least: float
