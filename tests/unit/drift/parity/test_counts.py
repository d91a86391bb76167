"""What was counted is written and read as one line."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.parity.counts import Counts, counts_in, counts_line
from support.parity.answers import AMOUNT

numbers = st.integers(0, 1000)


@given(
    numbers, numbers, numbers, st.sampled_from(["times 0.9091", "a unit, metres for feet", None])
)
def test_what_is_written_is_read(
    differing: int, judged: int, noise: int, cause: str | None
) -> None:
    found = replace(
        AMOUNT,
        differing=differing,
        judged=judged,
        noise=noise,
        cause=cause,
        largest=0.37,
        measured="absolute",
        allowed=1e-5,
    )

    read = counts_in(f"number: {counts_line(found)}")

    wanted = Counts("number", judged, differing, noise, "0.37 (1e-05 allowed)", cause or "")
    assert read == wanted


def test_without_magnitudes_there_is_neither_a_difference_nor_a_cause() -> None:
    assert counts_line(replace(AMOUNT, differing=12)) == "12 of 300 differ, noise 0"


@pytest.mark.parametrize("line", ["", "12 of", "number: many differ", "12 of 300 differ, likely x"])
def test_a_line_that_was_cut_is_none(line: str) -> None:
    assert counts_in(line) is None
