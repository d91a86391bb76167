"""What stands before a PostgreSQL, as a pooler does; each is an async context manager."""

import asyncio
import ssl
from typing import Self

from rig.certificates import Authority

HOST = "127.0.0.1"
# Length and code of the request for TLS, as the protocol has them.
_REQUEST = bytes.fromhex("0000000804d2162f")


class ForgetfulPooler:
    """It leaves settings of a session out, as those do that are told to ignore some. Where it leads
    may change.
    """

    def __init__(self, target: tuple[str, int], *ignored: str) -> None:
        self.target = target
        self._ignored = {each.encode() for each in ignored}
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

    async def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """What the server hears first: length, version, names and values, and a zero."""
        size = int.from_bytes(await reader.readexactly(4))
        version, texts = await reader.readexactly(4), await reader.readexactly(size - 8)
        words = texts.split(b"\0")
        pairs = zip(words[::2], words[1::2], strict=False)
        kept = b"".join(
            b"%b\0%b\0" % pair for pair in pairs if pair[0] not in self._ignored | {b""}
        )
        return (len(kept) + 9).to_bytes(4) + version + kept + b"\0"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await self._begin(reader, writer)
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except (OSError, EOFError):
            writer.transport.abort()
            return
        far_writer.write(first)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            flow = asyncio.create_task(_flow(source, sink))
            self._flows.add(flow)
            flow.add_done_callback(self._flows.discard)


class TlsFront(ForgetfulPooler):
    """It speaks TLS alone, with a certificate for the address ``HOST``, and plain text with the
    server, which was built without TLS.
    """

    def __init__(self, authority: Authority, target: tuple[str, int]) -> None:
        super().__init__(target)
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(*authority.server("front", names=[], addresses=[HOST]))

    async def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        if await reader.readexactly(len(_REQUEST)) != _REQUEST:
            raise OSError("plain text, which this front never passes on")
        writer.write(b"S")
        await writer.start_tls(self._tls)
        return b""


async def _flow(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while part := await source.read(65536):
            sink.write(part)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.transport.abort()
