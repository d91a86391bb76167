"""What must be checked next: a level-triggered queue of keys.

A key means "check this", never "this happened": adding it twice is adding it once. It is processed
by at most one worker; what arrives while it is in work makes it dirty again. What changed waits in
the lane of what announced it, and lanes take turns: a store of which a thousand mirrors read, and
that is gone, does not keep the others waiting. What only fell due has a lane of its own, in the
order of freshness deadlines. It has turns from then, or from ``patience`` on, so nothing starves;
before, everything that changed is taken first.

Times are POSIX seconds by the clock that is handed in. Not for threads: one event loop owns it.

Its figures have the meaning that they have in controller-runtime.
"""

import asyncio
import contextlib
import heapq
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from stagingmirror.engine.workqueue.lanes import OWN_LANE, Lane, Lanes


class Counting(Protocol):
    """Receives each change; times are seconds."""

    def added(self, *, depth: int) -> None: ...

    def taken(self, *, waited: float, depth: int) -> None: ...

    def done(self, *, worked: float) -> None: ...

    def retried(self) -> None: ...


K = TypeVar("K", bound=Hashable)
# The lane of what only fell due.
_DUE = object()
# Wishes that were replaced, and may stay in the heap whatever its size.
_REPLACED = 64
# Seconds for which a key that fails again and again counts as unwritten: then it is left out, and
# named in ``unsettled``.
_HOLDS_BACK = 5.0


@dataclass(slots=True)
class _Waiting:
    since: float
    ranks: dict[Lane, float] = field(default_factory=dict)
    """In each lane where it waits."""
    changed: bool = False
    """It was added; else it merely fell due."""


@dataclass(frozen=True, slots=True)
class _Work:
    since: float
    started: float
    changed: bool
    lane: Lane


