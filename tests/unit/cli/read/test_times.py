"""Times as people read them."""

import pytest

from stagingmirror.cli.read.times import clock, span, tick
from support.resources.statuses import NOW


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (12.9, "12 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (11520, "3h 12m"),
        (172799, "47h 59m"),
        (41 * 86400, "41 d"),
    ],
)
def test_spans_are_rounded_down(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_moment_of_another_day_has_its_date() -> None:
    assert clock(NOW - 60, NOW) == "13:59:00"
    assert clock(NOW - 100_000, NOW) == "Nov 21 10:13"


def test_a_tick_is_told_in_the_zone_of_its_schedule() -> None:
    assert tick(NOW, "Asia/Tokyo") == "Sun 2026-11-22 23:00 Asia/Tokyo"
    assert tick(NOW, "../etc/passwd") == "Sun 2026-11-22 14:00 UTC"
