"""Proves, now and then and on request, that a watch's store equals what the API server has.

A watch announces changes; nothing announces that none was lost. So a LIST of metadata is compared
with the store, object by object, by resourceVersion. What differs is given a second to arrive by
the watch; what then still differs was lost: it is read directly, counted, and the watch reopened.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import partial
from math import inf
from random import SystemRandom
from typing import Any, Generic, NamedTuple

from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotThere, StagingMirrorError
from stagingmirror.sources.kubernetes.api.errors import FORBIDDEN, shaped
from stagingmirror.sources.kubernetes.objects.parse import version_of
from stagingmirror.sources.kubernetes.objects.store import E, Store, newer
from stagingmirror.sources.kubernetes.watch.backoff import LONGEST
from stagingmirror.sources.kubernetes.watch.informer import Watch
from stagingmirror.sources.pace import ALONG, Floor


class Listed(NamedTuple):
    """One object as the LIST showed it."""

    namespace: str
    uid: str
    name: str
    resource_version: str


def listed(space: Callable[[Mapping[str, Any]], str], item: Mapping[str, Any]) -> Listed:
    """``space``: what tells the namespace, of its metadata."""
    metadata = item["metadata"]
    return Listed(space(metadata), metadata["uid"], metadata["name"], version_of(metadata))


def behind(rows: Iterable[Listed], store: Store[E], deleted: Set[str]) -> list[Listed]:
    """Rows that the cache has not seen yet. A cache that is ahead of the LIST is right.

    ``deleted``: uids whose deletion was announced since the LIST began.
    """
    return [row for row in rows if _is_behind(row, store, deleted)]


def vanished(entries: Iterable[E], seen: Set[str], listed_at: str) -> list[E]:
    """Cached objects that the LIST does not have, without those that are newer than the LIST."""
    return [
        entry
        for entry in entries
        if entry.uid not in seen and not newer(entry.resource_version, listed_at)
    ]


def _is_behind(row: Listed, store: Store[E], deleted: Set[str]) -> bool:
    cached = store.get(row.namespace, row.uid)
    if cached is None:
        return row.uid not in deleted
    return newer(row.resource_version, cached.resource_version)


# Seconds that a watch may be behind a LIST.
CATCH_UP = 1.0
_TICK = 0.02
# Entries that are compared before others may run.
_SLICE = 2000
# Namespaces that are due together; more of them are proven with all others, by one LIST.
_ONE_BY_ONE = 8
# Lost objects beyond this are listed anew instead.
_READ_ONE_BY_ONE = 20
_CHANCE = SystemRandom()


@dataclass(slots=True)
class Counts:
    """Since the start: LISTs that were compared, and objects that no watch had announced."""

    sweeps: int = 0
    repaired: int = 0


class ConsistencyCheck(Generic[E]):
    """The proofs of one watch: of all that it covers every ``interval`` (s), and of a namespace as
    often as ``pace`` has it, where that is more often. On request that is done twenty times at
    once, and from then on once per ``least`` seconds.
    """

    def __init__(
        self,
        watch: Watch[E],
        *,
        interval: float,
        pace: Callable[[], Mapping[str, float]],
        least: Callable[[str], float],
        counts: Counts,
        settled: Callable[[str | None], None],
    ) -> None:
        self.watch = watch
        self._interval = interval
        self._pace = pace
        self._least = least
        self._requested: Floor[str] = Floor()
        # When a namespace was due last; what failed is not tried again before its period is over.
        self._tried: dict[str, float] = {}
        self._counts = counts
        self._settled = settled
        self._proven_in: dict[str, float] = {}
        # By namespace, what became of proofs since the last one of all (None), and of that.
        self._trouble: dict[str | None, Why | None] = {}

    def trouble(self, namespace: str) -> Why | None:
        """Why the newest request failed: the watch's, or the newest proof's of this namespace."""
        return self.watch.trouble or self._trouble.get(namespace, self._trouble.get(None))

    def inherit(self, began: Mapping[str, float], newest: int) -> None:
        """What another watch had proven of namespaces, until there is a list of its own."""
        self.watch.covers, self.watch.newest = frozenset(began), newest
        self._proven_in = dict(began)

    def covers(self, namespace: str) -> bool:
        """The namespace was listed at least once, and still is."""
        return namespace in self.watch.covers

    def began(self, namespace: str) -> float:
        """When the newest proof of this namespace began, else the newest request; 0 before any."""
        if not self.covers(namespace):
            return self.watch.requested
        return max(self.watch.proven, self._proven_in.get(namespace, 0.0))

    async def run(self) -> None:
        """Until cancelled. A watch that was interrupted is proven right away."""
        last = self.watch.clock()
        while True:
            interval = min(self._interval, LONGEST) if self._has_trouble else self._interval
            whole = last + interval * _CHANCE.uniform(0.8, 1.0)
            due_at, namespaces = self._due()
            wait = max(0.0, min(due_at, whole) - self.watch.clock())
            await self.watch.resumed.sleep(min(wait, self._interval))
            now = self.watch.clock()
            everything = self.watch.take_interruption() or now >= whole
            if now >= due_at:
                wanted = self._pace()
                self._tried = {each: at for each, at in self._tried.items() if each in wanted}
                self._tried |= dict.fromkeys(namespaces, now)
                everything = everything or len(namespaces) > _ONE_BY_ONE
            if everything:
                last = now
                if self.watch.covers:
                    await self._prove(None)
            elif now >= due_at:
                for namespace in namespaces:
                    await self._prove(namespace)

    @property
    def _has_trouble(self) -> bool:
        return any(self._trouble.values())

    def _due(self) -> tuple[float, list[str]]:
        """When the first namespace is due that is wanted more often than all are proven, and what
        is proven along with it then.
        """
        pace = {
            namespace: (max(self.began(namespace), self._tried.get(namespace, 0.0)), period)
            for namespace, period in self._pace().items()
            if period < self._interval and self.covers(namespace)
        }
        due_at = min((began + period for began, period in pace.values()), default=inf)
        return due_at, [
            namespace
            for namespace, (began, period) in pace.items()
            if began + ALONG * period <= due_at
        ]

    def doubt(self, namespace: str, why: Why) -> None:
        """A direct read failed where the store has nothing; until the next proof."""
        self._trouble[namespace] = why

    async def prove(self, namespace: str, since: float) -> None:
        """Make ``began`` of this namespace at least ``since``, or leave the trouble in place."""

        def needed() -> bool:
            return not self.covers(namespace) or self.began(namespace) < since

        least, clock = self._least(namespace), self.watch.clock
        if await self._requested.turn(namespace, least, clock=clock, needed=needed):
            covered = self.covers(namespace)
            await (self._prove(namespace, since) if covered else self._listed_again(since))

    async def _listed_again(self, since: float) -> None:
        """There is nothing to compare with yet: wait for the watch's own LIST, or its failure."""
        while True:
            self.watch.tried.clear()
            self.watch.hurry()
            await self.watch.tried.wait()
            if self.watch.requested >= since:
                return

    async def _prove(self, namespace: str | None, since: float = float("inf")) -> None:
        async with self.watch.at_once, self.watch.listing:
            if namespace is not None and self.began(namespace) >= since:
                return  # proven by another while we waited
            former = self._trouble
            why = await self._why_not(namespace)
            self._trouble = self._after(namespace, why)
            if self._trouble != former:
                self._settled(namespace)

    def _after(self, namespace: str | None, why: Why | None) -> dict[str | None, Why | None]:
        if namespace is None:
            return {None: why} if why else {}
        # Where the last proof of all failed, a namespace that was proven since must be kept apart.
        everything = self._trouble.get(None)
        known = self._trouble | {namespace: why}
        return {each: found for each, found in known.items() if found or everything}

    async def _why_not(self, namespace: str | None) -> Why | None:
        """Compare; why that failed."""
        try:
            await self._compare(namespace)
        except StagingMirrorError as error:
            if error.reason == FORBIDDEN and (namespace, self.watch.namespace) == (None, None):
                self.watch.refused()
            return Why(error.reason, error.message)
        return None

    async def _compare(self, namespace: str | None) -> None:
        watch = self.watch
        began, newest = watch.clock(), watch.newest
        watch.deleted.clear()
        within = namespace or watch.namespace
        seen, lost, at = await self._read(within)
        if int(at) < newest:
            watch.relist()  # the cluster was set back
            return
        gone = await self._vanished(within, seen, at)
        lost, gone = await self._caught_up(lost, gone)
        self._counts.sweeps += 1
        if lost or gone:
            if len(lost) > _READ_ONE_BY_ONE:
                self._counts.repaired += len(lost) + len(gone)
                watch.relist()
                return
            await self._repair(lost, gone)
            self._counts.repaired += len(lost) + len(gone)
        if namespace is None:
            watch.proven = began
            self._proven_in.clear()
        else:
            self._proven_in[namespace] = began

    async def _read(self, namespace: str | None) -> tuple[set[str], list[Listed], str]:
        """Uids that are there, what the store seems to lack, and the LIST's own version."""
        watch, seen, lost, at = self.watch, set[str](), list[Listed](), ""

        path = watch.resource.path(namespace)
        async for page in watch.client.pages(
            path, metadata_only=True, shape=partial(listed, watch.resource.space)
        ):
            rows = [one for one in page["items"] if one.namespace in watch.covers]
            at = str(shaped(page["metadata"], f"GET {path}", version_of))
            seen.update(one.uid for one in rows)
            lost += behind(rows, watch.store, watch.deleted)
        return seen, lost, at

    async def _vanished(self, namespace: str | None, seen: set[str], at: str) -> list[E]:
        gone: list[E] = []
        entries = list(self.watch.store.within(namespace))
        for start in range(0, len(entries), _SLICE):
            gone += vanished(entries[start : start + _SLICE], seen, at)
            await asyncio.sleep(0)
        return gone

    async def _caught_up(self, lost: list[Listed], gone: list[E]) -> tuple[list[Listed], list[E]]:
        """What is still wrong after the watch had its time."""
        watch = self.watch
        loop = asyncio.get_running_loop()
        until = loop.time() + CATCH_UP
        while True:
            lost = behind(lost, watch.store, watch.deleted)
            gone = [one for one in gone if watch.store.get(one.namespace, one.uid) is one]
            if not (lost or gone) or loop.time() > until:
                return lost, gone
            await asyncio.sleep(_TICK)

    async def _repair(self, lost: list[Listed], gone: list[E]) -> None:
        watch = self.watch
        for former in gone:
            watch.drop(former.namespace, former.uid)
        for row in lost:
            path = watch.resource.path(row.namespace, row.name)
            try:
                watch.take(watch.parsed(await watch.client.get(path)))
            except NotThere:
                watch.drop(row.namespace, row.uid)
        watch.reopen()