class WorkQueue(Generic[K]):
    """Add keys, take them, and report how it went: ``done`` or ``failed``."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        counting: Counting,
        patience: float = 30.0,
        backoff: float = 0.25,
        backoff_cap: float = 15.0,
    ) -> None:
        self._clock = clock
        self._counting = counting
        self._patience = patience
        self._backoff = backoff
        self._backoff_cap = backoff_cap
        self._waiting: dict[K, _Waiting] = {}
        self._lanes = Lanes[K](patient=_DUE)
        self._work: dict[K, _Work] = {}
        self._again: dict[K, _Waiting] = {}
        self._later: dict[K, float] = {}
        self._dues: list[tuple[float, int, K]] = []
        self._failures: dict[K, int] = {}
        self._failing: dict[K, float] = {}
        self._owed: dict[K, float] = {}
        self._deadlines: dict[K, float] = {}
        self._sequence = 0
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()

    def add(self, key: K, *, since: float | None = None, lane: Lane = OWN_LANE) -> None:
        """Make the key dirty now. ``since``: from when it counts as unwritten, where what it is
        dirty for was known before. ``lane``: the system that announced it.
        """
        self._later.pop(key, None)
        now = self._clock()
        # A rank in the past would let a key that is late again and again go before all others.
        self._add(key, now if since is None else min(since, now), lane, now).changed = True

    def fresh_until(self, key: K, deadline: float) -> None:
        """When what is known of the key stops being fresh: its place among all that fall due."""
        self._deadlines[key] = deadline

    def add_later(self, key: K, at: float) -> None:
        """Make the key dirty at ``at``, or before where that was wished meanwhile. Nothing where it
        is dirty.
        """
        if key in self._waiting or key in self._again:
            return
        self._put_off(key, min(at, self._later.get(key, math.inf)))

    def fell_due(self, key: K) -> None:
        """Make the key dirty now, though nothing of it has changed."""
        self.add_later(key, self._clock())

    def take_now(self) -> K | None:
        """The next key, now in work until ``done`` or ``failed``; None: none is due, or enough of
        what is due are in work.
        """
        now = self._clock()
        self._wake(now)
        taken = self._lanes.take(now, self._waits)
        if taken is None:
            return None
        lane, key = taken
        entry = self._waiting.pop(key)
        self._work[key] = _Work(entry.since, started=now, changed=entry.changed, lane=lane)
        self._counting.taken(waited=max(0.0, now - entry.since), depth=len(self._waiting))
        return key

    async def take(self) -> K:
        """Wait for the next key. Others run between two takes, whichever worker's they are: a pass
        that writes nothing never waits, and thousands of them in a row would keep the Lease from
        being renewed, and each step of a pass that does wait would wait for several of them.
        """
        async with self._turn:
            await asyncio.sleep(0)
        while True:
            self._changed.clear()
            key = self.take_now()
            if key is not None:
                return key
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause()):
                    await self._changed.wait()

    def only_fell_due(self, key: K) -> bool:
        """Whether the key is in work and was not added since it was taken before."""
        work = self._work.get(key)
        return work is not None and not work.changed

    def done(self, key: K) -> None:
        """The key was checked, and what is known of it is written."""
        self._failures.pop(key, None)
        self._failing.pop(key, None)
        self._owed.pop(key, None)
        self._put_down(key)

    def failed(self, key: K, *, again_in: float | None = None) -> float:
        """The key must be checked again, after this pause (s), else one that doubles up to the
        cap; returns it.

        What it became dirty for stays unwritten: ``oldest_unwritten`` goes on counting from then,
        until it has failed for so long that ``unsettled`` has it.
        """
        failures = self._failures.get(key, 0)
        pause = min(self._backoff * 2.0 ** min(failures, 30), self._backoff_cap)
        work = self._work.get(key)
        if again_in is None:
            self._failures[key] = failures + 1
            if work is not None:
                self._failing.setdefault(key, work.started)
        else:
            pause = again_in
        if work is not None:
            self._owed[key] = min(work.since, self._owed.get(key, math.inf))
        self._counting.retried()
        self._put_down(key)
        self.add_later(key, self._clock() + pause)
        return pause

    def gone(self, key: K) -> None:
        """The key in work is no more: done, and nothing of it is kept. What was added meanwhile
        stays: it may have come again.
        """
        self._later.pop(key, None)
        self._deadlines.pop(key, None)
        self.done(key)

    def oldest_unwritten(self) -> float | None:
        """Since when a key is dirty, in work or owed a retry; None: everything is written but what
        is ``unsettled``.
        """
        left_out = self.unsettled()
        places = (self._work, self._waiting, self._again)
        times = [at for key, at in self._owed.items() if key not in left_out]
        for place in places:
            times += [each.since for key, each in place.items() if key not in left_out]
        return min(times, default=None)

    def unsettled(self) -> frozenset[K]:
        """Keys that cannot be written: nothing else waits for them any more."""
        if not self._failing:
            return frozenset()
        until = self._clock() - _HOLDS_BACK
        return frozenset(key for key, since in self._failing.items() if since <= until)

    def working_since(self) -> tuple[float, ...]:
        """When each key in work was taken."""
        return tuple(work.started for work in self._work.values())

    def _add(self, key: K, since: float, lane: Lane, rank: float) -> _Waiting:
        place = self._again if key in self._work else self._waiting
        entry = place.get(key)
        if entry is None:
            entry = place[key] = _Waiting(since=since)
            self._counting.added(depth=len(self._waiting))
        entry.since = min(entry.since, since)
        if rank < entry.ranks.get(lane, math.inf):
            entry.ranks[lane] = rank
            if place is self._waiting:
                self._rank(key, lane, rank)
        return entry

    def _rank(self, key: K, lane: Lane, rank: float) -> None:
        self._lanes.put(lane, rank, key)
        self._changed.set()

    def _waits(self, lane: Lane, rank: float, key: K) -> bool:
        entry = self._waiting.get(key)
        return entry is not None and entry.ranks.get(lane) == rank

    def _put_off(self, key: K, at: float) -> None:
        self._later[key] = at
        self._sequence += 1
        heapq.heappush(self._dues, (at, self._sequence, key))
        if len(self._dues) > 2 * len(self._later) + _REPLACED:
            self._dues = [due for due in self._dues if self._later.get(due[2]) == due[0]]
            heapq.heapify(self._dues)
        self._changed.set()

    def _put_down(self, key: K) -> None:
        work = self._work.pop(key, None)
        if work is not None:
            self._lanes.leave(work.lane)
            self._changed.set()
            self._counting.done(worked=max(0.0, self._clock() - work.started))
        again = self._again.pop(key, None)
        if again is not None:
            self._later.pop(key, None)
            self._waiting[key] = again
            for lane, rank in again.ranks.items():
                self._rank(key, lane, rank)

    def _wake(self, now: float) -> None:
        while self._dues and self._dues[0][0] <= now:
            at, _, key = heapq.heappop(self._dues)
            if self._later.get(key) == at:
                del self._later[key]
                deadline = self._deadlines.get(key, math.inf)
                self._add(key, at, _DUE, max(min(deadline, at + self._patience), at))

    def _pause(self) -> float | None:
        while self._dues and self._later.get(self._dues[0][2]) != self._dues[0][0]:
            heapq.heappop(self._dues)
        return max(0.0, self._dues[0][0] - self._clock()) if self._dues else None


@dataclass(frozen=True, slots=True)
class RequeueAfter:
    """A pass ends early: nothing of what was found is written, and it counts as unwritten. The next
    comes in ``seconds``.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """A pass is over. The next comes at ``at`` (POSIX s), or with a change before; None: never,
    there is nothing of this key any more.
    """

    at: float | None


Result = RequeueAfter | Done
