"""The verdict of one component: a pure function of what both sides showed."""

from dataclasses import dataclass

from stagingmirror.drift.facts import Difference, Why


@dataclass(frozen=True, slots=True)
class InSync:
    """Every compared fact is equal, and there was at least one. ``declared`` where equality rests
    on declared facts only.
    """

    compared: int
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Drifted:
    differences: tuple[Difference, ...]
    accepted: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Differences, each of them understood."""

    accepted: tuple[Difference, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Under test: not refreshed. ``differences`` are told but do not count."""

    hold: str
    reason: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Unknown:
    why: Why


Verdict = InSync | Drifted | Accepted | Held | Unknown
