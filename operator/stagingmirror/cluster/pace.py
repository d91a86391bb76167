"""How often watches are proven: as often as the most demanding reader of anything asks."""

from stagingmirror.view import Subject


class Pace:
    """The shortest interval that anybody wants, and never a longer one than ``longest`` (s)."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._wanted: dict[Subject, float] = {}
        self._shortest: float | None = longest

    def seconds(self) -> float:
        if self._shortest is None:
            self._shortest = min(self._wanted.values(), default=self._longest)
        return min(self._shortest, self._longest)

    def want(self, subject: Subject, interval: float) -> bool:
        """True where this makes the pace faster."""
        former = self.seconds()
        loosened = self._wanted.get(subject) == former and interval > former
        self._wanted[subject] = interval
        self._shortest = None if loosened else min(former, interval)
        return self.seconds() < former

    def unwant(self, subject: Subject) -> None:
        if self._wanted.pop(subject, None) == self._shortest:
            self._shortest = None
