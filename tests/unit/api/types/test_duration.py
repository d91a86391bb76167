import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.api.types.duration import seconds
from stagingmirror.errors import NeedsHuman


@pytest.mark.parametrize(
    ("text", "length"),
    [("30s", 30), ("1h30m", 5400), ("250ms", 0.25), ("1.5h", 5400), ("0s", 0), ("1m1m", 120)],
)
def test_a_duration_is_the_sum_of_its_parts(text: str, length: float) -> None:
    assert seconds(text) == pytest.approx(length)


@pytest.mark.parametrize(
    "text", ["", "5", "5 s", "-5s", "1d", "3 days", "1e3s", ".5s", "5s\n", "1h1m1s1ms1h1m1s1m"]
)
def test_anything_else_is_refused_with_an_example_of_how_to_write_it(text: str) -> None:
    with pytest.raises(NeedsHuman, match=r"e\.g\. 30s, 5m or 1h30m") as refused:
        seconds(text)

    assert refused.value.reason == "InvalidDuration"


@given(st.integers(0, 999), st.integers(0, 59), st.integers(0, 59))
def test_hours_minutes_and_seconds_add_up(hours: int, minutes: int, secs: int) -> None:
    assert seconds(f"{hours}h{minutes}m{secs}s") == hours * 3600 + minutes * 60 + secs
