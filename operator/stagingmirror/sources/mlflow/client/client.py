"""The client of one MLflow server's REST API.

Not through MLflow's client: that is synchronous, takes credentials from process-wide environment
variables and retries for 16 minutes. Here every server has sessions of its own; a call has one
timeout, and a bounded answer; redirects are not followed, since they would take credentials along.
"""

import base64
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from time import perf_counter
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from stagingmirror.errors import NeedsHuman, NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.mlflow.client.address import clean_url
from stagingmirror.sources.mlflow.client.errors import decoded, failure, refusal
from stagingmirror.sources.source import Basic, Credentials, Token

# Called with (operation, result, seconds) of each call; result is ``ok`` or an error's reason.
OnCall = Callable[[str, str, float], None]

CHUNK = 1024 * 1024
_ERROR_BODY = 64 * 1024


class MlflowServer:
    """Raises only errors of ``stagingmirror.errors``: NotAllowed (401, 403), NotThere (MLflow's own
    404), Conflicted, Refused (400, 413, 422, 507), NotAnswered (everything that is no answer).
    """

    def __init__(
        self,
        url: str,
        *,
        credentials: Credentials | None,
        ca_bundle: str | None,
        settings: Settings,
        on_call: OnCall = lambda operation, result, seconds: None,
    ) -> None:
        """Raises NeedsHuman for an address or a CA bundle that cannot be right. Makes no call."""
        self.url = clean_url(url)
        self.host = urlsplit(self.url).netloc
        self._headers = {"User-Agent": "stagingmirror", **_authorization(credentials)}
        self._ssl = _trust(ca_bundle)
        self._settings = settings
        self._on_call = on_call
        # Files must never keep a check waiting for a connection, so they have connections apart.
        self._api: aiohttp.ClientSession | None = None
        self._files: aiohttp.ClientSession | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        thing: str = "",
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> dict[str, object]:
        """One call of the API, e.g. ``call("GET", "mlflow/registered-models/get", query=…)``.
        ``thing`` ends the path where that names one; operations are counted without it, so that
        metrics stay few.
        """
        operation = path.removeprefix("mlflow/")
        request = self._request(operation)
        async with self._reported(operation):
            session = self._api_session()
            url = f"{self.url}/api/2.0/{path}{thing and '/'}{thing}"
            async with session.request(
                method, url, params=query, json=body, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    raise refusal(answer.status, await answer.content.read(_ERROR_BODY), request)
                return decoded(await self._whole(answer, request), request)

    @asynccontextmanager
    async def get_file(
        self, path: str, *, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a GET of an artifact, its body not read yet. ``path`` is quoted."""
        operation = "artifacts/get"
        async with self._reported(operation):
            session = self._files_session()
            async with session.get(
                self._file(path),
                headers={"Accept-Encoding": "identity", **(headers or {})},
                allow_redirects=False,
            ) as answer:
                if answer.status not in (200, 206):
                    body = await answer.content.read(_ERROR_BODY)
                    raise refusal(answer.status, body, self._request(operation))
                yield answer

    async def put_file(self, path: str, chunks: AsyncIterator[bytes], size: int) -> None:
        """Upload an artifact of exactly ``size`` bytes. ``path`` is quoted."""
        operation = "artifacts/put"
        async with self._reported(operation):
            session = self._files_session()
            async with session.put(
                self._file(path),
                data=chunks,
                headers={"Content-Length": str(size), "Content-Type": "application/octet-stream"},
                allow_redirects=False,
            ) as answer:
                if answer.status not in (200, 201, 204):
                    body = await answer.content.read(_ERROR_BODY)
                    raise refusal(answer.status, body, self._request(operation))

    async def close(self) -> None:
        for session in (self._api, self._files):
            if session is not None:
                await session.close()
        self._api = self._files = None

    def _file(self, path: str) -> URL:
        return URL(f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{path}", encoded=True)

    def _request(self, operation: str) -> str:
        return f"MLflow at {self.host}, {operation}"

    @asynccontextmanager
    async def _reported(self, operation: str) -> AsyncIterator[None]:
        """Counts and times the call, and translates what went wrong."""
        began = perf_counter()
        try:
            yield
        except StagingMirrorError as error:
            self._on_call(operation, error.reason, perf_counter() - began)
            raise
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            translated = failure(error, self._request(operation))
            self._on_call(operation, translated.reason, perf_counter() - began)
            raise translated from None
        self._on_call(operation, "ok", perf_counter() - began)

    async def _whole(self, answer: aiohttp.ClientResponse, request: str) -> bytes:
        limit = self._settings.upstream_body
        body = bytearray()
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise NotAnswered(Reason.OVERSIZED_ANSWER, f"{request}: more than {limit} bytes")
        return bytes(body)

    def _api_session(self) -> aiohttp.ClientSession:
        if self._api is None:
            connections = max(1, self._settings.upstream_connections // 2)
            self._api = self._session(
                aiohttp.TCPConnector(limit=connections, ssl=self._ssl),
                aiohttp.ClientTimeout(total=self._settings.upstream_timeout),
            )
        return self._api

    def _files_session(self) -> aiohttp.ClientSession:
        if self._files is None:
            connections = max(1, self._settings.upstream_connections // 2)
            self._files = self._session(
                # No connection is used twice: aiohttp would repeat a PUT on one that was just
                # closed, with a body that is already consumed.
                aiohttp.TCPConnector(limit=connections, ssl=self._ssl, force_close=True),
                aiohttp.ClientTimeout(
                    total=None,
                    sock_connect=self._settings.upstream_timeout,
                    # A server whose store is S3 fetches the whole file before its first byte.
                    sock_read=self._settings.artifact_timeout,
                ),
            )
        return self._files

    def _session(
        self, connector: aiohttp.TCPConnector, timeout: aiohttp.ClientTimeout
    ) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=CHUNK,
        )


def _authorization(credentials: Credentials | None) -> dict[str, str]:
    match credentials:
        case Basic(username, password):
            pair = base64.b64encode(f"{username}:{password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        case Token(token):
            if not token.isascii() or not token.isprintable() or not token:
                raise NeedsHuman(
                    Reason.INVALID_CREDENTIALS,
                    "the token of mlflow.credentialsSecretRef is empty or holds characters that "
                    "cannot be sent, e.g. a line end",
                )
            return {"Authorization": f"Bearer {token}"}
        case None:
            return {}


def _trust(ca_bundle: str | None) -> ssl.SSLContext | bool:
    if ca_bundle is None:
        return True
    try:
        return ssl.create_default_context(cadata=ca_bundle)
    except (ssl.SSLError, ValueError):
        raise NeedsHuman(
            Reason.INVALID_CA_BUNDLE, "mlflow.caBundle holds no PEM certificates"
        ) from None
