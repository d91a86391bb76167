"""TLS before a PostgreSQL that was built without it, as a pooler does it: it takes the client's
request for TLS, and speaks plain text with the server.
"""

import asyncio
import ssl
from typing import Self

from rig.certificates import Authority

HOST = "127.0.0.1"
# Length and code of the request, as the protocol has them.
_REQUEST = bytes.fromhex("0000000804d2162f")


class TlsFront:
    """An async context manager. Its certificate is for the address ``HOST`` alone."""

    def __init__(self, authority: Authority, target: tuple[str, int]) -> None:
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(*authority.server("front", names=[], addresses=[HOST]))
        self._target = target
        self._flows: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._listening = await asyncio.start_server(self._accept, HOST, 0)
        self.port = self._listening.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.close()
        for each in self._flows:
            each.cancel()
        await asyncio.gather(*self._flows, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await reader.readexactly(len(_REQUEST)) != _REQUEST:
                raise OSError("plain text, which this front never passes on")
            writer.write(b"S")
            await writer.start_tls(self._tls)
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except (OSError, EOFError):
            writer.transport.abort()
            return
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            flow = asyncio.create_task(_flow(source, sink))
            self._flows.add(flow)
            flow.add_done_callback(self._flows.discard)


async def _flow(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while part := await source.read(65536):
            sink.write(part)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.transport.abort()
