"""Which mirrors may start where ``maxConcurrentRefreshes`` lets only some.

A free slot goes to the namespace that has the fewest refreshes open; among these to the one whose
last refresh began first; within a namespace to who requested first. A refresh that makes
no progress gives its slot to others, so no namespace stops another one for good.

Waiting for a slot is not missing a tick: a tick that waits here has no deadline.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf

from stagingmirror.engine.refresh.record.record import Record

# Seconds after which a mirror that requests no slot any more has left the queue.
ABSENCE = 60.0
# Seconds without progress after which a refresh has no slot any more.
IDLE = 3600.0
# Namespaces per environment of which it is known when their last refresh began.
_KNOWN = 1000


def has_slot(record: Record, now: float) -> bool:
    """Whether this open refresh counts. While it is verified or rolled back it waits for pods
    or a server, and other refreshes wait for that no longer than for a rollout.
    """
    is_forward = record.phase == "Forward"
    return now <= record.moved + (IDLE if is_forward else min(IDLE, record.rollout_timeout))


# Refreshes that its namespace has open, when the last of these began, since when it waits, number.
_Turn = tuple[int, float, float, int]


@dataclass(slots=True)
class _Waiting:
    namespace: str
    since: float
    last: float
    yields: bool = False
    granted: bool = False


class Slots:
    """Per staging environment the mirrors that requested a slot, in the order of first requests."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, _Waiting]] = {}
        # When the last refresh of each namespace began, the newest last.
        self._served: dict[str, dict[str, float]] = {}

    def may_start(
        self,
        environment: str,
        uid: str,
        namespace: str,
        *,
        free: int,
        held: Iterable[str],
        now: float,
    ) -> bool:
        """Whether this mirror is among the first ``free`` of those that wait and can start.
        ``held`` are the namespaces of all open refreshes, one for each.
        """
        self.forget_absent(environment, now=now)
        mine = self._request(environment, uid, namespace, now=now, yields=False)
        turns = dict(self._turns(environment, Counter(held)))
        mine.granted = sum(turn < turns[uid] for turn in turns.values()) < free
        return mine.granted

    def yield_slot(self, environment: str, uid: str, namespace: str, *, now: float) -> None:
        """It cannot start now. Yields its slot, keeps its place."""
        self._request(environment, uid, namespace, now=now, yields=True).granted = False

    def began(self, environment: str, namespace: str, now: float) -> None:
        """A refresh of a mirror of this namespace has begun: now it is the turn of others."""
        served = self._served.setdefault(environment, {})
        served.pop(namespace, None)
        served[namespace] = now
        if len(served) > _KNOWN:
            del served[next(iter(served))]

    def _turns(self, environment: str, held: Counter[str]) -> Iterator[tuple[str, _Turn]]:
        """Those that can start, each with what sorts it. One that was let start and is about to is
        before all others.
        """
        served = self._served.get(environment, {})
        for number, (uid, each) in enumerate(self._waiting[environment].items()):
            if each.yields:
                continue
            where = each.namespace
            has = -1 if each.granted else held[where]
            yield uid, (has, served.get(where, -inf), each.since, number)
            held[where] += 1

    def _request(
        self, environment: str, uid: str, namespace: str, *, now: float, yields: bool
    ) -> _Waiting:
        waiting = self._waiting.setdefault(environment, {})
        entry = waiting.setdefault(uid, _Waiting(namespace, now, now))
        entry.last, entry.yields = now, yields
        return entry

    def forget_absent(self, environment: str, *, now: float) -> None:
        """A mirror without a request for ``ABSENCE`` waits for something else, and that has a
        deadline.
        """
        waiting = self._waiting.get(environment, {})
        for other in [other for other, each in waiting.items() if now - each.last > ABSENCE]:
            del waiting[other]

    def is_waiting(self, environment: str, uid: str) -> bool:
        return uid in self._waiting.get(environment, {})

    def leave(self, uid: str) -> None:
        """It has started, or does not want to any more."""
        for waiting in self._waiting.values():
            waiting.pop(uid, None)
