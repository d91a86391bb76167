"""What refreshes of a mirror have made in stores: only what is remembered here is ever removed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from stagingmirror.actions.codec import StoredStep
from stagingmirror.actions.removable import Removable
from stagingmirror.actions.step import ExecutableStep, Json

# What one record remembers, the newest; about half a KiB each.
MOST = 128


@dataclass(frozen=True, slots=True)
class Copy:
    """``step`` made it; ``after`` is what it noted when that was verified, empty where it was not.
    ``at`` is when it was last needed (POSIX s).
    """

    step: StoredStep
    after: Json
    at: float
    before: Json = field(default_factory=dict)
    """What the step found."""

    @property
    def name(self) -> str:
        return _removable(self.step).made(self.before)

    @property
    def mark(self) -> str:
        return _removable(self.step).mark(self.before)

    @property
    def is_proven(self) -> bool:
        return _removable(self.step).is_proven(self.after)


class Taken(NamedTuple):
    """A step that may have been taken."""

    step: ExecutableStep
    before: Json
    after: Json
    at: float


def with_taken(copies: Iterable[Copy], taken: Iterable[Taken]) -> tuple[Copy, ...]:
    """With what these steps made, in the order in which it was last needed. What was there before
    and is not remembered was made by somebody else. What several steps of one refresh made by one
    name is of the components of all.
    """
    known, own = {each.name: each for each in copies}, dict[str, tuple[str, ...]]()
    for step, before, after, at in taken:
        if isinstance(step, Removable):
            name = step.made(before)
            former = known.pop(name, None)
            if former is not None or step.is_new(before):
                own[name] = tuple(dict.fromkeys((*own.get(name, ()), *step.components)))
                known[name] = Copy(replace(step, components=own[name]), after, at, before)
    return tuple(known.values())[-MOST:]


def old_ones(
    copies: Iterable[Copy], keep: Mapping[str, int], tracked: Iterable[str]
) -> tuple[Copy, ...]:
    """Those that no tracked component needs any more, the oldest first. Each needs its last one and
    the ``keep`` before it, where that is given, else all of its own. One that was not finished, or
    was rolled back, counts as none, and stays; so does one of no tracked component.
    """
    proven = [each for each in copies if each.is_proven]
    owned, needed = set[str](), set[str]()
    for component in tracked:
        mine = [each.name for each in proven if component in each.step.components]
        old = max(len(mine) - 1 - keep[component], 0) if component in keep else 0
        owned.update(mine)
        needed.update(mine[old:])
    return tuple(each for each in proven if each.name in owned - needed)


def _removable(step: ExecutableStep) -> Removable:
    assert isinstance(step, Removable), "only such steps are remembered"
    return step
