"""Sees every status that is written, at the moment a watch shows it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from bench.scene import Object
from bench.wire import Api

Kind = Literal["heartbeat", "changed"]


@dataclass(frozen=True, slots=True)
class Write:
    """One status that was written; `at` in seconds of `time.time()`."""

    at: float
    mirror: str
    kind: Kind


@dataclass(slots=True)
class _Awaited:
    sync: str
    missing: set[str]
    at: dict[str, float] = field(default_factory=dict)
    whole: asyncio.Event = field(default_factory=asyncio.Event)


class Observer:
    """Watches the mirrors of one path. A write of `validUntil` and of the times of observations
    alone is a heartbeat, not a change.
    """

    def __init__(self, api: Api, path: str) -> None:
        self._api = api
        self._path = path
        self._status: dict[str, Object] = {}
        self._awaited: list[_Awaited] = []
        self.writes: list[Write] = []

    @classmethod
    @asynccontextmanager
    async def on(cls, api: Api, path: str) -> AsyncIterator[Self]:
        observer = cls(api, path)
        listed = await api.request("GET", path)
        for body in listed["items"]:
            observer._status[body["metadata"]["name"]] = body.get("status") or {}
        task = asyncio.create_task(observer._follow(listed["metadata"]["resourceVersion"]))
        try:
            yield observer
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def until(self, names: Iterable[str], sync: str, *, within: float) -> Mapping[str, float]:
        """When each of these mirrors was first shown with this `sync`, from now on."""
        awaited = _Awaited(sync, set(names))
        self._awaited.append(awaited)
        try:
            await asyncio.wait_for(awaited.whole.wait(), within)
        except TimeoutError:
            example = min(awaited.missing)
            raise TimeoutError(
                f"{len(awaited.missing)} of the mirrors are not {sync} within {within:.0f} s, e.g. "
                f"{example}: {json.dumps(self._status.get(example))[:2000]}"
            ) from None
        finally:
            self._awaited.remove(awaited)
        return awaited.at

    def since(self, begin: float, kind: Kind) -> list[Write]:
        return [each for each in self.writes if each.at >= begin and each.kind == kind]

    async def _follow(self, version: str) -> None:
        async for event in self._api.watch(self._path, version):
            self._see(event["object"], time.time())

    def _see(self, body: Object, now: float) -> None:
        name, status = body["metadata"]["name"], body.get("status") or {}
        former = self._status.get(name) or {}
        self._status[name] = status
        if status != former:
            kind: Kind = "heartbeat" if _truth(status) == _truth(former) else "changed"
            self.writes.append(Write(now, name, kind))
        for awaited in self._awaited:
            if name in awaited.missing and status.get("sync") == awaited.sync:
                awaited.missing.discard(name)
                awaited.at[name] = now
                if not awaited.missing:
                    awaited.whole.set()


def _truth(status: Mapping[str, Any]) -> dict[str, Any]:
    truth = {key: value for key, value in status.items() if key != "validUntil"}
    truth["components"] = [
        {key: value for key, value in each.items() if key != "observedAt"}
        for each in status.get("components") or ()
    ]
    return truth
