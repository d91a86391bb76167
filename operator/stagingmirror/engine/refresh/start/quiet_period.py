"""How long production has been seen, whole and unchanged, while we looked. Pure but for its
memory.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from stagingmirror.drift.compare import unseen
from stagingmirror.drift.facts import Absent, Seen
from stagingmirror.engine.context import Judged

Fingerprint = tuple[tuple[str, str, str, str | None], ...]


def not_whole(components: Iterable[Judged], *, now: float, stale_after: float) -> str | None:
    """Which part of production cannot be followed now, and why; None: all of it can."""
    for judged in components:
        look, name = judged.observations.production, judged.track.name
        why = unseen(look, now=now, stale_after=stale_after)
        if why is not None:
            return f"production's {name} is not seen ({why.message})"
        if isinstance(look, Absent):
            return f"production does not have {look.what} ({name})"
        if isinstance(look, Seen) and look.trouble is not None:
            return f"production's {name} did not answer just now ({look.trouble.message})"
    return None


def fingerprint(components: Iterable[Judged]) -> Fingerprint:
    """Every compared fact of production."""
    return tuple(
        (judged.track.name, name, fact.value, fact.expected)
        for judged in components
        if isinstance(judged.observations.production, Seen)
        for name, fact in sorted(judged.observations.production.facts.items())
        if fact.compared
    )


@dataclass(frozen=True, slots=True)
class _Still:
    facts: Fingerprint
    since: float


class QuietPeriods:
    """Per mirror since when production has shown the same compared facts, in this process's own
    looks: what nobody watched is not counted as calm.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Still] = {}

    def since(
        self, uid: str, components: tuple[Judged, ...], *, now: float, stale_after: float
    ) -> float | None:
        """Remember what production shows now; None where a component is not seen at all."""
        if any(
            unseen(each.observations.production, now=now, stale_after=stale_after) is not None
            for each in components
        ):
            self._known.pop(uid, None)
            return None
        facts = fingerprint(components)
        known = self._known.get(uid)
        if known is None or known.facts != facts:
            known = _Still(facts, now)
            self._known[uid] = known
        return known.since

    def drop(self, uid: str) -> None:
        self._known.pop(uid, None)
