"""What a refresh is judged by when it has written everything."""

from collections.abc import Mapping
from dataclasses import dataclass

from stagingmirror.drift.facts import Fact


@dataclass(frozen=True, slots=True)
class Applied:
    """What a component was to become: production's facts as they were when it was planned, and a
    hash of its track entry then.
    """

    track: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Guard:
    """A component that is compared once more after a refresh, and never written. ``differed``: of
    the facts that it guards those that differed before; None: that was not known. ``track``: as of
    ``Applied``.
    """

    track: str
    differed: tuple[str, ...] | None
