"""Numbers, and times as seconds."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

import numpy as np

from stagingmirror.drift.parity.answers import (
    Column,
    Exacts,
    Flags,
    Floats,
    Numbers,
    Rows,
    State,
    Vectors,
    texts_of,
)
from stagingmirror.drift.parity.comparing.measures import Comparer, Largest, far
from stagingmirror.drift.parity.rules import Tolerance

# Longer texts are no number, and no time.
_LONGEST = 64
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|-?Infinity")
_INTEGER = re.compile(r"-?[0-9]{1,64}")
# Characters of integers that floats hold.
_HELD = 15
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)?",
    re.ASCII,
)
# Seconds since 1970 of the year 5138; what is larger counts milliseconds, and so on.
_SECONDS_END = 1e11
# Seconds and milliseconds since 1970 from 2001 on; four times as many are in 2096.
_CENTURY = (1e9, 1e12)
# What floats of such seconds cannot show.
_RESOLUTION = 1e-6


@dataclass(frozen=True, slots=True)
class Number(Comparer):
    """``|a - b| <= absolute + relative * max(|a|, |b|)``; an infinity equals itself only. Texts of
    numbers are numbers. Integers that no float holds are subtracted as integers.
    """

    tolerance: Tolerance

    def _equal(self, one: Column, other: Column) -> Flags:
        a, b = numbers_of(one), numbers_of(other)
        difference = _difference(a, b, one, other)
        equal: Flags = difference <= self.tolerance.absolute
        if equal.all():  # most features are equal, and there may be thousands of them
            return equal
        allowed = self._allowed(a, b)
        equal = difference <= allowed
        if not allowed.max(initial=0.0) < np.inf:  # an infinity among them, or what is no number
            equal &= difference < np.inf
            equal |= np.isinf(a) & (a == b)
        return _or_same_text(equal, a, b, one, other)

    def _largest(self, one: Column, other: Column, rows: Rows) -> Largest | None:
        a, b = numbers_of(one), numbers_of(other)
        difference, allowed = _difference(a, b, one, other), self._allowed(a, b)
        return far(difference[rows], allowed[rows], "absolute")

    def _allowed(self, a: Floats, b: Floats) -> Floats:
        allowed = np.maximum(np.abs(a), np.abs(b))
        allowed *= self.tolerance.relative
        allowed += self.tolerance.absolute
        return allowed


@dataclass(frozen=True, slots=True)
class Timestamp(Comparer):
    """Times, at most ``within`` seconds apart. ``unit``: seconds that a number counts."""

    within: float
    unit: float

    def _equal(self, one: Column, other: Column) -> Flags:
        a, b = instants_of(one, self.unit), instants_of(other, self.unit)
        equal: Flags = np.abs(a - b) <= self.within + _RESOLUTION
        return _or_same_text(equal, a, b, one, other)

    def _largest(self, one: Column, other: Column, rows: Rows) -> Largest | None:
        a, b = instants_of(one, self.unit)[rows], instants_of(other, self.unit)[rows]
        return far(np.abs(a - b), np.full(len(a), self.within), "seconds")


def numbers_of(column: Column) -> Floats:
    """Its values as floats; NaN where one is no number."""
    values = column.values
    if isinstance(values, Numbers):
        return values.values
    if isinstance(values, Vectors):
        return np.full(len(column.states), np.nan)
    return np.array([_number(each) for each in values.texts])


def instants_of(column: Column, unit: float) -> Floats:
    """Its values as seconds since 1970; NaN where one is no time. A time without an offset is
    UTC.
    """
    values = column.values
    if isinstance(values, Exacts):
        return np.array([_instant(each, unit) for each in values.texts])
    return numbers_of(column) * unit


def unit_of(column: Column) -> float:
    """How many seconds a number of this column counts, if it counts time: 1, or thousandths."""
    rows = column.states == State.VALUE
    found = np.abs(numbers_of(column)[rows])
    found = found[np.isfinite(found)]
    middle = float(np.median(found)) if len(found) else 0.0
    steps = math.ceil(math.log10(middle / _SECONDS_END) / 3) if middle >= _SECONDS_END else 0
    return 10.0 ** (-3 * min(steps, 3))


def is_times(numbers: Floats) -> bool:
    """Whether all of them may be whole seconds or milliseconds since 1970, of this century."""
    if not len(numbers) or not any(unit <= numbers[0] < 4 * unit for unit in _CENTURY):
        return False
    low, high = float(numbers.min()), float(numbers.max())
    is_whole = bool((np.floor(numbers) == numbers).all())
    return is_whole and any(unit <= low and high < 4 * unit for unit in _CENTURY)


def has_wide(column: Column) -> bool:
    """Whether there is an integer among its values that perhaps no float holds."""
    return isinstance(column.values, Exacts) and any(map(_is_wide, column.values.texts))


def is_time(text: str) -> bool:
    """Whether an ``exact_text`` is a time as RFC 3339 writes it."""
    return text.startswith('"') and not math.isnan(instant(text[1:]))


def instant(text: str) -> float:
    """Seconds since 1970 of a time as RFC 3339 writes it; NaN for anything else."""
    if len(text) > _LONGEST or not _TIME.fullmatch(text):
        return math.nan
    try:
        found = datetime.fromisoformat(text.upper())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return math.nan


def _difference(a: Floats, b: Floats, one: Column, other: Column) -> Floats:
    """``|a - b|``, where ``a`` and ``b`` are the numbers of these columns: exact before it is
    rounded.
    """
    found: Floats = np.abs(a - b)
    if has_wide(one) or has_wide(other):
        for row, both in enumerate(zip(texts_of(one), texts_of(other), strict=True)):
            if any(map(_is_wide, both)):
                found[row] = _exact_difference(*both)
    return found


def _is_wide(text: str) -> bool:
    return len(text) > _HELD and _INTEGER.fullmatch(text.removeprefix('"')) is not None


def _exact_difference(one: str, other: str) -> float:
    """NaN where one of them is no finite number."""
    a, b = _exactly(one), _exactly(other)
    if a is None or b is None:
        return math.nan
    return float(abs(a - b))


def _exactly(text: str) -> Fraction | None:
    text = text.removeprefix('"')
    if _INTEGER.fullmatch(text):
        return Fraction(int(text))
    number = _number(text)
    return Fraction(number) if math.isfinite(number) else None


def _or_same_text(equal: Flags, a: Floats, b: Floats, one: Column, other: Column) -> Flags:
    """What is no number on both sides is equal where it is the same."""
    if isinstance(one.values, Numbers) or isinstance(other.values, Numbers):
        return equal
    unreadable = np.isnan(a) & np.isnan(b)
    if unreadable.any():
        equal |= unreadable & (texts_of(one) == texts_of(other))
    return equal


def _number(text: str) -> float:
    text = text.removeprefix('"')
    is_number = len(text) <= _LONGEST and _NUMBER.fullmatch(text)
    return float(text) if is_number else math.nan


def _instant(text: str, unit: float) -> float:
    return instant(text[1:]) if text.startswith('"') else _number(text) * unit
