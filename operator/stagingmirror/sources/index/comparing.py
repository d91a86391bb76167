"""What is known of documents that two indexes have in common, and when they are read again.

Production's are read, staging's, and production's again; at the longer ``content.interval`` of the
two stores, where an alias leads to another index, and on request.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from math import inf

import structlog

from stagingmirror.drift.facts import Unseen, Why
from stagingmirror.errors import NotAnswered, NotRead, StagingMirrorError
from stagingmirror.reasons import Reason
from stagingmirror.sources.index.poller import (
    AGAIN,
    INTERNAL,
    NOT_READ,
    SAMPLED,
    StorePoller,
    served,
    why,
)
from stagingmirror.sources.index.samples import compared
from stagingmirror.sources.index.store import IndexFacts, IndexReader
from stagingmirror.sources.index.subjects import (
    ComparedIndexes,
    IndexAlias,
    IndexPair,
    SampleComparison,
    ServedIndex,
)
from stagingmirror.sources.pace import Floor
from stagingmirror.view import Observed

log = structlog.get_logger(__name__)
# Documents by which production's index may grow or shrink while it is read; of a large one 1 %.
_FEW = 10

# Pairs that are read at once, seconds for one, and how often a failure doubles the pause after it.
_AT_ONCE, _WITHIN, _DOUBLED = 4, 240.0, 7


@dataclass(slots=True)
class _Known:
    """Of one pair. ``tried``: when documents were requested last (POSIX s), of targets ``of``."""

    found: ComparedIndexes | None = None
    trouble: Why | None = None
    tried: float = 0.0
    of: tuple[str, str] | None = None
    failures: int = 0
    """In a row."""
    task: asyncio.Task[None] | None = None


class PairReadings:
    """``poller`` gives the poller of a store, or why there is none; ``changed`` is called with a
    pair of which something else is known now.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        changed: Callable[[IndexPair], None],
        poller: Callable[[IndexAlias], StorePoller | Why],
    ) -> None:
        self._clock = clock
        self._changed = changed
        self._poller = poller
        self._known: dict[IndexPair, _Known] = {}
        # What is slow to read keeps pairs of other stores from nothing.
        self._rooms: dict[tuple[tuple[str, str], ...], asyncio.Semaphore] = {}
        self._floor = Floor[IndexPair]()

    def get(self, pair: IndexPair) -> Observed[ComparedIndexes] | Unseen:
        answers = [self._served(each) for each in pair]
        began = min(each.began for each in answers)
        for each in answers:
            if isinstance(each, Unseen):
                return Unseen(each.why, began)
        if (found := _targets(answers)) is None:
            return Unseen(NOT_READ, began)
        known, of = self._known.get(pair) or _Known(), _identities(found)
        if known.found is None or known.found.targets != of or self._is_over(pair, known):
            return Unseen(known.trouble or NOT_READ, began)
        troubles = [each.trouble for each in answers if isinstance(each, Observed)]
        trouble = next((each for each in (*troubles, known.trouble) if each is not None), None)
        return Observed(known.found, began, trouble)

    def tend(self, pairs: Collection[IndexPair]) -> None:
        """Start what is due of these, forget all others. Does not wait."""
        for pair in self._known.keys() - set(pairs):
            if (task := self._known.pop(pair).task) is not None:
                task.cancel()
        for pair in pairs:
            known = self._known.setdefault(pair, _Known())
            if known.task is None and self._is_due(pair, known):
                self._start(pair, known)

    async def prove(self, pair: IndexPair, *, since: float) -> None:
        """Read documents that were last read before ``since`` (POSIX s). Raises NotRead."""
        known = self._known.setdefault(pair, _Known())

        def is_older() -> bool:
            return known.tried < since

        while known.task is not None and is_older():
            await asyncio.wait({known.task})
        least = max((each.least_interval for each in self._pollers(pair)), default=0.0)
        if await self._floor.turn(pair, least, clock=self._clock, needed=is_older):
            if known.task is None:
                self._start(pair, known)
            await asyncio.wait({known.task} if known.task else set())
        if known.trouble is not None:
            raise NotRead(known.trouble.reason, known.trouble.message)

    async def close(self) -> None:
        tasks = [each.task for each in self._known.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _pollers(self, pair: IndexPair) -> list[StorePoller]:
        found = [self._poller(each) for each in pair]
        return [each for each in found if isinstance(each, StorePoller)]

    def _served(self, alias: IndexAlias) -> Observed[ServedIndex] | Unseen:
        return served(self._poller(alias), alias.alias, self._clock)

    def _is_due(self, pair: IndexPair, known: _Known) -> bool:
        found, now = _targets([self._served(each) for each in pair]), self._clock()
        of = None if found is None else _identities(found)
        interval = self._interval(pair)
        pause = min(AGAIN * 2 ** min(known.failures, _DOUBLED), interval)
        if of is None or now < known.tried + (pause if known.of == of else AGAIN):
            return False
        return known.of != of or self._age(known, now) >= interval or known.failures > 0

    def _interval(self, pair: IndexPair) -> float:
        return max((each.content_interval for each in self._pollers(pair)), default=inf)

    def _age(self, known: _Known, now: float) -> float:
        return inf if known.found is None else now - known.found.read

    def _is_over(self, pair: IndexPair, known: _Known) -> bool:
        """Whether documents were wanted anew long ago, and could not be read."""
        return self._age(known, self._clock()) > 2 * self._interval(pair) + _WITHIN

    def _start(self, pair: IndexPair, known: _Known) -> None:
        known.tried = self._clock()
        known.task = asyncio.create_task(self._read(pair, known))

    async def _read(self, pair: IndexPair, known: _Known) -> None:
        before = known.found, known.trouble
        stores = tuple((each.environment, each.store) for each in pair)
        room = self._rooms.setdefault(stores, asyncio.Semaphore(_AT_ONCE))
        try:
            async with room, asyncio.timeout(_WITHIN):
                await self._read_once(pair, known)
        except (StagingMirrorError, TimeoutError) as error:
            known.trouble, known.failures = why(error), known.failures + 1
        except Exception:
            log.exception("comparing documents of two index stores failed")
            known.trouble, known.failures = INTERNAL, known.failures + 1
        finally:
            known.task = None
            if (known.found, known.trouble) != before:
                self._changed(pair)

    async def _read_once(self, pair: IndexPair, known: _Known) -> None:
        targets = _targets([self._served(each) for each in pair])
        pollers = self._pollers(pair)
        if targets is None or len(pollers) < 2:
            return
        known.tried, known.of = self._clock(), _identities(targets)
        readers = pollers[0].reader, pollers[1].reader
        names = targets[0].target, targets[1].target
        known.found = await read_pair(readers, names, known.tried)
        known.trouble, known.failures = None, 0


def _targets(
    answers: list[Observed[ServedIndex] | Unseen],
) -> tuple[IndexFacts, IndexFacts] | None:
    """What both aliases lead to; None: one of them does not lead to exactly one index."""
    there = [each.value for each in answers if isinstance(each, Observed)]
    found = [each.facts for each in there if each is not None and each.facts is not None]
    return (found[0], found[1]) if len(found) == 2 else None


def _identities(found: tuple[IndexFacts, IndexFacts]) -> tuple[str, str]:
    return found[0].identity, found[1].identity


async def read_pair(
    readers: tuple[IndexReader, IndexReader], targets: tuple[str, str], began: float
) -> ComparedIndexes:
    """Count and sample the documents of production's target and of staging's."""
    (production, staging), (theirs, ours) = readers, targets
    read = await production.facts(theirs), await staging.facts(ours)
    versions = read[0].content_version, read[1].content_version
    before = await production.count(theirs)
    sample, staging_count = await _sampled(readers, targets), await staging.count(ours)
    after = await production.count(theirs)
    if abs(after - before) > max(_FEW, max(after, before) // 100):
        raise NotAnswered(
            Reason.BUSY,
            f"production's {theirs} had {before} documents, and {after} when they were counted "
            "again, so that no number of staging's could be like it; they are counted again",
        )
    return ComparedIndexes(
        _identities(read), versions, (before, after), staging_count, sample, began
    )


async def _sampled(
    readers: tuple[IndexReader, IndexReader], targets: tuple[str, str]
) -> SampleComparison | None:
    (production, staging), (theirs, ours) = readers, targets
    # What two products make of one document is never the same.
    if not isinstance(staging, type(production)) or not production.samples_documents:
        return None
    ids = await production.ids(theirs, SAMPLED)
    before = await production.sample(theirs, ids)
    between = await staging.sample(ours, ids)
    after = await production.sample(theirs, ids)
    return await asyncio.to_thread(compared, before, between, after)
