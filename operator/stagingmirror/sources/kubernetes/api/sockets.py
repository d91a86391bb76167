"""Sockets that notice a dead peer, on the way to an API server."""

import socket
from collections.abc import Callable

from aiohappyeyeballs import AddrInfoType

from stagingmirror.sources.outward import outward_socket

# Called with each resolved address before it is connected to; it may refuse.
SocketFactory = Callable[[AddrInfoType], socket.socket]


def keepalive_socket(address: AddrInfoType) -> socket.socket:
    """A socket that notices a dead peer in ten seconds, idle (keepalive) or not (user timeout)."""
    family, kind, protocol, *_ = address
    return _kept_alive(socket.socket(family, kind, protocol))


def outward_keepalive_socket(address: AddrInfoType) -> socket.socket:
    """The same to a server that others named: never to this machine's own link."""
    return _kept_alive(outward_socket(address))


def _kept_alive(made: socket.socket) -> socket.socket:
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", 4),
        ("TCP_KEEPINTVL", 2),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", 10_000),
    ):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made
