"""The clock of a test."""

from dataclasses import dataclass

NOW = 1_800_000_000.0
"""When a test takes place (POSIX s)."""


@dataclass(slots=True)
class Clock:
    """Stands still until the test moves it."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now
