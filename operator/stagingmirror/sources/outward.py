"""The way out to a server that an admin named: through a proxy or not, never to this machine's
own link (where clouds serve credentials of the node).
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from aiohappyeyeballs import AddrInfoType

from stagingmirror.api.spec.environment.server import Server
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.sources.source import Access, Basic


@dataclass(frozen=True, slots=True)
class Proxy:
    """``url`` holds no credentials."""

    url: str
    login: Basic | None = None

    def of_request(self, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """Arguments of a request of aiohttp that goes through this proxy.

        The session's own headers must hold no credentials: aiohttp sends them to the proxy too.
        """
        ours: dict[str, str] = {}
        if self.login is not None:
            ours["Proxy-Authorization"] = self.login.authorization
        if urlsplit(url).scheme == "https":  # the proxy gets a CONNECT, and the server the rest
            return {"proxy": self.url, "proxy_headers": ours, "headers": headers}
        return {"proxy": self.url, "headers": {**headers, **ours}}


class LinkLocal(OSError):
    """The address is one of this machine's own link."""


def proxy_of(server: Server, access: Access | None, field: str) -> Proxy | None:
    """The proxy of a server; ``field`` is the environment's that describes the server.

    Raises NeedsHuman (InvalidProxy) where the proxy could read the credentials of the server.
    """
    if server.proxy_url is None:
        return None
    if is_link_local(urlsplit(server.url).hostname or ""):  # the proxy would connect, not we
        raise NeedsHuman(
            Reason.LINK_LOCAL, f"{field}.url is link-local, which is never connected to"
        )
    if access is not None and access.server is not None and urlsplit(server.url).scheme != "https":
        raise NeedsHuman(
            Reason.INVALID_PROXY,
            f"{field}.url is http://, so the proxy of {field}.proxyUrl could read the credentials;"
            " use https:// there, or remove the credentials or the proxy",
        )
    return Proxy(server.proxy_url, access.proxy if access is not None else None)


def outward_socket(address: AddrInfoType) -> socket.socket:
    """Of aiohttp's connector: called with each resolved address before it connects."""
    family, kind, protocol, _, place = address
    if is_link_local(str(place[0])):
        raise LinkLocal("the address is link-local")
    return socket.socket(family, kind, protocol)


def is_link_local(host: str) -> bool:
    """Of a literal address, e.g. 169.254.169.254, fe80::1%eth0 or ::ffff:169.254.169.254."""
    try:
        found = ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.is_link_local
