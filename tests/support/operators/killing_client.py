"""An operator that dies before or after any write of its own."""

from collections.abc import AsyncIterator
from typing import Any

from stagingmirror.sources.kubernetes.api.client import KubernetesClient
from stagingmirror.sources.mlflow.client.client import MlflowServer
from stagingmirror.sources.mlflow.client.wire_types import Fields


class Killed(BaseException):
    """The process is gone: nothing may catch this."""


class KillSwitch:
    """Ends everything after the N-th write that was let through; None: never."""

    def __init__(self, after: int | None) -> None:
        self.after = after
        self.writes: list[str] = []
        self.killed = False

    def about_to_write(self) -> None:
        if self.killed:
            raise Killed

    def wrote(self, what: str) -> None:
        self.writes.append(what)
        if self.after is not None and len(self.writes) >= self.after:
            self.killed = True
            raise Killed


class KillingClient:
    """The client of a process that dies at a write."""

    def __init__(self, client: KubernetesClient, kill_switch: KillSwitch) -> None:
        self._client = client
        self._kill_switch = kill_switch

    async def request(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        if method == "GET" or (more.get("query") or {}).get("dryRun"):
            return await self._client.request(method, path, **more)
        self._kill_switch.about_to_write()
        answer = await self._client.request(method, path, **more)
        # The record is one object: what is written tells its writes apart.
        self._kill_switch.wrote(f"{method} {path} {answer['metadata'].get('resourceVersion')}")
        return answer

    def pages(self, path: str, **more: Any) -> AsyncIterator[dict[str, Any]]:
        return self._client.pages(path, **more)


class KillingServer:
    """The registry's client of a process that dies at a write."""

    def __init__(self, server: MlflowServer, kill_switch: KillSwitch) -> None:
        self._server = server
        self._kill_switch = kill_switch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    async def call(self, method: str, path: str, **more: Any) -> Fields:
        if method == "GET" or "search" in path:
            return await self._server.call(method, path, **more)
        self._kill_switch.about_to_write()
        answer = await self._server.call(method, path, **more)
        self._kill_switch.wrote(f"{method} {path}")
        return answer

    async def put_file(self, path: str, chunks: AsyncIterator[bytes], size: int) -> None:
        self._kill_switch.about_to_write()
        await self._server.put_file(path, chunks, size)
        self._kill_switch.wrote(f"PUT {path}")
