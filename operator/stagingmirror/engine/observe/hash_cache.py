"""What sources and other parts export, kept over restarts in ConfigMaps of the operator's own
namespace: one per entry, and more where it is too large for one.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

import structlog

from stagingmirror.engine.observe.kept_parts import (
    LABEL,
    Entry,
    Name,
    Reader,
    object_name,
    written,
)
from stagingmirror.engine.workqueue.slices import Slices
from stagingmirror.errors import Conflicted, NotThere, StagingMirrorError
from stagingmirror.sources.kubernetes.api.client import KubernetesClient

log = structlog.get_logger(__name__)

# Seconds between two exports.
EVERY = 5.0
# Exports (an hour) after which an entry that is in none of them is removed.
UNUSED = 720
# Entries of one page: of the largest ones together far less than the client takes of one answer.
A_PAGE = 20


class Exporter(Protocol):
    """What has something to keep; ``name`` is no other's."""

    @property
    def name(self) -> str: ...

    def export(self) -> Mapping[str, Entry | None]:
        """What is to be kept, by the entry's name; None: it is kept as it is."""

    def adopt(self, kept: Mapping[str, Entry]) -> None:
        """What an earlier process exported; called with a part of it at a time."""


class HashCache:
    """``load`` and ``adopt`` before anything is wanted of the sources; ``run`` by the leader."""

    def __init__(
        self,
        client: KubernetesClient,
        exporters: Sequence[Exporter],
        *,
        namespace: str,
        leading: Callable[[], bool],
    ) -> None:
        self._client = client
        self._exporters = exporters
        self._path = f"/api/v1/namespaces/{namespace}/configmaps"
        self._leading = leading
        self._kept: dict[Name, Entry] = {}
        self._unused: dict[Name, int] = {}
        # How many ConfigMaps each has, at most.
        self._objects: dict[Name, int] = {}
        # Parts that an earlier process left of a write that it did not end.
        self._torn: dict[str, str] = {}

    async def load(self) -> None:
        """Read what an earlier process kept. Errors: those of the client."""
        reader = Reader()
        pages = self._client.pages(
            self._path, limit=A_PAGE, query={"labelSelector": LABEL}, shape=reader.take
        )
        async for page in pages:
            for name, kept in filter(None, page["items"]):
                self._kept[name], self._objects[name] = kept
        self._torn = reader.torn()

    async def adopt(self) -> None:
        """Hand what was loaded to the sources, one entry after the other: each may hold the hashes
        of thousands of files.
        """
        slices, exporters = Slices(), {each.name: each for each in self._exporters}
        for name, entry in list(self._kept.items()):
            if (exporter := exporters.get(name.source)) is not None:
                exporter.adopt({name.entry: entry})
                await slices.between()

    async def run(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.keep()
            except StagingMirrorError as error:
                log.warning("hashes not kept, they are read again after a restart", why=str(error))

    async def keep(self) -> None:
        """Write what is new, remove what counts no more or was in no export for an hour."""
        await self._remove_torn()
        current = {
            Name(each.name, name): entry
            for each in self._exporters
            for name, entry in each.export().items()
        }
        news = [each for each in current.items() if self._is_news(*each)]
        for name, entry in sorted(news):
            if entry is not None and self._leading():
                await self._write(name, entry)
        for name in self._objects.keys() - current.keys():
            self._unused[name] = self._unused.get(name, 0) + 1
            if self._unused[name] > UNUSED and self._leading():
                await self._remove(name)
        for name in current:
            self._unused.pop(name, None)

    def _is_news(self, name: Name, entry: Entry | None) -> bool:
        known = self._kept.get(name)
        return entry is not None and entry is not known and entry != known

    async def _write(self, name: Name, entry: Entry) -> None:
        bodies = written(name, entry)
        if not bodies:
            log.warning(
                "too large to be kept over a restart, it is read again then",
                source=name.source,
                entry=name.entry[:256],
            )
        # Where this ends early, some of them are there, and none counts.
        self._kept.pop(name, None)
        self._objects[name] = max(self._objects.get(name, 0), len(bodies))
        for body in bodies:
            await self._client.request(
                "PATCH",
                f"{self._path}/{body['metadata']['name']}",
                query={"force": "true"},
                body=body,
                content_type="application/apply-patch+yaml",
            )
        await self._remove_objects(name, len(bodies))
        self._kept[name], self._objects[name] = entry, len(bodies)

    async def _remove(self, name: Name) -> None:
        await self._remove_objects(name, 0)
        self._kept.pop(name, None)
        self._objects.pop(name, None)
        self._unused.pop(name, None)

    async def _remove_torn(self) -> None:
        """As they were read: what was written over since counts."""
        while self._torn and self._leading():
            name, version = next(iter(self._torn.items()))
            with suppress(NotThere, Conflicted):
                await self._client.request(
                    "DELETE",
                    f"{self._path}/{name}",
                    body={"preconditions": {"resourceVersion": version}},
                )
            del self._torn[name]

    async def _remove_objects(self, name: Name, left: int) -> None:
        """All but the first of them. What was kept before and is too large now counts no more."""
        for number in reversed(range(left, self._objects.get(name, 0))):
            with suppress(NotThere):
                await self._client.request("DELETE", f"{self._path}/{object_name(name, number)}")
