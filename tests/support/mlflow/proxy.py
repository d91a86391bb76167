"""A company's proxy on loopback: CONNECT for https://, whole addresses for http://."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

END = b"\r\n\r\n"


@dataclass(slots=True)
class Proxy:
    """``login``: what it wants, as ``username:password``. ``status``: how it refuses everybody
    else; ``seen`` is the first line of each request, ``heads`` everything that it could read.
    """

    login: str | None = None
    status: int = 407
    url: str = ""
    seen: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    connected: dict[asyncio.Future[None], asyncio.StreamWriter] = field(default_factory=dict)
    """Those who still are, each with what is completed once that ended."""

    async def close(self) -> None:
        """Ends all connections, also those that a client keeps."""
        for writer in self.connected.values():
            writer.transport.abort()
        await asyncio.gather(*self.connected)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.connected[ended] = writer
        await self._serve(reader, writer)
        del self.connected[ended]
        ended.set_result(None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(END)
            first, _, rest = head.decode().partition("\r\n")
            self.seen.append(first)
            self.heads.append(rest)
            if not self._lets_in(rest):
                writer.write(
                    f"HTTP/1.1 {self.status} Refused\r\nContent-Length: 0\r\n\r\n".encode()
                )
                await writer.drain()
            else:
                await self._pass_on(first, rest, reader, writer)
        writer.close()

    def _lets_in(self, head: str) -> bool:
        if self.login is None:
            return self.status == 407
        wanted = base64.b64encode(self.login.encode()).decode()
        return f"proxy-authorization: basic {wanted}".lower() in head.lower()

    async def _pass_on(
        self, first: str, rest: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        method, target, version = first.split(" ")
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        upstream = await asyncio.open_connection(parts.hostname, parts.port)
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        else:
            path = parts._replace(scheme="", netloc="").geturl() or "/"
            head = f"{method} {path} {version}\r\n{rest}"
            upstream[1].write(head.encode())
        await asyncio.wait(
            [
                asyncio.create_task(_pump(reader, upstream[1])),
                asyncio.create_task(_pump(upstream[0], writer)),
            ],
            return_when=asyncio.FIRST_COMPLETED,
        )
        upstream[1].close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()


@asynccontextmanager
async def a_proxy(login: str | None = None, *, status: int = 407) -> AsyncIterator[Proxy]:
    """With a ``status`` other than 407 it lets nobody through."""
    proxy = Proxy(login, status)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()
