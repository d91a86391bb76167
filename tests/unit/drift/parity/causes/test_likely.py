"""A cause is named where the numbers show it, and only there."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.parity.answers import State
from stagingmirror.drift.parity.rules import Comparison, FeatureRule, Rules
from support.parity.sides import Cells, answers, feature, judged, rules

_random = random.Random(7)
VALUES = [round(_random.uniform(-50, 200), 6) for _ in range(60)]
OTHERS = [round(_random.uniform(0, 9), 6) for _ in range(60)]
VECTORS = [[_random.gauss(0, 1) for _ in range(16)] for _ in range(60)]
TIMES = [1_764_230_400 + 977 * number for number in range(60)]


def cause(ours: Cells, theirs: Cells, used: Rules | None = None, name: str = "x") -> str | None:
    found = feature(judged(ours, theirs, used), name)
    assert found.differs
    return found.cause


def of_numbers(change: Callable[[float], float], values: list[float] = VALUES) -> str | None:
    return cause({"x": values}, {"x": [change(each) for each in values]})


def of_vectors(change: Callable[[np.ndarray], np.ndarray]) -> str | None:
    theirs = [change(np.array(each)).tolist() for each in VECTORS]
    return cause({"x": VECTORS}, {"x": theirs})


def half(value: float) -> float:
    return float(np.float16(value))


def brain(value: float) -> float:
    """The nearest float of 32 bits whose last 16 are 0."""
    bits = np.float32(value).view(np.uint32)
    candidates = [np.uint32((int(bits) >> 16) + step << 16).view(np.float32) for step in (0, 1)]
    return min((float(each) for each in candidates), key=lambda each: abs(each - value))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda x: x * 1.07, "times 1.07"),
        (lambda x: -x, "times -1"),
        (lambda x: x + 0.25, "plus 0.25"),
        (lambda x: x - 3, "minus 3"),
        (lambda x: x * 1000, "times 1000: another unit, as between seconds and milliseconds"),
        (lambda x: x / 100, "times 0.01: another unit, as between a share and percent"),
        (lambda x: x / 2.54, "times 0.3937: another unit, as between inches and cm"),
        (lambda x: x * 3600, "times 3600: another unit, as between seconds and hours"),
        (lambda x: x * 1.8 + 32, "Fahrenheit in place of Celsius"),
        (lambda x: (x - 32) / 1.8, "Celsius in place of Fahrenheit"),
        (half, "rounded to float16"),
        (brain, "rounded to bfloat16"),
        (lambda x: float(round(x)), "rounded to whole numbers"),
        (lambda x: float(int(x)), "cut to whole numbers"),
        (lambda x: round(x, 1), "rounded to 1 decimals"),
        (lambda _: 7.0, "one value in place of many"),
    ],
)
def test_what_was_done_to_numbers_is_named(change: Callable[[float], float], named: str) -> None:
    found = of_numbers(change)

    assert found is not None
    assert found.startswith(named)


def test_production_may_be_the_one_that_is_rounded() -> None:
    assert cause({"x": [half(each) for each in VALUES]}, {"x": VALUES}) == (
        "production's are rounded to float16"
    )


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda v: v * 1.1, "times 1.1"),
        (lambda v: v.astype(np.float16), "rounded to float16"),
        (lambda v: v / np.linalg.norm(v), "vectors normalised to length 1"),
        (lambda v: v[::-1], "the same elements in another order"),
        (lambda _: np.ones(16) * 0.5, "one value in place of many"),
    ],
)
def test_what_was_done_to_vectors_is_named(
    change: Callable[[np.ndarray], np.ndarray], named: str
) -> None:
    assert of_vectors(change) == named


def test_the_values_of_another_column_are_named_and_so_are_swapped_ones() -> None:
    ours: Cells = {"x": VALUES, "y": OTHERS}

    assert cause(ours, {"x": OTHERS, "y": OTHERS}) == "the values of y"
    assert cause(ours, {"x": OTHERS, "y": VALUES}) == "swapped with y"
    vectors: Cells = {"x": VECTORS, "y": VECTORS[::-1]}
    assert cause(vectors, {"x": VECTORS[::-1], "y": VECTORS}) == "swapped with y"


def test_another_column_has_staging_s_values_in_all_samples_and_is_the_only_one() -> None:
    some = [OTHERS[at] if at < 6 else each for at, each in enumerate(VALUES)]

    assert cause({"x": VALUES, "y": OTHERS}, {"x": some, "y": OTHERS}) is None
    twice: Cells = {"y": OTHERS, "z": OTHERS}
    assert cause({"x": VALUES, **twice}, {"x": OTHERS, **twice}) is None


def test_values_of_other_samples_are_named() -> None:
    assert cause({"x": VALUES}, {"x": VALUES[1:] + VALUES[:1]}) == (
        "the same values, at other samples"
    )


@pytest.mark.parametrize(
    ("state", "word"), [(None, "null"), (State.ABSENT, "nothing"), (float("nan"), "NaN")]
)
def test_a_default_in_place_of_a_missing_value_is_named(state: object, word: str) -> None:
    ours = [state if at % 4 == 0 else each for at, each in enumerate(VALUES)]
    theirs = [0.0 if at % 4 == 0 else each for at, each in enumerate(VALUES)]

    assert cause({"x": ours}, {"x": theirs}) == f"a default in place of {word}"
    assert cause({"x": theirs}, {"x": ours}) == f"{word} in place of a default"


def test_a_shifted_clock_is_named_for_times_in_each_form() -> None:
    texts = [f"2026-01-01T{n % 24:02}:{n:02}:00Z" for n in range(60)]
    shifted = [f"2026-01-01T{n % 24:02}:{n:02}:00-01:00" for n in range(60)]
    named = "3600 s later: a shifted clock, or another time zone?"

    assert cause({"x": texts}, {"x": shifted}) == named
    assert cause({"x": TIMES}, {"x": [each + 3600 for each in TIMES]}) == named
    milliseconds: list[object] = [each * 1000 for each in TIMES]
    later: list[object] = [(each + 3600) * 1000 for each in TIMES]
    assert cause({"x": milliseconds}, {"x": later}) == named
    used = rules(FeatureRule("x", comparison=Comparison.TIMESTAMP, within=60))
    assert cause({"x": milliseconds}, {"x": later}, used) == named


def test_events_that_are_older_or_shifted_are_named() -> None:
    def named(events: list[float]) -> str | None:
        production = answers({"x": VALUES}, {"x": [float(each) for each in TIMES]})
        staging = answers({"x": OTHERS}, {"x": events})
        return feature(judged(production, staging, after=production), "x", "data").cause

    assert named([each - 3600.0 for each in TIMES]) == "events 3600 s earlier: a shifted clock?"
    assert named([each - 86400.0 * (each % 3 + 1) for each in TIMES]) == (
        "events older than production's"
    )
    assert named([each + 86400.0 * (each % 3 - 1) for each in TIMES]) is None


def test_a_feature_that_was_renamed_is_named_in_the_structure() -> None:
    parity = judged({"x": VALUES, "y": OTHERS}, {"x": VALUES, "z": OTHERS})

    assert parity.structure == ("y is missing; z has its values", "z is extra")


def test_two_extra_features_with_its_values_are_no_rename() -> None:
    parity = judged({"x": VALUES, "y": OTHERS}, {"x": VALUES, "z": OTHERS, "w": OTHERS})

    assert parity.structure == ("y is missing", "z is extra", "w is extra")
    turned = judged({"x": VALUES, "z": OTHERS, "w": OTHERS}, {"x": VALUES, "y": OTHERS})
    assert turned.structure == ("z is missing", "w is missing", "y is extra")


def test_a_cause_that_equal_samples_contradict_holds_where_they_differ() -> None:
    theirs = [each * 1.1 if at % 2 else each for at, each in enumerate(VALUES)]

    assert cause({"x": VALUES}, {"x": theirs}) == "times 1.1, where it differs"


def test_too_few_samples_have_no_cause() -> None:
    theirs = [each * 1.1 if at < 4 else each for at, each in enumerate(VALUES)]

    assert cause({"x": VALUES}, {"x": theirs}) is None


def test_one_value_shows_no_factor() -> None:
    """Times 2 and plus 3 fit both."""
    assert cause({"x": [3.0] * 60}, {"x": [6.0] * 60}) is None
    assert cause({"x": [0.1] * 60}, {"x": [half(0.1)] * 60}) is None


def test_where_two_causes_fit_none_is_claimed() -> None:
    doubled = [each * 2 for each in VALUES]

    assert cause({"x": VALUES, "y": doubled}, {"x": doubled, "y": doubled}) is None
    narrow = [100 + each / 1e6 for each in VALUES]
    assert cause({"x": narrow}, {"x": [each + 1 for each in narrow]}) is None


def test_random_differences_have_no_cause() -> None:
    noisy = [each + _random.gauss(0, 1) for each in VALUES]

    assert cause({"x": VALUES}, {"x": noisy}) is None
    mixed = [each * _random.choice((1.1, 1.2)) for each in VALUES]
    assert cause({"x": VALUES}, {"x": mixed}) is None
    assert of_vectors(lambda v: v + np.array([_random.gauss(0, 0.1) for _ in v])) is None


def test_a_column_of_few_values_is_no_other_column_by_chance() -> None:
    bits = [float(at % 2) for at in range(60)]
    theirs = [1 - each if at < 6 else each for at, each in enumerate(bits)]
    near: Cells = {f"b{n}": [*theirs[:50], *(1 - each for each in theirs[50:])] for n in range(9)}

    assert cause({"x": bits, **near}, {"x": theirs, **near}) is None


def test_with_much_noise_there_is_no_cause() -> None:
    theirs = [each * 1.1 for each in VALUES]
    after = [each + 1 if at % 2 else each for at, each in enumerate(VALUES)]

    found = feature(judged({"x": VALUES}, {"x": theirs}, after={"x": after}), "x")

    assert (found.noisy, found.cause) == (True, None)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=20, max_size=40, unique=True),
    st.lists(st.floats(-1e6, 1e6), min_size=40, max_size=40, unique=True),
)
def test_a_factor_that_is_claimed_explains_all_that_differ(
    ours: list[float], theirs: list[float]
) -> None:
    found = feature(judged({"x": ours}, {"x": theirs[: len(ours)]}), "x").cause

    assert (
        found is None
        or not found.startswith(("times", "plus", "minus"))
        or all(abs(a - b) <= 1 for a, b in zip(ours, theirs, strict=False))
    )
