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
from stagingmirror.sources.endpoint.rate import AT_ONCE, Rate
from stagingmirror.sources.outward import proxy_of
from stagingmirror.sources.source import Access
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

# Says that nobody wants the answer but to compare it.
PROBE = "X-StagingMirror-Probe"
# Bytes of an answer, whatever the environment allows.
LARGEST = 8 * 1024 * 1024
# Keys of a Secret that begin so are headers.
HEADER = "header."
_OPERATION = "probe"
# The server refuses this input; whoever sends it again gets the same answer.
_OF_THE_INPUT = frozenset({400, 404, 405, 415, 422, 500})


@dataclass(frozen=True, slots=True)
class Answer:
    """``body`` is None where the server answered this input with an error of its own."""

    body: bytes | None = field(repr=False)
    status: int
    took: float
    """Seconds from the request to the end of the answer."""


class EndpointClient:
    """Raises only errors of ``stagingmirror.errors``."""

    def __init__(
        self,
        endpoint: Endpoint,
        access: Access | None,
        headers: Mapping[str, str],
        *,
        rate: Rate,
        connections: int,
        on_call: OnCall,
    ) -> None:
        """``headers``: of its Secret. Raises NeedsHuman for what cannot be right. Makes no call."""
        self.field = f"endpoints[{endpoint.name}]"
        self._url = clean_url(endpoint.url, self.field)
        self._at = f"the endpoint at {urlsplit(self._url).netloc}"
        login = authorization(access.server if access is not None else None, self.field)
        self._headers = {PROBE: "1", **_headers(headers, self.field), **login}
        self._ssl = trust(endpoint.ca_bundle, self.field)
        self._proxy = proxy_of(endpoint, access, self.field)
        self._most = min(LARGEST, parse_bytes(endpoint.max_response_bytes))
        self._timeout = seconds(endpoint.timeout)
        self.per_second = float(endpoint.max_requests_per_second)
        self._rate = rate
        self._connections = connections
        self._on_call = on_call

    async def send(self, body: bytes, content_type: str) -> Answer:
        """When its turn has come. Raises NotAnswered (also for what is no whole answer, and for
        one that says that the server cannot answer now), NotAllowed, NotThere.
        """
        async with self._rate.room:
            await self._rate.turn(self.per_second)
            began = perf_counter()
            try:
                status, found = await self._exchange(body, content_type)
            except StagingMirrorError as error:
                self._on_call(_OPERATION, error.reason, perf_counter() - began)
                raise
            except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
                translated = failure(error, f"{self._at}, {_OPERATION}", self.field)
                self._on_call(_OPERATION, translated.reason, perf_counter() - began)
                raise translated from None
            took = perf_counter() - began
            self._on_call(_OPERATION, "ok" if found is not None else Reason.BAD_REQUEST, took)
            return Answer(found, status, took)

    async def close(self) -> None:
        if (session := self.__dict__.pop("_session", None)) is not None:
            await session.close()

    async def _exchange(self, body: bytes, content_type: str) -> tuple[int, bytes | None]:
        whole = bytearray()
        async with self._session.post(
            self._url,
            data=body,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=self._timeout),
            **self._way({**self._headers, "Content-Type": content_type}),
        ) as answer:
            if answer.status in _OF_THE_INPUT:
                return answer.status, None
            if answer.status != 200:
                raise self._refusal(answer.status)
            async for chunk in answer.content.iter_any():
                whole += chunk
                if len(whole) > self._most:
                    raise self._error(
                        NotAnswered,
                        Reason.OVERSIZED_ANSWER,
                        f"more than {self._most} bytes ({self.field}.maxResponseBytes)",
                    )
        return answer.status, bytes(whole)

    def _refusal(self, status: int) -> StagingMirrorError:
        if 300 <= status < 400:
            return self._error(
                NotAnswered,
                Reason.REDIRECTED,
                f"it redirects to another address ({status}), which is not followed; write the "
                f"address itself into {self.field}.url",
            )
        match status:
            case 401:
                return self._error(
                    NotAllowed,
                    Reason.UNAUTHORIZED,
                    f"it does not let us in (401); is the Secret of {self.field} right?",
                )
            case 403:
                return self._error(
                    NotAllowed, Reason.FORBIDDEN, "our account may not send requests to it (403)"
                )
            case 407:
                return self._error(
                    NotAnswered, Reason.PROXY_REFUSED, PROXY_LOGIN.format(field=self.field)
                )
            case 410:
                return self._error(NotThere, Reason.NOT_THERE, "it is gone (410)")
            case 429:
                return self._error(
                    NotAnswered,
                    Reason.THROTTLED,
                    f"it has too many requests (429); lower {self.field}.maxRequestsPerSecond",
                )
            case 502 | 503 | 504:
                return self._error(NotAnswered, Reason.UNAVAILABLE, f"it answers {status}")
            case _:
                return self._error(NotAnswered, Reason.SERVER_ERROR, f"it answers {status}")

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


def _headers(found: Mapping[str, str], field_: str) -> dict[str, str]:
    """Raises NeedsHuman for what no header can hold."""
    headers = {name.removeprefix(HEADER): text for name, text in found.items()}
    for name, text in headers.items():
        if not (text.isascii() and text.isprintable() and name and _is_token(name)):
            raise NeedsHuman(
                Reason.INVALID_CREDENTIALS,
                f"a key {HEADER}… of the Secret of {field_} is no header, or has a value that "
                "cannot be sent, e.g. one with a line end",
            )
    return headers


def _is_token(name: str) -> bool:
    return name.isascii() and all(each.isalnum() or each in "-_." for each in name)
