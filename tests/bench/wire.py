"""The API server as the bench asks it: many calls at once, and watches whose events are timed."""

import asyncio
import json
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp

Object = dict[str, Any]

_TIMEOUT_SECONDS = 60.0
_AT_ONCE = 16
_LINE_BYTES = 4 * 1024 * 1024
MERGE = "application/merge-patch+json"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a kubeconfig of the rig says (it is written as JSON)."""

    server: str
    authority: str
    token: str

    @classmethod
    def read(cls, kubeconfig: Path) -> Self:
        content = json.loads(kubeconfig.read_text())
        cluster = content["clusters"][0]["cluster"]
        authority = b64decode(cluster["certificate-authority-data"]).decode()
        return cls(cluster["server"], authority, content["users"][0]["user"]["token"])


class Api:
    """One identity at one API server. Errors: aiohttp's."""

    def __init__(self, session: aiohttp.ClientSession, server: str) -> None:
        self._session = session
        self._server = server

    @classmethod
    @asynccontextmanager
    async def connect(cls, kubeconfig: Path) -> AsyncIterator[Self]:
        identity = Identity.read(kubeconfig)
        trust = ssl.create_default_context(cadata=identity.authority)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=trust, limit=0),
            headers={"Authorization": f"Bearer {identity.token}"},
            read_bufsize=_LINE_BYTES,
            raise_for_status=_telling,
        ) as session:
            yield cls(session, identity.server)

    async def request(
        self, method: str, path: str, body: object = None, *, how: str = "application/json"
    ) -> Object:
        """`how` is the content type of the body."""
        async with self._session.request(
            method,
            self._server + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": how},
            timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS),
        ) as answer:
            return dict(json.loads(await answer.read()))

    async def patch(self, path: str, patch: object) -> Object:
        """A merge patch."""
        return await self.request("PATCH", path, patch, how=MERGE)

    async def watch(self, path: str, version: str) -> AsyncIterator[Object]:
        """Events since a resourceVersion, until cancelled."""
        async with self._session.get(
            self._server + path,
            params={"watch": "1", "resourceVersion": version, "timeoutSeconds": "3600"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_TIMEOUT_SECONDS),
        ) as answer:
            async for line in answer.content:
                yield json.loads(line)


async def at_once(work: Iterable[Coroutine[Any, Any, Any]], most: int = _AT_ONCE) -> None:
    """All of it, so many at a time; the first error ends it."""
    waiting = iter(work)

    async def worker() -> None:
        for each in waiting:
            await each

    async with asyncio.TaskGroup() as group:
        for _ in range(most):
            group.create_task(worker())


async def _telling(answer: aiohttp.ClientResponse) -> None:
    """An error with what the API server says of it."""
    if answer.status >= 400:
        text = (await answer.text())[:500]
        raise aiohttp.ClientResponseError(
            answer.request_info, answer.history, status=answer.status, message=text
        )
