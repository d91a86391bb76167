"""Records whose mirrors are gone: rolled back to their end, logged, then removed.

A record that names what could not be rolled back stays: it has the only account of the former
values. So does one that cannot be read.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import structlog

from stagingmirror.engine.refresh.execute.state import Pacing
from stagingmirror.engine.refresh.record.record import Record
from stagingmirror.engine.refresh.record.record_store import Records
from stagingmirror.engine.refresh.start import live_guard
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.errors import StagingMirrorError
from stagingmirror.runtime import Runtime
from stagingmirror.sources.kubernetes.write.writer import Writer

log = structlog.get_logger(__name__)

DELETED = "the StagingMirror was deleted."
# Seconds between two searches for records whose mirrors are gone.
PERIOD = 5.0


@dataclass(frozen=True, slots=True)
class Orphans:
    """``back`` takes one step of rolling a record back. ``mirror_is_there`` is what is watched,
    which only hints at a mirror being gone: a direct read decides.
    """

    records: Records
    writer: Writer
    runtime: Runtime
    mirror_is_there: Callable[[str], bool]
    back: Callable[[Record, str], Awaitable[Record]]
    _reported: set[str] = field(default_factory=set, init=False)
    """Mirrors whose records stay, and that is in the log."""
    _pacing: dict[str, Pacing] = field(default_factory=dict, init=False)

    async def tend(self) -> float:
        """One step for each; returns when to come again. A task of the leader."""
        going_on = await self.step() if self.runtime.leading() else []
        now = self.runtime.clock()
        pacing = {record.uid: self._pacing.get(record.uid, Pacing()) for record in going_on}
        self._pacing.clear()
        self._pacing.update(pacing)
        return min((pacing[record.uid].of(record, now) for record in going_on), default=PERIOD)

    async def step(self) -> list[Record]:
        """One step for each; those that are still to be rolled back or removed."""
        try:
            await self.records.load(*self._gone(self.records.all_unreadable()))
        except StagingMirrorError as error:
            log.warning("records could not be read", reason=error.reason, why=error.message)
            return []
        self._report_unreadable()
        going_on: list[Record] = []
        for uid in self._gone([record.uid for record in self.records.all()]):
            try:
                if (record := await self._step(uid)) is not None:
                    going_on.append(record)
            except StagingMirrorError as error:
                log.warning("a record could not be tended", reason=error.reason, why=error.message)
            except Exception:  # a defect met with one record is not another one's
                log.exception("a record could not be tended", config_map=f"refresh-{uid}")
        return going_on

    def _gone(self, uids: Iterable[str]) -> list[str]:
        return [uid for uid in uids if not self.mirror_is_there(uid)]

    def _report_unreadable(self) -> None:
        for uid in set(self._gone(self.records.all_unreadable())) - self._reported:
            self._reported.add(uid)
            log.error(
                "the record of a deleted mirror cannot be read and stays",
                config_map=f"refresh-{uid}",
                why=self.records.unreadable(uid),
                remedy="see what staging runs, then delete that ConfigMap",
            )

    async def _step(self, uid: str) -> Record | None:
        await self.records.load(uid)
        record = self.records.get(uid)
        if record is None or (uid in self._reported and record.left and not record.is_open):
            return None
        key = MirrorKey(record.namespace, record.name)
        if await live_guard.stays(self.writer, key, uid):
            return None
        if record.is_open:
            record = await self.back(record, DELETED)
            if not record.is_open:
                log.info(
                    "the refresh of a deleted mirror has ended",
                    mirror="/".join(key),
                    refresh=record.id,
                    result=record.result,
                    why=record.message,
                )
            return record
        if record.left:
            self._reported.add(uid)
            _report_left(record)
        else:
            await self.records.drop(uid)
        return None


def _report_left(record: Record) -> None:
    log.error(
        "a deleted mirror's refresh could not be rolled back completely; its record stays",
        mirror=f"{record.namespace}/{record.name}",
        refresh=record.id,
        left=list(map(str, record.left)),
        config_map=f"refresh-{record.uid}",
        remedy="restore these fields from the former values in the record, then delete the"
        " ConfigMap",
    )
