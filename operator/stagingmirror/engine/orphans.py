"""Records whose mirrors are gone: put back to their end, then removed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from stagingmirror.cluster.writer import Writer
from stagingmirror.engine import live
from stagingmirror.engine.case import MirrorKey
from stagingmirror.engine.record import Record
from stagingmirror.engine.records import Records
from stagingmirror.errors import StagingMirrorError

log = structlog.get_logger(__name__)

DELETED = "the StagingMirror was deleted."


@dataclass(frozen=True, slots=True)
class Orphans:
    """``back`` takes one step of putting a record back. ``mirror_is_there`` is what we watch, which
    only hints at a mirror being gone: the API server is asked.
    """

    records: Records
    writer: Writer
    mirror_is_there: Callable[[str], bool]
    back: Callable[[Record, str], Awaitable[Record]]
    told: set[str] = field(default_factory=set)

    async def tend(self) -> bool:
        """One step for each; whether one of them is still to be put back or removed."""
        try:
            await self.records.load()
        except StagingMirrorError as error:
            log.warning("records could not be read", reason=error.reason, why=error.message)
            return False
        goes_on = False
        for record in self.records.all():
            if self.mirror_is_there(record.uid):
                continue
            try:
                goes_on |= await self._step(record)
            except StagingMirrorError as error:
                log.warning("a record could not be tended", reason=error.reason, why=error.message)
        return goes_on

    async def _step(self, record: Record) -> bool:
        key = MirrorKey(record.namespace, record.name)
        if await live.is_there(self.writer, key, record.uid):
            return False
        mirror = f"{record.namespace}/{record.name}"
        if record.is_open:
            record = await self.back(record, DELETED)
            if not record.is_open:
                log.info("refresh ended", mirror=mirror, result=record.result, why=record.message)
            return True
        if record.result == "PutBackIncomplete":
            self._tell(record, mirror)
            return False
        await self.records.drop(record.uid)
        return False

    def _tell(self, record: Record, mirror: str) -> None:
        """There is no status any more to tell it. The record stays: it alone has former values."""
        if record.uid not in self.told:
            log.error(
                "staging was left as a refresh made it, and its mirror is gone; the record has the "
                "former values, delete it when staging is mended",
                mirror=mirror,
                record=f"refresh-{record.uid}",
                why=record.message,
            )
            self.told.add(record.uid)
