"""Figures against their goals: as a table for people, as JSON for machines."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `goal` is the most that `judged` (the figure itself, or its ratio to the
    baseline) may be; None: reported, no goal.
    """

    name: str
    measured: float
    unit: str
    baseline: float | None = None
    against: str = ""
    goal: float | None = None
    judged: Literal["measured", "ratio"] = "measured"
    detail: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        return self.measured / self.baseline if self.baseline else None

    @property
    def reached(self) -> bool | None:
        """None: there is no goal."""
        found = self.measured if self.judged == "measured" else self.ratio
        return None if self.goal is None or found is None else found <= self.goal


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent of the values do not exceed."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def show(figures: Sequence[Figure], console: Console) -> None:
    table = Table("figure", "measured", "against", "ratio", "goal", "reached")
    for column in (1, 3, 4):
        table.columns[column].justify = "right"
    for each in figures:
        table.add_row(
            each.name,
            _number(each.measured, each.unit),
            "" if each.baseline is None else f"{_number(each.baseline, each.unit)} {each.against}",
            "" if each.ratio is None else f"{each.ratio:.2f} x",
            _goal(each),
            {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[each.reached],
        )
    console.print(table)


def write(figures: Sequence[Figure], path: Path, about: dict[str, object]) -> None:
    """`about` says what was measured, and on what."""
    found = [asdict(each) | {"ratio": each.ratio, "reached": each.reached} for each in figures]
    path.write_text(json.dumps({"about": about, "figures": found}, indent=1) + "\n")


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    if figure.judged == "ratio":
        return f"≤ {figure.goal:.3g} x"
    return f"≤ {_number(figure.goal, figure.unit)}"


def _number(value: float, unit: str) -> str:
    if unit == "":
        return f"{value:.3g}"
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"
