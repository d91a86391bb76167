"""The way to a store: never to this machine's own link, and as whom."""

import asyncio
import socket
from time import perf_counter
from urllib.parse import urlsplit

from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.objectstore.role import RoleCredentials
from stagingmirror.sources.outward import is_link_local

# Seconds for which a name that is not link-local is taken not to be.
_RESOLVED_FOR = 30.0


class Way:
    """``connected``: the address that is connected to, a proxy's where there is one."""

    def __init__(self, connected: str, where: str, role: RoleCredentials | None) -> None:
        self._connected = connected
        self._where = where
        self._role = role
        self._resolved_until = 0.0

    @property
    def is_link_local(self) -> bool:
        """By its literal address."""
        return is_link_local(urlsplit(self._connected).hostname or "")

    async def ready(self) -> None:
        """Called before each request. Raises what assuming the store's role does, if it has one."""
        if self._role is not None:
            await self._role.current()
        await self._refuse_link_local()

    async def _refuse_link_local(self) -> None:
        """As ``outward`` does for other servers; obstore resolves the name once more by itself."""
        if perf_counter() < self._resolved_until:
            return
        parts = urlsplit(self._connected)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                parts.hostname, parts.port or 443, type=socket.SOCK_STREAM
            )
        except OSError:
            return  # the request reports it
        if any(is_link_local(str(address[0])) for *_, address in found):
            raise NotAnswered(
                Reason.LINK_LOCAL,
                f"{self._where}: the address is link-local, which is never connected to",
            )
        self._resolved_until = perf_counter() + _RESOLVED_FOR
