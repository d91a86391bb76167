"""The bench's figures: what counts as reached."""

import json
from pathlib import Path

import pytest

from bench.figures import Figure, percentile, write


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (75, 3.0), (99, 4.0), (0, 1.0)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: float) -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], percent) == value


def test_nothing_measured_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 50)


@pytest.mark.parametrize(
    ("figure", "reached"),
    [
        (Figure("f", 6.0, "ms", 2.0, goal=3.0, judged="ratio"), True),
        (Figure("f", 6.1, "ms", 2.0, goal=3.0, judged="ratio"), False),
        (Figure("f", 6.0, "ms", 2.0, goal=5.0), False),
        (Figure("f", 0.0, "", goal=0.0), True),
        (Figure("f", 6.0, "ms", 2.0), None),
    ],
)
def test_a_goal_is_the_most_that_a_figure_or_its_ratio_may_be(
    figure: Figure, reached: bool | None
) -> None:
    assert figure.reached is reached


def test_the_file_says_what_was_reached(tmp_path: Path) -> None:
    write([Figure("f", 6.0, "ms", 2.0, goal=3.0, judged="ratio")], tmp_path / "b.json", {"on": "x"})

    told = json.loads((tmp_path / "b.json").read_text())

    assert told["figures"][0]["ratio"] == 3.0
    assert told["figures"][0]["reached"] is True
