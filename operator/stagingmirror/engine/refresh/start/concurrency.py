"""Which mirrors may start where ``maxConcurrentRefreshes`` lets only some.

Waiting for a slot is not missing a tick: a tick that waits here has no deadline.
"""

from dataclasses import dataclass

# Seconds after which a mirror that requests no slot any more has left the queue.
ABSENCE = 60.0


@dataclass(slots=True)
class _Waiting:
    since: float
    last: float
    yields: bool = False


class Slots:
    """Per staging environment the mirrors that requested a slot, in the order of first requests."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, _Waiting]] = {}

    def may_start(self, environment: str, uid: str, *, free: int, now: float) -> bool:
        """Whether this mirror is among the first ``free`` of those that wait and can start."""
        self.forget_absent(environment, now=now)
        waiting = self._request(environment, uid, now=now, yields=False)
        ready = [other for other, each in waiting.items() if not each.yields]
        first = sorted(ready, key=lambda other: waiting[other].since)
        return first.index(uid) < free

    def yield_slot(self, environment: str, uid: str, *, now: float) -> None:
        """It cannot start now. Yields its slot, keeps its place."""
        self._request(environment, uid, now=now, yields=True)

    def _request(
        self, environment: str, uid: str, *, now: float, yields: bool
    ) -> dict[str, _Waiting]:
        waiting = self._waiting.setdefault(environment, {})
        entry = waiting.setdefault(uid, _Waiting(now, now))
        entry.last, entry.yields = now, yields
        return waiting

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
