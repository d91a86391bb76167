"""Numbers and times."""

import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.parity.columns import Cell, column
from stagingmirror.drift.parity.comparing.scalars import instant, is_times, unit_of
from stagingmirror.drift.parity.rules import Comparison, FeatureRule, Rules
from support.parity.sides import feature, judged, rules

WITHIN_A_MINUTE = rules(FeatureRule("x", comparison=Comparison.TIMESTAMP, within=60))
NOON = 1_767_268_800


def differing(ours: Cell, theirs: Cell, used: Rules = WITHIN_A_MINUTE) -> int:
    return feature(judged({"x": [ours]}, {"x": [theirs]}, used), "x").differing


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ("2026-01-01T12:00:00Z", "2026-01-01T12:01:00Z", 0),
        ("2026-01-01T12:00:00Z", "2026-01-01T12:01:01Z", 1),
        ("2026-01-01T12:00:00Z", "2026-01-01T13:00:00+01:00", 0),
        ("2026-01-01T12:00:00Z", "2026-01-01 12:00:00.000000001z", 0),
        ("2026-01-01T12:00:00Z", "soon", 1),
        ("soon", "soon", 0),
        ("soon", "later", 1),
        (NOON, NOON + 60, 0),
        (NOON, NOON + 61, 1),
        (NOON * 1000, NOON * 1000 + 60_000, 0),
        (NOON * 1000, NOON * 1000 + 60_001, 1),
        # Seconds and milliseconds are two units, whatever time they mean.
        (NOON, NOON * 1000, 1),
        (NOON * 1000, NOON, 1),
    ],
)
def test_times_are_compared_as_instants_in_productions_unit(
    ours: Cell, theirs: Cell, found: int
) -> None:
    assert differing(ours, theirs) == found


def test_times_as_texts_are_inferred_and_must_then_be_the_same_instant() -> None:
    one, same, other = (
        f"2026-01-01T{time}" for time in ("12:00:00Z", "12:00:00.000Z", "12:00:01Z")
    )

    assert differing(one, same, used=rules()) == 0
    assert differing(one, other, used=rules()) == 1


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (123_456, 123_457),
        (NOON, NOON + 60),
        (float(NOON), NOON + 60.0),
        (NOON * 1000, NOON * 1000 + 9),
    ],
)
def test_integers_that_no_rule_is_about_differ_by_one(ours: Cell, theirs: Cell) -> None:
    assert differing(ours, theirs, used=rules()) == 1
    assert differing(ours, theirs, used=rules(FeatureRule("x", relative=1e-3))) == 0


def test_a_float_has_a_relative_tolerance_however_large() -> None:
    assert differing(1_767_268_800.5, 1_767_268_801.5, used=rules()) == 0


@pytest.mark.parametrize(
    ("value", "unit"),
    [(0, 1), (NOON, 1), (NOON * 1000, 1e-3), (NOON * 10**6, 1e-6), (-NOON * 1000, 1e-3)],
)
def test_a_unit_is_read_from_the_size_of_its_numbers(value: float, unit: float) -> None:
    assert unit_of(column([float(value)] * 3)) == unit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "20260101",
        "2026-W01",
        "2026-01-01",
        "2026-13-01T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00+99:00",
        "2026-01-01T00:00:00.Z",
        "\uff12\uff10\uff12\uff16-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z" + " " * 99,
        "0000-01-01T00:00:00Z",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert math.isnan(instant(text))


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5, minutes=30))])))
def test_every_time_is_read_as_the_library_writes_it(time: datetime) -> None:
    assert instant(time.isoformat()) == pytest.approx(time.timestamp(), abs=1e-5)


@given(st.text(max_size=40))
def test_no_text_is_an_error(text: str) -> None:
    instant(text)


def test_times_of_this_century_are_whole_seconds_or_milliseconds() -> None:
    assert is_times(np.array([NOON, NOON + 5.0]))
    assert is_times(np.array([NOON * 1000.0]))
    assert not is_times(np.array([NOON, NOON * 1000.0]))
    assert not is_times(np.array([NOON + 0.5]))
    assert not is_times(np.array([1.0, NOON]))
    assert not is_times(np.array([]))


WIDE = 2**60


@pytest.mark.parametrize(
    ("theirs", "absolute", "relative", "found"),
    [
        (WIDE, None, None, 0),
        (WIDE + 1, None, None, 1),
        (WIDE + 1, 1.0, None, 0),
        (WIDE + 2, 1.0, None, 1),
        (-WIDE, None, None, 1),
        (float(WIDE), None, None, 0),
        (float(WIDE) + 256, None, None, 1),
        (str(WIDE), None, None, 0),
        (str(WIDE + 1), None, None, 1),
        (WIDE + 10**6, None, 1e-9, 0),
        (1, None, None, 1),
        ("soon", None, None, 1),
        (math.inf, None, None, 1),
    ],
)
def test_integers_that_no_float_holds_are_compared_to_their_last_digit(
    theirs: Cell, absolute: float | None, relative: float | None, found: int
) -> None:
    rule = FeatureRule("x", comparison=Comparison.NUMBER, absolute=absolute, relative=relative)
    used = rules(rule)

    assert differing(WIDE, theirs, used=used) == found
    if not isinstance(theirs, float):  # of floats a rule without limits has the default ones
        assert differing(theirs, WIDE, used=used) == found


def test_the_largest_difference_of_such_integers_is_shown() -> None:
    used = rules(FeatureRule("x", comparison=Comparison.NUMBER))

    found = feature(judged({"x": [WIDE, 1]}, {"x": [WIDE + 1, 1]}, used), "x")

    assert (found.largest, found.allowed) == (1.0, 1e-5)


def test_texts_of_numbers_keep_their_relative_tolerance() -> None:
    used = rules(FeatureRule("x", comparison=Comparison.NUMBER))

    assert differing("1000.5", "1000.55", used=used) == 0
