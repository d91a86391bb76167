"""Where records are kept: one ConfigMap per mirror in the operator's own namespace, named by the
mirror's UID.

The last one stays, closed, until the next refresh takes its place or its mirror is gone: it knows
the token that was obeyed and what was applied.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from stagingmirror.actions.step import text_bytes
from stagingmirror.engine.refresh.record.record import Record, encoded, from_json
from stagingmirror.engine.refresh.record.room import MOST
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.errors import Conflicted, NotAnswered, NotThere, Refused
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.write.writer import Writer

LABEL = "stagingmirror.dev/record"
OPEN = "stagingmirror.dev/open"
MIRROR = "stagingmirror.dev/mirror"
KEY = "record.json"

# Seconds between two reads of a record that could not be read: somebody may have removed it.
UNREADABLE_PERIOD = 30.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is there and damaged. ``namespace`` is its mirror's; ``tried`` is when it was
    last read (POSIX s).
    """

    why: str
    namespace: str
    is_open: bool
    tried: float


class Records:
    """Everything is read once when this process starts to lead, and kept; every write is fenced by
    the resourceVersion that was read. ``writer_name`` is this process and no other.

    A record that a former leader began after this process had read them all is none: whoever began
    it has written nothing else, and never will.

    What is kept is never older than what this process did. After a write without an answer it may
    be older than what the API server has: then ``load`` reads it again first.
    """

    def __init__(
        self, writer: Writer, *, namespace: str, writer_name: str, clock: Callable[[], float]
    ) -> None:
        self._writer = writer
        self._namespace = namespace
        self._name = writer_name
        self._clock = clock
        self._known: dict[str, Record] = {}
        # Of these the open ones: each pass of each mirror goes through them.
        self._open: dict[str, Record] = {}
        # The resourceVersion of each ConfigMap.
        self._versions: dict[str, str] = {}
        self._unreadable: dict[str, Unreadable] = {}
        self._doubtful: set[str] = set()
        self._loaded = False

    async def load(self, *uids: str) -> None:
        """Read every record, once; then those of these mirrors that may be others than is known."""
        if not self._loaded:
            found = await self._writer.select(self._collection, f"{LABEL}=refresh")
            # A call at the same time may have been answered first, and have written since.
            if not self._loaded:
                for body in found:
                    self._learn(body)
            self._loaded = True
        for uid in uids:
            unreadable = self._unreadable.get(uid)
            is_due = unreadable and self._clock() >= unreadable.tried + UNREADABLE_PERIOD
            if uid in self._doubtful or is_due:
                await self._read_again(uid)

    def is_known(self, uid: str) -> bool:
        """Whether the API server has surely no newer record of this mirror than this process has
        read or written, an unreadable one included.
        """
        return self._loaded and uid not in self._doubtful

    def get(self, uid: str) -> Record | None:
        """The last record of this mirror, open or closed."""
        return self._known.get(uid)

    def unreadable(self, uid: str) -> str | None:
        """Why a record that is there cannot be read; None: it can."""
        found = self._unreadable.get(uid)
        return found.why if found else None

    def all_unreadable(self) -> dict[str, Unreadable]:
        """By the uid of the mirror."""
        return dict(self._unreadable)

    def all(self) -> tuple[Record, ...]:
        return tuple(self._known.values())

    def all_open(self) -> tuple[Record, ...]:
        """Those of refreshes in progress."""
        return tuple(self._open.values())

    def still_open(self) -> frozenset[MirrorKey]:
        """The mirrors, deleted ones too, whose refresh is in progress or may be."""
        return frozenset(
            MirrorKey(record.namespace, record.name)
            for uid in self._open.keys() | self._doubtful
            if (record := self._known.get(uid)) is not None
        )

    def open_in(self, environment: str) -> tuple[Record, ...]:
        """Those of refreshes in progress in this staging environment."""
        return tuple(each for each in self.all_open() if each.environment == environment)

    async def environments(self) -> dict[str, Mapping[str, Any]]:
        """The specs of the staging environments of open refreshes, as they were when these began:
        a rollback goes on where an environment was deleted. Raises what reading records raises.
        """
        await self.load()
        return {r.environment: r.connection for r in self.all_open() if r.connection}

    def is_own(self, record: Record) -> bool:
        """Whether this process has written it."""
        return record.writer == self._name

    async def own(self, record: Record) -> Record:
        """The record, written by this process: no other one can write it any more."""
        return record if self.is_own(record) else await self.keep(record)

    async def begin(self, record: Record) -> Record:
        """Keep a new record in the place of the mirror's last one."""
        return await self.keep(record)

    async def keep(self, record: Record) -> Record:
        """Write it, as this process. Raises Conflicted where another one has written since; what
        that one wrote is then known.
        """
        try:
            return await self._put(record, self._versions.get(record.uid))
        except NotThere:
            # Somebody removed it. Its content must not be lost while it is open.
            return await self._put(record, None)

    async def drop(self, uid: str) -> None:
        """Remove the record of a mirror that is gone."""
        path = f"{self._collection}/{_name(uid)}"
        try:
            body = await self._writer.get(path)
            await self._writer.delete(self._namespace, path, body["metadata"]["uid"])
        except NotThere:
            pass
        self._forget(uid)

    @property
    def _collection(self) -> str:
        return f"/api/v1/namespaces/{self._namespace}/configmaps"

    async def _put(self, record: Record, version: str | None) -> Record:
        """Replace this ``resourceVersion``; None: create it."""
        record = replace(record, writer=self._name)
        body = self._body(record, version)
        if (held := text_bytes(body["data"][KEY])) > MOST:
            raise Refused(
                Reason.TOO_LARGE,
                f"the record of this refresh would have {held} bytes, and can have {MOST}; make "
                "the values that it writes shorter, or track fewer.",
            )
        path = f"{self._collection}/{_name(record.uid)}"
        try:
            if version is None:
                made = await self._writer.create(self._namespace, self._collection, body)
            else:
                made = await self._writer.replace(self._namespace, path, body)
        except (Conflicted, NotAnswered) as error:
            await self._doubt(record.uid, error)
            raise
        self._remember(record.uid, record)
        self._versions[record.uid] = made["metadata"]["resourceVersion"]
        return record

    async def _doubt(self, uid: str, error: Conflicted | NotAnswered) -> None:
        """The API server has, or may have, another record than is known. Where it cannot be read
        now, ``load`` reads it before anything else is done with it.
        """
        self._doubtful.add(uid)
        if isinstance(error, Conflicted):
            await self._read_again(uid)

    async def _read_again(self, uid: str) -> None:
        try:
            self._learn(await self._writer.get(f"{self._collection}/{_name(uid)}"))
        except NotThere:
            # One that is open and was removed is made again by the next write.
            known = self.get(uid)
            if known is None or not known.is_open:
                self._forget(uid)
        self._doubtful.discard(uid)

    def _remember(self, uid: str, record: Record | None) -> None:
        """None: there is none that could be read."""
        self._known.pop(uid, None)
        self._open.pop(uid, None)
        if record is not None:
            self._known[uid] = record
            if record.is_open:
                self._open[uid] = record

    def _forget(self, uid: str) -> None:
        self._remember(uid, None)
        self._versions.pop(uid, None)
        self._unreadable.pop(uid, None)
        self._doubtful.discard(uid)

    def _learn(self, body: Mapping[str, Any]) -> None:
        metadata = body["metadata"]
        uid = metadata["name"].removeprefix("refresh-")
        try:
            written = json.loads((body.get("data") or {}).get(KEY) or "null")
            record = from_json(written if isinstance(written, dict) else {})
            record = record.not_after(self._clock())
        except ValueError as error:
            self._remember(uid, None)
            self._cannot_read(uid, metadata, str(error)[:200])
        else:
            self._unreadable.pop(uid, None)
            if self._is_late(record):
                log.warning("a former leader began a refresh too late", uid=uid, refresh=record.id)
            else:
                self._remember(uid, record)
        self._versions[uid] = metadata["resourceVersion"]

    def _is_late(self, record: Record) -> bool:
        """Begun by another process after this one had read every record."""
        known = self._known.get(record.uid)
        is_new = known is None or known.id != record.id
        return self._loaded and is_new and record.is_unbegun and not self.is_own(record)

    def _cannot_read(self, uid: str, metadata: Mapping[str, Any], why: str) -> None:
        mirror = str((metadata.get("annotations") or {}).get(MIRROR) or "")
        is_open = (metadata.get("labels") or {}).get(OPEN) != "false"
        if uid not in self._unreadable:
            log.error("a refresh record cannot be read", uid=uid, mirror=mirror, why=why)
        namespace = mirror.partition("/")[0]
        self._unreadable[uid] = Unreadable(why, namespace, is_open, self._clock())

    def _body(self, record: Record, version: str | None) -> dict[str, Any]:
        metadata = {
            "name": _name(record.uid),
            "namespace": self._namespace,
            **({"resourceVersion": version} if version else {}),
            "labels": {
                LABEL: "refresh",
                OPEN: str(record.is_open).lower(),
                "app.kubernetes.io/managed-by": "stagingmirror",
            },
            "annotations": {MIRROR: f"{record.namespace}/{record.name}"},
        }
        data = {KEY: encoded(record)}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _name(uid: str) -> str:
    return f"refresh-{uid}"
