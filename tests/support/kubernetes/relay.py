"""A TCP relay on loopback before a real server: what a network does to a connection, on demand."""

import asyncio
import json
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit


class Relay:
    """An async context manager. TLS passes through: the server's certificate names 127.0.0.1."""

    def __init__(self, server: str) -> None:
        address = urlsplit(server)
        assert address.hostname is not None
        self._target = (address.hostname, address.port)
        self._listening: asyncio.Server | None = None
        self._port = 0
        self._wires: set[asyncio.StreamWriter] = set()
        self._flows: set[asyncio.Task[None]] = set()
        self._passes = asyncio.Event()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    def kubeconfig(self, original: Path) -> Path:
        """The same identity, by way of this relay."""
        content = json.loads(original.read_text())
        content["clusters"][0]["cluster"]["server"] = self.url
        path = original.with_name(f"{original.stem}-{self._port}.yaml")
        path.touch(mode=0o600)
        path.write_text(json.dumps(content))
        return path

    async def cut(self) -> None:
        """Every connection breaks and new ones are refused, until `restore`."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for wire in list(self._wires):
            wire.transport.abort()
        await asyncio.sleep(0)

    async def restore(self) -> None:
        self._passes.set()
        if self._listening is None:
            self._listening = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
            self._port = self._listening.sockets[0].getsockname()[1]

    def freeze(self) -> None:
        """Connections stay open, new ones are accepted, and nothing passes, until `restore`."""
        self._passes.clear()

    def strand(self) -> None:
        """What is open now stays open and hangs for ever; new connections are as usual."""
        self._passes.clear()
        self._passes = asyncio.Event()
        self._passes.set()

    async def __aenter__(self) -> Self:
        await self.restore()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cut()
        for flow in self._flows:
            flow.cancel()
        await asyncio.gather(*self._flows, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passes = self._passes
        there_reader, there_writer = await asyncio.open_connection(*self._target)
        self._wires |= {writer, there_writer}
        for source, sink in ((reader, there_writer), (there_reader, writer)):
            flow = asyncio.create_task(self._flow(source, sink, passes))
            self._flows.add(flow)
            flow.add_done_callback(self._flows.discard)

    async def _flow(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, passes: asyncio.Event
    ) -> None:
        try:
            while part := await source.read(65536):
                await passes.wait()
                sink.write(part)
                await sink.drain()
        except OSError:
            pass
        finally:
            self._wires.discard(sink)
            sink.transport.abort()
