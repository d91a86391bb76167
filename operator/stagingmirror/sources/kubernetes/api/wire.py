"""Sessions, bodies, streams and failures of requests to an API server, below their meaning."""

from collections.abc import AsyncIterator

import aiohttp

from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.api.errors import NOT_ANSWERING
from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.sources.outward import LinkLocal
from stagingmirror.sources.tls import certificate_trouble

# Bytes of one watch event; etcd holds objects of 1.5 MiB at most.
LINE_LIMIT = 8 * 1024 * 1024


def new_session(access: Login) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=0, ssl=access.tls or True, socket_factory=access.socket, ttl_dns_cache=10
    )
    # Uncompressed: most clusters are one hop away, and a sweep would cost the server its zlib.
    return aiohttp.ClientSession(
        connector=connector,
        headers={"Accept-Encoding": "identity", "User-Agent": "stagingmirror"},
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=2**18,
    )


async def bounded(answer: aiohttp.ClientResponse, limit: int) -> bytes:
    parts, size = [], 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > limit:
            raise aiohttp.ClientPayloadError("larger than we read")
        parts.append(part)
    return b"".join(parts)


async def lines(answer: aiohttp.ClientResponse, request: str) -> AsyncIterator[bytes]:
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


def hang_up(answer: aiohttp.ClientResponse) -> None:
    """At once: closing in order would wait for a server that may no longer be there."""
    if answer.connection is not None and answer.connection.transport is not None:
        answer.connection.transport.abort()


def no_answer(request: str, error: Exception) -> NotAnswered:
    """Named by its type only: an address or a credential could be in the text."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        bundle = "certificate-authority-data of the kubeconfig"
        address = "server or tls-server-name of the kubeconfig"
        what = certificate_trouble(error.certificate_error, bundle, address)
        return NotAnswered(Reason.CERTIFICATE_NOT_TRUSTED, f"{request} failed: {what}.")
    if isinstance(getattr(error, "os_error", error), LinkLocal):
        what = "its address is link-local, which is never connected to"
        return NotAnswered(Reason.LINK_LOCAL, f"{request} failed: {what}.")
    what = "timed out" if isinstance(error, TimeoutError) else f"failed ({type(error).__name__})"
    return NotAnswered(NOT_ANSWERING, f"{request} {what}.")
