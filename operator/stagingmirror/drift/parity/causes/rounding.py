"""Numbers of less precision."""

from collections.abc import Callable

import numpy as np

from stagingmirror.drift.parity.answers import Floats
from stagingmirror.drift.parity.causes.evidence import Evidence, nearly, varied

# What two floats of 32 bits that are meant to be one may be apart, as a share.
_FLOAT32 = 3e-7
_MOST_DECIMALS = 4
_FEW = 50
Rounding = Callable[[Floats], Floats]


def precision(evidence: Evidence) -> str | None:
    """Floats of 16 bits on one side. Two roundings that fit are none."""
    found = [
        f"{side}rounded to {name}"
        for name, rounding in _PRECISIONS
        for side in _SIDES
        if _is_rounded(evidence, rounding, side)
    ]
    return found[0] if len(found) == 1 else None


def decimals(evidence: Evidence) -> str | None:
    """Decimals, or a fraction, cut on one side."""
    found = [
        f"{side}{name}"
        for name, rounding in _DECIMALS
        for side in _SIDES
        if _is_rounded(evidence, rounding, side)
    ]
    return found[0] if len(found) == 1 else None


def _is_rounded(evidence: Evidence, rounding: Rounding, side: str) -> bool:
    """Whether one side's are the other's, rounded; those that are equal within what is allowed
    too.
    """
    if (found := evidence.numbers) is None:
        return False
    whole, rounded = found if side == _STAGING else found[::-1]
    # Most are ruled out by a few.
    if not _fits(rounding, whole[:_FEW], rounded[:_FEW]) or not _fits(rounding, whole, rounded):
        return False
    if not varied(whole):
        return False
    equal = evidence.equal_numbers
    whole, rounded = equal if side == _STAGING else equal[::-1]
    return not len(whole) or _fits(rounding, whole, rounded)


def _fits(rounding: Rounding, whole: Floats, rounded: Floats) -> bool:
    expected = rounding(whole)
    allowed = _FLOAT32 * np.maximum(np.abs(expected), np.abs(rounded))
    return nearly(np.abs(expected - rounded) <= allowed)


def _to(places: int) -> Rounding:
    return lambda numbers: np.round(numbers, places)


def _float16(numbers: Floats) -> Floats:
    return numbers.astype(np.float16).astype(np.float64)


def _bfloat16(numbers: Floats) -> Floats:
    """Float32 with the last 16 bits rounded away, to even."""
    bits = numbers.astype(np.float32).view(np.uint32).astype(np.uint64)
    rounded = bits + 0x7FFF + ((bits >> np.uint64(16)) & np.uint64(1))
    kept = (rounded & np.uint64(0xFFFF0000)).astype(np.uint32)
    return kept.view(np.float32).astype(np.float64)


_PRECISIONS: tuple[tuple[str, Rounding], ...] = (
    ("float16", _float16),
    ("bfloat16", _bfloat16),
)
_DECIMALS: tuple[tuple[str, Rounding], ...] = (
    ("cut to whole numbers", np.trunc),
    ("rounded to whole numbers", np.round),
    *((f"rounded to {at} decimals", _to(at)) for at in range(1, _MOST_DECIMALS + 1)),
)
_STAGING = ""
_SIDES = (_STAGING, "production's are ")
