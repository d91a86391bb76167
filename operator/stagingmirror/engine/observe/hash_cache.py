"""What sources and other parts export, kept over restarts in ConfigMaps of the operator's own
namespace: one per entry. What is too large for one is not kept.
"""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import structlog

from stagingmirror.engine.workqueue.slices import Slices
from stagingmirror.errors import NotThere, StagingMirrorError
from stagingmirror.sources.kubernetes.api.client import KubernetesClient

log = structlog.get_logger(__name__)

LABEL = "stagingmirror.dev/content"
ENTRY = "content"
# Seconds between two exports.
EVERY = 5.0
# Exports (an hour) after which an entry that is in none of them is removed.
UNUSED = 720
MAX_BYTES = 900_000
# Entries of one page: of the largest ones together far less than the client takes of one answer.
A_PAGE = 20

Entry = Mapping[str, Any]


class Exporter(Protocol):
    """What has something to keep; ``name`` is no other's."""

    @property
    def name(self) -> str: ...

    def export(self) -> Mapping[str, Entry | None]:
        """What is to be kept, by the entry's name; None: it is kept as it is."""

    def adopt(self, kept: Mapping[str, Entry]) -> None:
        """What an earlier process exported; called with a part of it at a time."""


class Name(NamedTuple):
    source: str
    entry: str


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

    async def load(self) -> None:
        """Read what an earlier process kept. Errors: those of the client."""
        pages = self._client.pages(
            self._path, limit=A_PAGE, query={"labelSelector": LABEL}, shape=_read
        )
        async for page in pages:
            self._kept |= dict(read for read in page["items"] if read is not None)

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
        """Write what is new, remove what was in no export for an hour."""
        current = {
            Name(each.name, name): entry
            for each in self._exporters
            for name, entry in each.export().items()
        }
        news = [each for each in current.items() if self._is_news(*each)]
        for name, entry in sorted(news):
            if entry is not None and self._leading():
                await self._write(name, entry)
        for name in self._kept.keys() - current.keys():
            self._unused[name] = self._unused.get(name, 0) + 1
            if self._unused[name] > UNUSED and self._leading():
                await self._remove(name)
        for name in current:
            self._unused.pop(name, None)

    def _is_news(self, name: Name, entry: Entry | None) -> bool:
        known = self._kept.get(name)
        return entry is not None and entry is not known and entry != known

    async def _write(self, name: Name, entry: Entry) -> None:
        body = _written(name, entry)
        if len(body["data"][ENTRY]) <= MAX_BYTES:
            await self._client.request(
                "PATCH",
                f"{self._path}/{_object(name)}",
                query={"force": "true"},
                body=body,
                content_type="application/apply-patch+yaml",
            )
        self._kept[name] = entry

    async def _remove(self, name: Name) -> None:
        with contextlib.suppress(NotThere):
            await self._client.request("DELETE", f"{self._path}/{_object(name)}")
        self._kept.pop(name, None)
        self._unused.pop(name, None)


def _object(name: Name) -> str:
    digest = hashlib.sha256("\0".join(name).encode()).hexdigest()[:32]
    return f"stagingmirror-content-{digest}"


def _written(name: Name, entry: Entry) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _object(name), "labels": {LABEL: ""}},
        "data": {ENTRY: json.dumps({**name._asdict(), "value": entry})},
    }


def _read(body: Mapping[str, Any]) -> tuple[Name, Entry] | None:
    """What ``_written`` wrote; None for anything else."""
    try:
        kept = json.loads((body.get("data") or {})[ENTRY])
        name, value = Name(str(kept["source"]), str(kept["entry"])), kept["value"]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return (name, value) if isinstance(value, dict) else None
