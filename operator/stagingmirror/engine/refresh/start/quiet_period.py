"""How long production has been observed whole and unchanged."""

from collections.abc import Iterable
from dataclasses import dataclass

from stagingmirror.api.types.duration import seconds
from stagingmirror.drift.compare import unseen
from stagingmirror.drift.facts import Absent, Seen, Why
from stagingmirror.engine.context import Context, Judged

Fingerprint = tuple[tuple[str, str, str, str | None], ...]


def not_whole(context: Context) -> str | None:
    """Which part of production cannot be followed now, and why; None: all of it can."""
    for judged in context.components:
        observed, name = judged.observations.production, judged.track.name
        why = _unseen(judged, context)
        if why is not None:
            return f"production's {name} is not seen ({why.message})"
        if isinstance(observed, Absent):
            return f"production does not have {observed.what} ({name})"
        if isinstance(observed, Seen) and observed.trouble is not None:
            return f"production's {name} did not answer just now ({observed.trouble.message})"
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


@dataclass(slots=True)
class QuietPeriod:
    """Since when production of one mirror has shown the same compared facts, in this process's own
    observations: what was not observed does not count as quiet.
    """

    _facts: Fingerprint = ()
    _since: float | None = None

    def since(self, context: Context) -> float | None:
        """Take in what production shows now; None where a component is not seen at all."""
        if any(_unseen(each, context) is not None for each in context.components):
            self.restart()
            return None
        facts = fingerprint(context.components)
        if self._since is None or self._facts != facts:
            self._facts, self._since = facts, context.now
        return self._since

    def restart(self) -> None:
        """Nothing was observed: count anew."""
        self._since = None


def _unseen(judged: Judged, context: Context) -> Why | None:
    stale_after = seconds(context.spec.stale_after)
    return unseen(judged.observations.production, now=context.now, stale_after=stale_after)
