"""What is known of the aliases of one index store, and when it is requested anew.

What an alias leads to, the facts of that and its snapshots are requested at the period of those who
want it. Documents are counted and sampled at ``content_interval``, when the store shows that the
index was written, and on request.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NotAllowed, NotAnswered, NotRead, NotSupported, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.samples import digest_of
from stagingmirror.sources.index.store import IndexReader
from stagingmirror.sources.index.subjects import IndexContent, ServedIndex, Snapshot
from stagingmirror.sources.pace import Floor
from stagingmirror.view import Observed

log = structlog.get_logger(__name__)

# Documents of a sample.
SAMPLED = 64
# Polls and readings of one store at once; seconds for one of them; seconds after a failed reading.
_AT_ONCE, _WITHIN, _READ_WITHIN, AGAIN = 4, 30.0, 120.0, 30.0
# Seconds between two requests of which system it is.
_IDENTIFIED_EVERY = 600.0
NOT_POLLED = Why(Reason.NOT_POLLED_YET, "the index store was not polled for it yet")
NOT_READ = Why(Reason.NOT_POLLED_YET, "the documents of the index were not read yet")
INTERNAL = Why(
    Reason.INTERNAL_ERROR,
    "the operator failed on this index store; its log has the trace, please report",
)


@dataclass(slots=True)
class _Known:
    """Of one alias. ``polled`` and ``read``: when the newest request began that was answered;
    ``tried`` and ``read_tried``: that was made (POSIX s).
    """

    served: ServedIndex | None = None
    polled: float = 0.0
    tried: float = 0.0
    trouble: Why | None = None
    content: IndexContent | None = None
    of: tuple[str, str | None] | None = None
    """Identity and content version of the target that ``content`` is of."""
    read_trouble: Why | None = None
    read_tried: float = 0.0
    tried_of: str | None = None
    """The identity of the target whose documents were requested last."""
    poll: asyncio.Task[None] | None = None
    reads: bool = False
    """Whether anybody wants its documents counted and sampled."""


class StorePoller:
    """``changed`` is called with an alias of which something else is known now."""

    def __init__(
        self,
        reader: IndexReader,
        *,
        clock: Callable[[], float],
        changed: Callable[[str], None],
        follows_writes: bool,
    ) -> None:
        """``follows_writes``: documents are read again where the store shows a write. Of staging's,
        which has no other writer; production's may be written all the time.
        """
        self.reader = reader
        self._follows_writes = follows_writes
        self.identity: str | None = None
        """Which system this was when it last showed that; None: it has not yet."""
        self.may_write: bool | None = None
        """Whether our account may change what it reads; None: not known."""
        self.answer: Observed[str] | Unseen | None = None
        """Whether the store lets us in."""
        self._clock = clock
        self._changed = changed
        self.content_interval = 21_600.0
        self.least_interval = 0.0
        self._known: dict[str, _Known] = {}
        self._room = asyncio.Semaphore(_AT_ONCE)
        # What is slow to read keeps no alias from being polled.
        self._reading_room = asyncio.Semaphore(_AT_ONCE)
        self._floor = Floor[str]()
        self._identified = 0.0
        self._identifying: asyncio.Task[None] | None = None

    def bound(self, *, content_interval: float, least_interval: float) -> None:
        self.content_interval, self.least_interval = content_interval, least_interval

    def get(self, alias: str) -> Observed[ServedIndex] | Unseen:
        known = self._known.get(alias)
        if known is None or known.polled == 0.0:
            trouble = NOT_POLLED if known is None else known.trouble or NOT_POLLED
            return Unseen(trouble, self._clock() if known is None else known.tried or self._clock())
        return Observed(known.served, known.polled, known.trouble)

    def tend(self, aliases: Mapping[str, tuple[float, bool]]) -> None:
        """Start what is due for these, each with the seconds between two polls and whether its
        documents are wanted; forget all others. Does not wait.
        """
        for alias in self._known.keys() - aliases.keys():
            if (task := self._known.pop(alias).poll) is not None:
                task.cancel()
        now = self._clock()
        for alias, (period, reads) in aliases.items():
            known = self._known.setdefault(alias, _Known())
            known.reads = reads
            if known.poll is None and now >= known.tried + max(period, self.least_interval):
                self._start(alias, known)
        is_late = now >= self._identified + (_IDENTIFIED_EVERY if self.identity else AGAIN)
        if self._identifying is None and is_late:
            self._identified = now
            self._identifying = asyncio.create_task(self._identify())

    async def prove(self, aliases: Iterable[str], *, since: float, read_bytes: bool) -> None:
        """See ``Source.prove``. Raises NotRead where documents could not be read."""
        await asyncio.gather(
            *(self._prove(alias, since=since, read_bytes=read_bytes) for alias in aliases)
        )

    async def close(self) -> None:
        tasks = [known.poll for known in self._known.values()] + [self._identifying]
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(t for t in tasks if t is not None), return_exceptions=True)
        await self.reader.close()

    async def _prove(self, alias: str, *, since: float, read_bytes: bool) -> None:
        known = self._known.setdefault(alias, _Known())

        def is_older() -> bool:
            is_unread = read_bytes and known.content is not None and known.content.read < since
            return known.tried < since or (is_unread and known.read_tried < since)

        while known.poll is not None and is_older():
            await asyncio.wait({known.poll})
        if await self._floor.turn(alias, self.least_interval, clock=self._clock, needed=is_older):
            if known.poll is None:
                self._start(alias, known, read=read_bytes)
            await asyncio.wait({known.poll} if known.poll else set())
        if read_bytes and known.read_trouble is not None:
            raise NotRead(known.read_trouble.reason, known.read_trouble.message)

    def _start(self, alias: str, known: _Known, *, read: bool = False) -> None:
        known.tried = self._clock()
        known.poll = asyncio.create_task(self._poll(alias, known, read=read))

    async def _poll(self, alias: str, known: _Known, *, read: bool) -> None:
        before = known.served, known.trouble
        try:
            await self._poll_once(alias, known, read=read)
        finally:
            known.poll = None
            if (known.served, known.trouble) != before:
                self._changed(alias)

    async def _poll_once(self, alias: str, known: _Known, *, read: bool) -> None:
        known.tried = began = self._clock()
        try:
            async with self._room, asyncio.timeout(_WITHIN):
                served = await self._served(alias)
            if served is not None and served.facts is not None:
                await self._read_if_due(known, served, demanded=read)
                served = ServedIndex(
                    served.targets, served.facts, served.snapshots, self._content(known, served)
                )
        except (StagingMirrorError, TimeoutError) as error:
            known.trouble = why(error)
            is_refused = isinstance(error, NotAllowed) and error.reason == Reason.UNAUTHORIZED
            if is_refused or isinstance(error, NotAnswered | TimeoutError):  # of the store itself
                self.answer = self._failed(known.trouble, began)
        except Exception:
            log.exception("polling an index store failed")
            known.trouble = INTERNAL
        else:
            known.served, known.polled, known.trouble = served, began, None
            self.answer = Observed("", began)

    async def _served(self, alias: str) -> ServedIndex | None:
        targets = await self.reader.resolve(alias)
        unread = Unseen(NOT_READ, self._clock())
        if not targets:
            return None
        if len(targets) > 1:
            return ServedIndex(targets, None, unread, unread)
        facts = await self.reader.facts(targets[0])
        return ServedIndex(targets, facts, await self._snapshots(targets[0]), unread)

    async def _snapshots(self, target: str) -> tuple[Snapshot, ...] | Unseen:
        """Where snapshots cannot be read, the rest stays as it is."""
        try:
            return await self.reader.snapshots(target)
        except NotAnswered:
            raise
        except StagingMirrorError as error:
            reason = Reason.NO_SNAPSHOT if isinstance(error, NotSupported) else error.reason
            return Unseen(Why(reason, error.message), self._clock())

    async def _read_if_due(self, known: _Known, served: ServedIndex, *, demanded: bool) -> None:
        assert served.facts is not None
        now, of = self._clock(), (served.facts.identity, served.facts.content_version)
        if not known.reads or not (demanded or self._is_due(known, of, now)):
            return
        if self._reading_room.locked() and not demanded:
            return  # with a later poll: what is slow to read keeps no alias from being polled
        known.read_tried, known.tried_of = now, of[0]
        try:
            async with self._reading_room, asyncio.timeout(_READ_WITHIN):
                content = await read_content(self.reader, served.facts.target, now)
                facts = await self.reader.facts(served.facts.target)
            again = facts.identity, facts.content_version if self._follows_writes else of[1]
            if again != of:
                raise NotAnswered(
                    Reason.BUSY, "the index was written while its documents were read"
                )
        except (StagingMirrorError, TimeoutError) as error:
            known.read_trouble = why(error)
        else:
            known.content, known.of, known.read_trouble = content, of, None

    def _is_due(self, known: _Known, of: tuple[str, str | None], now: float) -> bool:
        if known.tried_of != of[0]:
            return True
        if now < known.read_tried + AGAIN:
            return False
        is_old = known.content is None or now >= known.content.read + self.content_interval
        return is_old or not self._is_of(known, of)

    def _is_of(self, known: _Known, of: tuple[str, str | None]) -> bool:
        return (
            known.of == of
            if self._follows_writes
            else known.of is not None and known.of[0] == of[0]
        )

    def _content(self, known: _Known, served: ServedIndex) -> IndexContent | Unseen:
        """Nothing that was read of another index, or before it was written, or, where the store
        does not show writes, could not be read anew for long.
        """
        assert served.facts is not None
        of = served.facts.identity, served.facts.content_version
        if known.content is not None and self._is_of(known, of):
            age = self._clock() - known.content.read
            if of[1] is not None or age <= 2 * self.content_interval + _READ_WITHIN:
                return known.content
        return Unseen(known.read_trouble or NOT_READ, known.read_tried or self._clock())

    async def _identify(self) -> None:
        before = self.identity
        try:
            async with asyncio.timeout(_WITHIN):
                self.identity = await self.reader.identity()
                self.may_write = await self.reader.may_write()
            self.answer = Observed("", self._identified)
        except (StagingMirrorError, TimeoutError) as error:
            self.answer = self._failed(why(error), self._identified)
        except Exception:
            log.exception("an index store could not be identified")
        finally:
            self._identifying = None
            if self.identity != before:
                for alias in self._known:
                    self._changed(alias)

    def _failed(self, why: Why, began: float) -> Observed[str] | Unseen:
        if isinstance(self.answer, Observed):
            return Observed("", self.answer.began, why)
        return Unseen(why, began)


def served(
    poller: StorePoller | Why, alias: str, clock: Callable[[], float]
) -> Observed[ServedIndex] | Unseen:
    """What is known of an alias, or why there is no poller of its store."""
    return Unseen(poller, clock()) if isinstance(poller, Why) else poller.get(alias)


async def read_content(reader: IndexReader, target: str, began: float) -> IndexContent:
    """Count and sample the documents of a target."""
    documents = await reader.count(target)
    ids = await reader.ids(target, SAMPLED)
    sample = await reader.sample(target, ids)
    digest = await asyncio.to_thread(digest_of, sample)
    return IndexContent(documents, digest, len(sample), began)


def why(error: StagingMirrorError | TimeoutError) -> Why:
    if isinstance(error, StagingMirrorError):
        return Why(error.reason, error.message)
    return Why(Reason.TIMED_OUT, "the index store took too long")
