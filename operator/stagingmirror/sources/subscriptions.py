"""What is wanted of an upstream, and how old its answers may be."""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)


class Subscriptions(Generic[S]):
    def __init__(self) -> None:
        self._periods: dict[S, float] = {}
        # Kept, as thousands of subjects share it; None: not known.
        self._shortest: float | None = None

    def __iter__(self) -> Iterator[S]:
        return iter(self._periods)

    def __contains__(self, subject: object) -> bool:
        return subject in self._periods

    def __bool__(self) -> bool:
        return bool(self._periods)

    def want(self, subject: S, period: float) -> None:
        """The newest period (s) counts."""
        if self._shortest is not None and period <= self._shortest:
            self._shortest = period
        elif self._periods.get(subject) == self._shortest:
            self._shortest = None
        self._periods[subject] = period

    def unwant(self, subject: S) -> None:
        if self._periods.pop(subject, None) == self._shortest:
            self._shortest = None

    def shortest(self, *, default: float) -> float:
        """The shortest period of all (s); ``default`` where nothing is wanted."""
        if self._shortest is None:
            self._shortest = min(self._periods.values(), default=None)
        return default if self._shortest is None else self._shortest
