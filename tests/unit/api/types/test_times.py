import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.api.types.times import parse_time, posix, rfc3339
from stagingmirror.errors import NeedsHuman


@given(st.integers(0, 4_102_444_800))
def test_a_whole_second_survives_the_way_out_and_back(at: int) -> None:
    assert posix(rfc3339(at)) == at


def test_written_times_are_never_later_than_the_moment() -> None:
    assert rfc3339(59.999) == "1970-01-01T00:00:59Z"


@pytest.mark.parametrize(
    "text", ["1970-01-01T01:00:00+01:00", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"]
)
def test_zones_and_fractions_are_understood(text: str) -> None:
    assert posix(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        *("", "tomorrow", "2027-01-31", "2027-02-31T00:00:00Z", "2027-01-31T00:00:00", "2027-W01"),
        *("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+01:00"),
        *("1969-12-31T23:59:59.9Z", "2027-01-31T18:00:00+24:00", "2027-01-31T18:00:60Z"),
    ],
)
def test_what_is_no_time_with_a_zone_is_refused_with_an_example(text: str) -> None:
    assert parse_time(text) is None
    with pytest.raises(NeedsHuman, match=r'e\.g\. "2027-01-31T18:00:00Z"'):
        posix(text)


def test_the_last_time_that_can_be_written_is_read_and_written_again() -> None:
    assert rfc3339(posix("9999-12-31T23:59:59Z")) == "9999-12-31T23:59:59Z"


@given(st.floats(allow_nan=False))
def test_a_sum_of_a_time_and_any_duration_can_be_written(at: float) -> None:
    assert parse_time(rfc3339(at)) is not None
