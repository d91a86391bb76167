"""What is known of the versions of Delta tables, and when their logs are listed anew."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NotThere, Refused, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.objectstore.files import ObjectFiles
from stagingmirror.sources.objectstore.prefix import Prefix
from stagingmirror.sources.objectstore.subjects import TableSubject, TableVersion
from stagingmirror.sources.objectstore.tables.delta import (
    HINT,
    LARGEST_HINT,
    LOG,
    hinted,
    name_of,
    version_in,
    whole_checkpoints,
)
from stagingmirror.sources.pace import Floor
from stagingmirror.view import Observed

if TYPE_CHECKING:
    from obstore import ObjectMeta

log = structlog.get_logger(__name__)

# Logs of one environment that are listed at once, and seconds for one.
_AT_ONCE, _WITHIN = 4, 60.0
_NOT_POLLED = Why(Reason.NOT_POLLED_YET, "the object store was not polled for it yet")
_INTERNAL = Why(
    Reason.INTERNAL_ERROR,
    "the operator failed on this object store; its log has the trace, please report",
)


@dataclass(slots=True)
class _Known:
    """Of one table. ``listed``: when the newest request began that was answered (POSIX s)."""

    version: TableVersion | None = None
    listed: float = 0.0
    tried: float = 0.0
    trouble: Why | None = None
    task: asyncio.Task[None] | None = None


class Tables:
    """``opened`` gives the folder at a URI of an environment, or raises why it cannot be read;
    ``changed`` is called with a table of which something else is known now.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        opened: Callable[[str, str], ObjectFiles],
        changed: Callable[[TableSubject], None],
    ) -> None:
        self._clock = clock
        self._opened = opened
        self._changed = changed
        self._known: dict[TableSubject, _Known] = {}
        self._rooms: dict[str, asyncio.Semaphore] = {}
        self._floor = Floor[TableSubject]()

    def get(self, table: TableSubject) -> Observed[TableVersion] | Unseen:
        known = self._known.get(table)
        if known is None or known.listed == 0.0:
            trouble = None if known is None else known.trouble
            tried = 0.0 if known is None else known.tried
            return Unseen(trouble or _NOT_POLLED, tried or self._clock())
        return Observed(known.version, known.listed, known.trouble)

    def tend(self, tables: Mapping[TableSubject, float]) -> None:
        """Start what is due of these, each with the seconds between two listings; forget all
        others. Does not wait.
        """
        for table in self._known.keys() - tables.keys():
            self.forget([table])
        now = self._clock()
        for table, period in tables.items():
            known = self._known.setdefault(table, _Known())
            if known.task is None and now >= known.tried + period:
                self._start(table, known)

    def forget(self, tables: Collection[TableSubject]) -> None:
        for table in tables:
            known = self._known.pop(table, None)
            if known is not None and known.task is not None:
                known.task.cancel()

    async def prove(
        self, tables: Iterable[TableSubject], *, since: float, least: Callable[[str], float]
    ) -> None:
        """List those anew that were last requested before ``since`` (POSIX s). ``least``: seconds
        between two listings of an environment's.
        """
        await asyncio.gather(
            *(self._prove(each, since, least(each.environment)) for each in tables)
        )

    async def _prove(self, table: TableSubject, since: float, least: float) -> None:
        known = self._known.setdefault(table, _Known())

        def is_older() -> bool:
            return known.tried < since

        while known.task is not None and is_older():
            await asyncio.wait({known.task})
        if await self._floor.turn(table, least, clock=self._clock, needed=is_older):
            if known.task is None:
                self._start(table, known)
            await asyncio.wait({known.task} if known.task else set())

    def _start(self, table: TableSubject, known: _Known) -> None:
        known.tried = self._clock()
        known.task = asyncio.create_task(self._list(table, known))

    async def _list(self, table: TableSubject, known: _Known) -> None:
        before = known.version, known.trouble, known.listed > 0.0
        room = self._rooms.setdefault(table.environment, asyncio.Semaphore(_AT_ONCE))
        try:
            async with room, asyncio.timeout(_WITHIN):
                known.tried = began = self._clock()
                known.version = await version_of(self._opened(table.environment, table.uri))
        except StagingMirrorError as error:
            known.trouble = Why(error.reason, error.message)
        except TimeoutError:
            known.trouble = Why(Reason.TIMED_OUT, f"listing the log of {table} took too long")
        except Exception:
            log.exception("listing the log of a table failed")
            known.trouble = _INTERNAL
        else:
            known.listed, known.trouble = began, None
        finally:
            known.task = None
            if (known.version, known.trouble, known.listed > 0.0) != before:
                self._changed(table)


async def version_of(folder: ObjectFiles) -> TableVersion | None:
    """None: there is no table. From the checkpoint on that the log hints at, where it is there."""
    bucket, path = folder.opened(), f"{folder.path}/{LOG}".strip("/")
    hint = await _hint(folder)
    if hint is not None:
        names = _named(await bucket.objects(path, after=f"{path}/{name_of(hint)}"), path)
        if hint in whole_checkpoints(names):
            return version_in(names, folder.path)
    return version_in(_named(await bucket.objects(path), path), folder.path)


async def _hint(folder: ObjectFiles) -> int | None:
    try:
        found = await Prefix(lambda: folder).read(f"{LOG}/{HINT}", LARGEST_HINT)
    except (NotThere, Refused) as error:
        if error.reason not in (Reason.NOT_THERE, Reason.TOO_LARGE):
            raise
        return None
    return hinted(found.data)


def _named(objects: "list[ObjectMeta]", path: str) -> dict[str, float]:
    """By their names below the log, when each was written."""
    return {
        each["path"].removeprefix(f"{path}/"): each["last_modified"].timestamp() for each in objects
    }
