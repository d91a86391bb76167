"""Whose turn it is where ``maxConcurrentRefreshes`` lets only some start. Queueing is not missing:
a tick that waits here has no deadline.
"""

from dataclasses import dataclass

ABSENCE = 60.0
"""Seconds after which one that no longer asks has left the queue."""


@dataclass(slots=True)
class _Asking:
    since: float
    last: float
    aside: bool = False


class Slots:
    """Per staging environment who has asked, in the order of first asking."""

    def __init__(self) -> None:
        self._asking: dict[str, dict[str, _Asking]] = {}

    def may_start(self, environment: str, uid: str, *, free: int, now: float) -> bool:
        """Whether this mirror is among the first ``free`` of those that ask."""
        self.forget_absent(environment, now=now)
        asking = self._ask(environment, uid, now=now, aside=False)
        waiting = [who for who, each in asking.items() if not each.aside]
        first = sorted(waiting, key=lambda who: asking[who].since)
        return first.index(uid) < free

    def step_aside(self, environment: str, uid: str, *, now: float) -> None:
        """It cannot start whoever's turn it is: until it asks again nobody waits for it, and it
        keeps its place.
        """
        self._ask(environment, uid, now=now, aside=True)

    def _ask(self, environment: str, uid: str, *, now: float, aside: bool) -> dict[str, _Asking]:
        asking = self._asking.setdefault(environment, {})
        entry = asking.setdefault(uid, _Asking(now, now))
        entry.last, entry.aside = now, aside
        return asking

    def forget_absent(self, environment: str, *, now: float) -> None:
        """Whoever has not asked for ``ABSENCE`` waits for something else, and that has a
        deadline.
        """
        asking = self._asking.get(environment, {})
        for other in [who for who, each in asking.items() if now - each.last > ABSENCE]:
            del asking[other]

    def is_asking(self, environment: str, uid: str) -> bool:
        return uid in self._asking.get(environment, {})

    def leave(self, uid: str) -> None:
        """It has started, or does not want to any more."""
        for asking in self._asking.values():
            asking.pop(uid, None)
