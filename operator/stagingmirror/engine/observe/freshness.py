"""Proves what is watched anew, where the sweeps are too seldom for a mirror.

What is polled has its own interval, and a server that does not answer it makes nothing of the rest
older: neither is a reason to prove the rest, or to check the mirror again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

from stagingmirror.engine.observe.sources import Sources
from stagingmirror.engine.observe.subscriptions import Subscriptions
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.sources.source import Source
from stagingmirror.view import Subject

log = structlog.get_logger(__name__)

# Mirrors for which something is proven at a time; further ones wait their turn.
AT_ONCE = 16
# Seconds until what could not be proven is tried again, doubled each time.
PAUSE, LONGEST_PAUSE = 0.5, 15.0


@dataclass(slots=True)
class Freshness:
    """One proof per mirror at a time. ``younger`` is called with a mirror of which some answers
    became younger by that; what has changed was announced by its source.
    """

    sources: Sources
    subscriptions: Subscriptions
    younger: Callable[[MirrorKey], None]
    clock: Callable[[], float]
    _tasks: dict[MirrorKey, asyncio.Task[None]] = field(default_factory=dict)
    _most: dict[MirrorKey, float] = field(default_factory=dict)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def keep(self, key: MirrorKey, oldest: float, *, most: float, now: float) -> None:
        """No answer about what is watched is to get older than ``most`` (s). ``oldest``: when the
        oldest of all answers began that the mirror reads (POSIX s).
        """
        if key in self._tasks:
            self._most[key] = most
        elif now - oldest > most and self._late(key, most):  # seldom
            self._most[key] = most
            name = f"prove {'/'.join(key)}"
            self._tasks[key] = asyncio.create_task(self._prove(key), name=name)

    async def close(self) -> None:
        """End all proofs."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _prove(self, key: MirrorKey) -> None:
        """Until nothing is late any more, or the mirror reads nothing."""
        pause = PAUSE
        try:
            while late := self._late(key, self._most[key]):
                async with self._slots:
                    await self._once(late, since=self.clock() - self._most[key] / 2)
                if not late <= self._late(key, self._most[key]):
                    self.younger(key)
                    pause = PAUSE
                else:
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            del self._tasks[key], self._most[key]

    async def _once(self, late: frozenset[Subject[Any]], *, since: float) -> None:
        async def prove(source: Source[Any], some: frozenset[Subject[Any]]) -> None:
            try:
                await source.prove(some, since=since, read_bytes=False)
            except Exception:  # whatever failed, nothing is proven, and it is tried again
                log.exception("proof failed", source=source.name)

        async with asyncio.TaskGroup() as group:
            for source, some in self.sources.split(late).items():
                group.create_task(prove(source, some))

    def _late(self, key: MirrorKey, most: float) -> frozenset[Subject[Any]]:
        before = self.clock() - most
        return frozenset(
            each
            for each in self.subscriptions.reads(key)
            if not self.sources.of(each).polled and self.sources.get(each).began < before
        )
