"""Sizes as a terminal shows them."""

import pytest

from stagingmirror.drift.wording import size


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (90_000_000, "90 MB"),
        (1_500_000_000, "1.5 GB"),
        (2e12, "2.0 TB"),
    ],
)
def test_sizes_are_rounded(count: float, shown: str) -> None:
    assert size(int(count)) == shown
