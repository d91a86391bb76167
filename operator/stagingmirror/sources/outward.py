"""The way out to a server that an admin named: through a proxy or not, never to this machine's
own link (where clouds serve credentials of the node).
"""

import socket
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import aiohttp
from aiohappyeyeballs import AddrInfoType

from stagingmirror.api.spec.environment import Server
from stagingmirror.errors import NeedsHuman
from stagingmirror.reasons import Reason
from stagingmirror.sources.source import Access, Basic


@dataclass(frozen=True, slots=True)
class Proxy:
    """``url`` holds no credentials."""

    url: str
    login: Basic | None = None

    @property
    def authorization(self) -> aiohttp.BasicAuth | None:
        return self.login and aiohttp.BasicAuth(self.login.username, self.login.password, "utf-8")


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
