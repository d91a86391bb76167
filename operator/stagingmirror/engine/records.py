"""Where records are kept: one ConfigMap per mirror in the operator's own namespace, named by the
mirror's UID.

The last one stays, closed, until the next refresh takes its place or its mirror is gone: it knows
the token that was obeyed and what was applied.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog

from stagingmirror.cluster.writer import Writer
from stagingmirror.engine.record import Record, UnreadableRecord, from_json, to_json
from stagingmirror.errors import Conflicted, NotThere

LABEL = "stagingmirror.dev/record"
KEY = "record.json"

log = structlog.get_logger(__name__)


class Records:
    """Everything is read once when this process starts to lead, and kept; every write is fenced by
    the resourceVersion that was read. ``writer_name`` is this process and no other.
    """

    def __init__(self, writer: Writer, *, namespace: str, writer_name: str) -> None:
        self._writer = writer
        self._namespace = namespace
        self._name = writer_name
        self._known: dict[str, tuple[Record, str]] = {}
        self._unreadable: dict[str, str] = {}
        self.loaded = False
        """Whether every record was read since this process leads."""

    async def load(self) -> None:
        """Read every record, once."""
        if self.loaded:
            return
        for body in await self._writer.select(self._collection, f"{LABEL}=refresh"):
            self._learn(body)
        self.loaded = True

    def get(self, uid: str) -> Record | None:
        """The last record of this mirror, open or closed."""
        known = self._known.get(uid)
        return known[0] if known else None

    async def unreadable(self, uid: str) -> str | None:
        """Why a record that is there cannot be read; None: it can. Asked anew where it could not:
        a human may have removed it.
        """
        if uid in self._unreadable:
            await self._read_again(uid)
        return self._unreadable.get(uid)

    def all(self) -> tuple[Record, ...]:
        return tuple(record for record, _ in self._known.values())

    def open_in(self, environment: str) -> int:
        """How many refreshes run in this staging environment."""
        return sum(r.is_open and r.environment == environment for r in self.all())

    def is_mine(self, record: Record) -> bool:
        return record.writer == self._name

    async def begin(self, record: Record) -> Record:
        """Keep a new record in the place of the mirror's last one."""
        if record.uid in self._known:
            return await self.keep(record)
        return await self._make(replace(record, writer=self._name))

    async def _make(self, record: Record) -> Record:
        metadata = {"name": _name(record.uid), "namespace": self._namespace}
        body = self._body(record, metadata)
        try:
            made = await self._writer.create(self._namespace, self._collection, body)
        except Conflicted:
            await self._read_again(record.uid)
            raise
        self._known[record.uid] = (record, made["metadata"]["resourceVersion"])
        return record

    async def keep(self, record: Record) -> Record:
        """Write it, as this process. Raises Conflicted where another one has written since; what
        that one wrote is then known.
        """
        record = replace(record, writer=self._name)
        _, version = self._known[record.uid]
        metadata = {
            "name": _name(record.uid),
            "namespace": self._namespace,
            "resourceVersion": version,
        }
        try:
            path = f"{self._collection}/{_name(record.uid)}"
            made = await self._writer.replace(self._namespace, path, self._body(record, metadata))
        except Conflicted:
            await self._read_again(record.uid)
            raise
        except NotThere:
            # Somebody removed it. What it said must not be lost while it is open.
            return await self._make(record)
        self._known[record.uid] = (record, made["metadata"]["resourceVersion"])
        return record

    async def drop(self, uid: str) -> None:
        """Remove the record of a mirror that is gone."""
        path = f"{self._collection}/{_name(uid)}"
        try:
            body = await self._writer.get(path)
            await self._writer.delete(self._namespace, path, body["metadata"]["uid"])
        except NotThere:
            pass
        self._known.pop(uid, None)
        self._unreadable.pop(uid, None)

    @property
    def _collection(self) -> str:
        return f"/api/v1/namespaces/{self._namespace}/configmaps"

    async def _read_again(self, uid: str) -> None:
        """What is known stays known until the API server says otherwise: a record that is forgotten
        is a refresh that nobody goes on with.
        """
        try:
            body = await self._writer.get(f"{self._collection}/{_name(uid)}")
        except NotThere:
            self._known.pop(uid, None)
            self._unreadable.pop(uid, None)
        else:
            self._learn(body)

    def _learn(self, body: Mapping[str, Any]) -> None:
        uid = body["metadata"]["name"].removeprefix("refresh-")
        try:
            record = from_json(json.loads((body.get("data") or {}).get(KEY) or "null") or {})
        except (UnreadableRecord, ValueError) as error:
            if uid not in self._unreadable:
                log.error("a refresh record cannot be read", uid=uid, why=str(error)[:200])
            self._unreadable[uid] = str(error)[:200]
            self._known.pop(uid, None)
            return
        self._unreadable.pop(uid, None)
        self._known[uid] = (record, body["metadata"]["resourceVersion"])

    def _body(self, record: Record, metadata: dict[str, str]) -> dict[str, Any]:
        labels = {
            LABEL: "refresh",
            "stagingmirror.dev/open": str(record.is_open).lower(),
            "app.kubernetes.io/managed-by": "stagingmirror",
        }
        annotations = {"stagingmirror.dev/mirror": f"{record.namespace}/{record.name}"}
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {**metadata, "labels": labels, "annotations": annotations},
            "data": {KEY: json.dumps(to_json(record), sort_keys=True)},
        }


def _name(uid: str) -> str:
    return f"refresh-{uid}"
