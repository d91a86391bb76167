"""The client of one MLflow server's REST API.

Not through MLflow's client: that is synchronous, takes credentials from process-wide environment
variables and retries for 16 minutes. Here every server has sessions of its own; a call has one
timeout, and a bounded answer; redirects are not followed, since they would take credentials along.
"""

from collections.abc import AsyncIterator, Callable, Container, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cached_property
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAnswered, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.settings import Settings
from stagingmirror.sources.content.files import CHUNK, WritableFiles
from stagingmirror.sources.mlflow.client.errors import decoded, refusal
from stagingmirror.sources.mlflow.client.wire_types import Fields
from stagingmirror.sources.mlflow.client.workspaces import HEADER, WorkspaceProof
from stagingmirror.sources.outward import Proxy, outward_socket
from stagingmirror.sources.skew import Skew, moment, skew
from stagingmirror.sources.source import Credentials
from stagingmirror.sources.wire import authorization, clean_url, failure, trust

# Called with (operation, result, seconds) of each call; result is ``ok`` or an error's reason.
OnCall = Callable[[str, str, float], None]
# The files at a URI of an object store; a Why where the store cannot be used; None: the environment
# has no store for it.
OpenFolder = Callable[[str], WritableFiles | Why | None]

_ERROR_BODY = 64 * 1024


