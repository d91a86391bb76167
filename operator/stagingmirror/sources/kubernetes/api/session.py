"""A plain HTTP session for another client (Kopf's), with our login."""

import aiohttp

from stagingmirror.sources.kubernetes.api.login import Login
from stagingmirror.sources.kubernetes.api.sockets import keepalive_socket


def open_session(access: Login) -> aiohttp.ClientSession:
    """Authorization is read before each request, so a rotated token is taken up at once; a
    dead connection is noticed as the client notices it. To be closed by the caller.
    """

    async def authorize(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        authorization = await access.authorization()
        if authorization:
            request.headers["Authorization"] = authorization
        return await handler(request)

    connector = aiohttp.TCPConnector(
        limit=0, ssl=access.tls or True, socket_factory=keepalive_socket, ttl_dns_cache=10
    )
    return aiohttp.ClientSession(
        connector=connector,
        middlewares=(authorize,),
        headers={"User-Agent": "stagingmirror"},
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=access.proxy,
    )
