"""Answers, written as cells; and rules."""

from collections.abc import Mapping, Sequence

from stagingmirror.drift.parity.answers import Answers
from stagingmirror.drift.parity.columns import Cell, Part, compact
from stagingmirror.drift.parity.gathering import Gathering
from stagingmirror.drift.parity.judge import judge
from stagingmirror.drift.parity.result import FeatureParity, Group, Parity
from stagingmirror.drift.parity.rules import FeatureRule, Rules, Tolerance

Cells = Mapping[str, Sequence[Cell]]


def rules(
    *features: FeatureRule,
    absolute: float = 1e-5,
    relative: float = 1e-4,
    max_mismatches: int = 0,
    masked: bool = False,
    magnitudes: bool = True,
) -> Rules:
    return Rules(Tolerance(absolute, relative), features, max_mismatches, masked, magnitudes)


def answers(
    cells: Cells,
    timestamps: Mapping[str, Sequence[float]] | None = None,
    declared: Mapping[str, str] | None = None,
    failed: Sequence[int] = (),
) -> Answers:
    """One cell per sample. ``failed``: samples without an answer."""
    samples = len(next(iter(cells.values())))
    kept = [row for row in range(samples) if row not in failed]
    stamps = {name: [times[row] for row in kept] for name, times in (timestamps or {}).items()}
    given = {name: [compact(of[row]) for row in kept] for name, of in cells.items()}
    found = Gathering(samples)
    found.add(Part(kept, given, stamps, declared or {}))
    return found.answers()


def judged(
    production: Cells | Answers,
    staging: Cells | Answers,
    used: Rules | None = None,
    *,
    after: Cells | Answers | None = None,
) -> Parity:
    """``after``: production's second answers; as the first ones if there are none."""
    before, between, last = (
        each if isinstance(each, Answers) else answers(each)
        for each in (production, staging, production if after is None else after)
    )
    return judge(before, between, last, rules() if used is None else used)


def feature(parity: Parity, name: str, group: Group = "values") -> FeatureParity:
    """The one feature of this name in this group."""
    (found,) = (each for each in parity.features if (each.name, each.group) == (name, group))
    return found