class MlflowServer:
    """Raises only errors of ``stagingmirror.errors``: NotAllowed (401, 403), NotThere (MLflow's own
    404), Conflicted, Refused (400, 413, 422, 507), NotSupported (a call that it does not have),
    NotAnswered (everything that is no answer).
    """

    def __init__(
        self,
        url: str,
        *,
        credentials: Credentials | None,
        ca_bundle: str | None,
        proxy: Proxy | None,
        workspace: str | None,
        settings: Settings,
        clock: Callable[[], float],
        on_call: OnCall = lambda operation, result, seconds: None,
        direct: OpenFolder = lambda uri: None,
    ) -> None:
        """``direct`` opens what this server names and does not serve. Raises NeedsHuman for an
        address or a CA bundle that cannot be right. Makes no call.
        """
        self.url = clean_url(url, "mlflow")
        self.host = urlsplit(self.url).netloc
        self.registry = (self.url, workspace)
        self._where = f"{self.host} (workspace {workspace})" if workspace else self.host
        self._workspace = {HEADER: workspace} if workspace else {}
        self._heeds = WorkspaceProof(self._read, clock, self._where) if workspace else None
        self._credentials = authorization(credentials, "mlflow")
        self._ssl = trust(ca_bundle, "mlflow")
        self._proxy = proxy
        self._settings = settings
        self._clock = clock
        self._is_mlflow = False
        self._on_call = on_call
        self.direct = direct
        # Seconds by which its clock is seen to differ from ours, at least.
        self.skew, self._skew = 0.0, Skew()

    @property
    def clock_margin(self) -> float:
        """Seconds by which its times must differ from those of others to prove an order."""
        return self._settings.clock_margin + self.skew

    async def call(
        self,
        method: str,
        path: str,
        *,
        thing: str = "",
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Fields:
        """One call of the API, e.g. ``call("GET", "mlflow/registered-models/get", query=…)``.
        ``thing`` ends the path where that names one; operations are counted without it, so that
        metrics stay few.
        """
        if self._heeds is not None:
            await self._heeds.prove()
        url = f"{self.url}/api/2.0/{path}{thing and '/'}{thing}"
        operation = path.removeprefix("mlflow/")
        return await self._called(operation, method, url, params=query, json=body)

    @property
    def block_within(self) -> float:
        """Seconds for 1 MiB of a file."""
        return self._settings.artifact_timeout

    def get_file(
        self, path: str, *, headers: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """The answer to a GET of an artifact, its body not read yet. ``path`` is quoted."""
        headers = {"Accept-Encoding": "identity", **(headers or {})}
        return self._answer(
            self._files, "artifacts/get", "GET", self._file(path), good=(200, 206), headers=headers
        )

    async def put_file(self, path: str, chunks: AsyncIterator[bytes], size: int) -> None:
        """Upload an artifact of exactly ``size`` bytes. ``path`` is quoted."""
        async with self._answer(
            self._files,
            "artifacts/put",
            "PUT",
            self._file(path),
            good=(200, 201, 204),
            data=chunks,
            headers={"Content-Length": str(size), "Content-Type": "application/octet-stream"},
        ):
            pass

    async def close(self) -> None:
        for name in ("_api", "_files"):
            if (session := self.__dict__.pop(name, None)) is not None:
                await session.close()

    async def _read(self, path: str) -> Fields:
        """What is at a path below the server's address."""
        return await self._called(path.rpartition("/mlflow/")[2], "GET", f"{self.url}/{path}")

    async def _called(self, operation: str, method: str, url: str, **request: Any) -> Fields:
        limit, what, whole = self._settings.upstream_body, self._request(operation), bytearray()
        async with self._answer(
            self._api, operation, method, url, good=(200,), **request
        ) as answer:
            async for chunk in answer.content.iter_any():
                whole += chunk
                if len(whole) > limit:
                    raise NotAnswered(Reason.OVERSIZED_ANSWER, f"{what}: more than {limit} bytes")
            fields = Fields(decoded(bytes(whole), what), "answer")
            self._is_mlflow = True
            return fields

    def _file(self, path: str) -> URL:
        return URL(f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{path}", encoded=True)

    def _request(self, operation: str) -> str:
        return f"MLflow at {self._where}, {operation}"

    @asynccontextmanager
    async def _answer(
        self,
        session: aiohttp.ClientSession,
        operation: str,
        method: str,
        url: str | URL,
        *,
        good: Container[int],
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer, if its status is ``good``. Counts and times the call, and translates what
        went wrong.
        """
        began, sent = perf_counter(), self._clock()
        request |= self._way({**(headers or {}), **self._workspace, **self._credentials})
        try:
            async with session.request(method, url, allow_redirects=False, **request) as answer:
                now = self._clock()
                apart = skew(moment(answer.headers.get("Date")), sent, now)
                self.skew = self._skew.seen(apart, now)
                if answer.status not in good:
                    body = await answer.content.read(_ERROR_BODY)
                    raise refusal(
                        answer.status, body, self._request(operation), is_mlflow=self._is_mlflow
                    )
                yield answer
        except StagingMirrorError as error:
            self._on_call(operation, error.reason, perf_counter() - began)
            raise
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            translated = failure(error, self._request(operation), "mlflow")
            self._on_call(operation, translated.reason, perf_counter() - began)
            raise translated from None
        self._on_call(operation, "ok", perf_counter() - began)

    def _way(self, headers: Mapping[str, str]) -> dict[str, Any]:
        return (
            {"headers": headers}
            if self._proxy is None
            else self._proxy.of_request(self.url, headers)
        )

    # Files must never keep a check waiting for a connection, so they have connections apart.
    @cached_property
    def _api(self) -> aiohttp.ClientSession:
        return self._session(aiohttp.ClientTimeout(total=self._settings.upstream_timeout))

    @cached_property
    def _files(self) -> aiohttp.ClientSession:
        return self._session(
            aiohttp.ClientTimeout(
                total=None,
                sock_connect=self._settings.upstream_timeout,
                # A server whose store is S3 fetches the whole file before its first byte.
                sock_read=self._settings.artifact_timeout,
            ),
            # No connection is used twice: aiohttp would repeat a PUT on one that was just
            # closed, with a body that is already consumed.
            force_close=True,
        )

    def _session(
        self, timeout: aiohttp.ClientTimeout, *, force_close: bool = False
    ) -> aiohttp.ClientSession:
        connections = max(1, self._settings.upstream_connections // 2)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=connections,
                ssl=self._ssl,
                force_close=force_close,
                socket_factory=outward_socket,
            ),
            timeout=timeout,
            headers={"User-Agent": "stagingmirror"},
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=CHUNK,
        )
