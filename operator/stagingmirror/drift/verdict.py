"""The verdict of one component: a pure function of what both sides showed."""

from dataclasses import dataclass
from typing import Literal

from stagingmirror.drift.facts import Acceptance, Difference, Why


@dataclass(frozen=True, slots=True)
class InSync:
    """Every compared fact is equal, and there was at least one. ``declared`` where equality rests
    on declared facts only.
    """

    compared: int
    declared: bool = False


@dataclass(frozen=True, slots=True)
class Drifted:
    """``differences`` are not accepted by anybody. ``unlisted`` counts further details (files)
    of them that are not listed. ``ending``: see ``Accepted``.
    """

    differences: tuple[Difference, ...]
    accepted: tuple[Difference, ...] = ()
    unlisted: int = 0
    ending: tuple[Acceptance, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Differences, each of them understood. ``ending``: acceptances that end soon, after which
    something of this is drift; the first to end comes first.
    """

    accepted: tuple[Difference, ...]
    reasons: tuple[str, ...]
    unlisted: int = 0
    ending: tuple[Acceptance, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """Under test: not refreshed. ``differences`` are shown but do not count.

    ``unseen`` is why nothing is known of it: a hold excuses a difference, it does not make
    anything seen. ``until`` is the hold's end in POSIX seconds.
    """

    hold: str
    reason: str
    differences: tuple[Difference, ...] = ()
    unseen: Why | None = None
    until: float | None = None
    unlisted: int = 0


@dataclass(frozen=True, slots=True)
class Unknown:
    """``side`` is the one that could not be judged, where it was one."""

    why: Why
    side: Literal["production", "staging"] | None = None


Verdict = InSync | Drifted | Accepted | Held | Unknown
