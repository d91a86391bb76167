"""What samples without a difference prove."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.parity.bound import bound, none_differ


@pytest.mark.parametrize(
    ("samples", "text"),
    [
        (0, "none compared"),
        (1, "0 of 1 differ: < 95 % at 95 %"),
        (50, "0 of 50 differ: < 5.9 % at 95 %"),
        (300, "0 of 300 differ: < 1 % at 95 %"),
        (1000, "0 of 1000 differ: < 0.3 % at 95 %"),
    ],
)
def test_none_of_so_many_is_shown_with_its_bound(samples: int, text: str) -> None:
    assert none_differ(samples) == text


@given(st.integers(1, 1000))
def test_with_more_that_differ_one_would_have_been_seen_19_times_of_20(samples: int) -> None:
    assert (1 - bound(samples)) ** samples == pytest.approx(0.05)


@given(st.integers(30, 1000))
def test_the_rule_of_three_is_near_and_above(samples: int) -> None:
    assert bound(samples) <= 3 / samples <= bound(samples) * 1.06


@given(st.integers(2, 1000))
def test_the_text_never_promises_more_than_the_bound(samples: int) -> None:
    promised = float(none_differ(samples).split("< ")[1].split(" %")[0]) / 100

    assert bound(samples) <= promised * (1 + 1e-9)
