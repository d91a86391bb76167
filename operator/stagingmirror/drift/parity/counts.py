"""What was counted of one feature, as one line; and what such a line says."""

import re
from dataclasses import dataclass

from stagingmirror.drift.parity.result import FeatureParity

_LINE = re.compile(
    r"(?:(?P<type>.{1,200}?): )?(?P<differing>\d{1,9}) of (?P<judged>\d{1,9}) differ"
    r"(?:, likely (?P<cause>.{1,400}?))?, noise (?P<noise>\d{1,9})"
    r"(?:, largest (?P<largest>.{1,80}? allowed\)))?"
)


@dataclass(frozen=True, slots=True)
class Counts:
    """``type``: what the values are; empty where the line does not have it."""

    type: str
    judged: int
    differing: int
    noise: int
    largest: str
    cause: str


def counts_line(each: FeatureParity) -> str:
    """``12 of 300 differ, likely times 1.1, noise 0, largest 0.37 (1e-05 allowed)``: what is cut
    at the end matters least.
    """
    parts = [f"{each.differing} of {each.judged} differ"]
    if each.cause is not None:
        parts.append(f"likely {each.cause}")
    parts.append(f"noise {each.noise}")
    if each.largest is not None and each.allowed is not None:
        measured = "" if each.measured in (None, "absolute") else f"{each.measured} "
        parts.append(f"largest {measured}{each.largest:.3g} ({each.allowed:.3g} allowed)")
    return ", ".join(parts)


def counts_in(line: str) -> Counts | None:
    """None: the line is of another making, or was cut."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    return Counts(
        found["type"] or "",
        int(found["judged"]),
        int(found["differing"]),
        int(found["noise"]),
        found["largest"] or "",
        found["cause"] or "",
    )
