"""How often a value that is only comparable may be compared with another value of staging.

A comparison tells whether two values are equal. Whoever can change staging's value could find
production's by trying, so the values that are tried of one namespace are bounded, however many
mirrors and components try them, over a restart too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from stagingmirror.api.types.times import rfc3339
from stagingmirror.drift.deploys import DeployKey
from stagingmirror.drift.facts import Observations, Seen, Unseen, Why
from stagingmirror.engine.observe.view import Guess, RecordingView
from stagingmirror.engine.resources.buckets import Buckets
from stagingmirror.reasons import Reason

# Different values of staging that are compared with one value of production within WINDOW seconds.
MOST = 10
WINDOW = 24 * 3600.0
# Seconds between two searches for windows that have ended.
_SWEEP = 3600.0


class ComparisonWindows:
    """By window when each of its guesses was last compared (POSIX s)."""

    name = "comparisons"

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows = Buckets()
        self._swept = 0.0

    def limited(
        self,
        components: Mapping[str, Observations],
        parts: Mapping[DeployKey, RecordingView],
        now: float,
    ) -> Iterator[Observations]:
        """The observations, one component after the other; staging's is Unseen where it would be
        one guess too many.
        """
        for name, both in components.items():
            yield self._limited(both, parts.get(DeployKey(name, "staging")), now)

    def admit(self, guesses: Iterable[Guess], now: float) -> float | None:
        """Count these guesses. Where one is too many, none of them may be compared before the time
        that is returned (POSIX s).
        """
        every = sorted(guesses)
        waits = [at for guess in every if (at := self._opens(guess, now)) is not None]
        if waits:
            return max(waits)
        for guess in every:
            window = self._current(guess.window, now)
            # One that staging still has is renewed, seldom.
            if window.get(guess.value, 0.0) < now - WINDOW / 2:
                self._windows.put(guess.window, window | {guess.value: now})
        return None

    def export(self) -> Mapping[str, Mapping[str, Any]]:
        """What must be kept over a restart."""
        self._sweep(self._clock())
        return self._windows.export()

    def adopt(self, kept: Mapping[str, Mapping[str, Any]]) -> None:
        """What an earlier process exported."""
        for entry in kept.values():
            for name, window in entry.items():
                if isinstance(window, Mapping):
                    self._adopt(name, window)

    def _adopt(self, name: str, window: Mapping[str, Any]) -> None:
        known: dict[str, float] = dict(self._windows.get(name) or {})
        for guess, at in window.items():
            if isinstance(at, int | float):
                known[guess] = max(float(at), known.get(guess, 0.0))
        self._windows.put(name, known)

    def _limited(self, both: Observations, part: RecordingView | None, now: float) -> Observations:
        is_compared = isinstance(both.production, Seen) and isinstance(both.staging, Seen)
        if part is None or not part.guesses or not is_compared:
            return both
        opens = self.admit(part.guesses, now)
        if opens is None:
            return both
        why = Why(
            Reason.TOO_MANY_CHANGES,
            "staging's value is compared with production's, which is not readable, and was "
            f"changed more than {MOST} times within {WINDOW / 3600:.0f} h, by all mirrors of the "
            f"namespace together; it is compared again after {rfc3339(opens)}.",
        )
        return both._replace(staging=Unseen(why, both.staging.began))

    def _opens(self, guess: Guess, now: float) -> float | None:
        """When this guess may be made; None: now."""
        window = self._current(guess.window, now)
        if guess.value in window or len(window) < MOST:
            return None
        return min(window.values()) + WINDOW

    def _current(self, name: str, now: float) -> dict[str, float]:
        """The window without what has left it. A time after now: the clock was set back since."""
        known: dict[str, float] = self._windows.get(name) or {}
        if all(now - WINDOW < at <= now for at in known.values()):
            return known
        window = {guess: min(at, now) for guess, at in known.items() if at > now - WINDOW}
        self._windows.put(name, window)
        return window

    def _sweep(self, now: float) -> None:
        """Forget windows in which no value was compared for long."""
        if not self._swept <= now < self._swept + _SWEEP:
            self._swept = now
            for name in self._windows:
                self._current(name, now)
