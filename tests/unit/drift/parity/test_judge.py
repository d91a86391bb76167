"""What differs, in which group, and what noise excuses."""

import json
import math
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.parity.answers import State
from stagingmirror.drift.parity.result import MOST_FEATURES
from stagingmirror.drift.parity.rules import Comparison, FeatureRule
from support.parity.sides import Cells, answers, feature, judged, rules

AGES = [float(n) for n in range(20)]
STATES = [1.5, None, math.nan, State.ABSENT, State.ERROR, State.DEFAULT]


def test_equal_answers_differ_in_nothing() -> None:
    parity = judged({"age": AGES}, {"age": AGES})

    age = feature(parity, "age")
    assert (age.judged, age.differing, age.noise, age.differs) == (20, 0, 0, False)
    assert parity.structure == ()
    assert parity.samples == 20


@pytest.mark.parametrize("unread", [State.ERROR, State.DEFAULT])
def test_what_is_not_read_on_both_sides_is_judged_in_no_way(unread: State) -> None:
    cells: Cells = {"age": [unread, 1.0, None]}

    age = feature(judged(cells, cells), "age")

    assert (age.judged, age.valued, age.differing, age.noise) == (2, 1, 0, 0)


def test_what_is_nowhere_a_value_is_judged_and_not_valued() -> None:
    cells: Cells = {"age": [None] * 5}

    age = feature(judged(cells, cells), "age")

    assert (age.judged, age.valued, age.type) == (5, 0, "no value")


@pytest.mark.parametrize("ours", range(6))
@pytest.mark.parametrize("theirs", range(6))
def test_six_states_are_never_one_another(ours: int, theirs: int) -> None:
    # A value beside it, so that no state means that the feature is missing.
    parity = judged({"age": [1.0, STATES[ours]]}, {"age": [1.0, STATES[theirs]]})

    assert feature(parity, "age").differing == (ours != theirs)


def test_what_is_within_the_tolerance_is_equal_and_what_is_beyond_is_not() -> None:
    used = rules(absolute=0.5, relative=0.01)
    ours = [100.0, 100.0, -100.0, 0.0, 0.0]
    theirs = [101.4, 101.6, -101.4, 0.5, 0.6]

    assert feature(judged({"x": ours}, {"x": theirs}, used), "x").differing == 2


def test_an_infinity_equals_itself_only_however_wide_the_tolerance() -> None:
    used = rules(relative=0.5)
    ours = [math.inf, math.inf, -math.inf, 1e308, math.inf]
    theirs = [math.inf, 5.0, math.inf, -1e308, 1.7e308]

    assert feature(judged({"x": ours}, {"x": theirs}, used), "x").differing == 4


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.none() | st.integers(), min_size=1)
)
def test_a_side_is_always_equal_to_itself(cells: list[float | None]) -> None:
    found = judged({"x": cells}, {"x": cells})

    assert sum(each.differing for each in found.features) == 0
    assert found.structure == ()


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=1))
def test_numbers_are_compared_as_the_formula_has_it_and_the_same_both_ways(
    pairs: list[tuple[float, float]],
) -> None:
    ours, theirs = ([float(pair[side]) for pair in pairs] for side in (0, 1))
    used = rules(absolute=0.01, relative=0.1)

    expected = sum(abs(a - b) > 0.01 + 0.1 * max(abs(a), abs(b)) for a, b in pairs)

    assert feature(judged({"x": ours}, {"x": theirs}, used), "x").differing == expected
    assert feature(judged({"x": theirs}, {"x": ours}, used), "x").differing == expected


def test_a_sample_on_which_production_contradicts_itself_is_noise_and_no_difference() -> None:
    after = [*AGES[:-1], 99.0]
    staging = [*AGES[:-1], 55.0]

    age = feature(judged({"age": AGES}, {"age": staging}, after={"age": after}), "age")

    assert (age.judged, age.differing, age.noise, age.noisy) == (19, 0, 1, False)


def test_as_much_noise_as_difference_proves_nothing() -> None:
    after = [*AGES[:-1], 99.0]
    staging = [77.0, *AGES[1:]]

    age = feature(judged({"age": AGES}, {"age": staging}, after={"age": after}), "age")

    assert (age.differing, age.noise, age.noisy, age.differs) == (1, 1, True, False)


def test_much_more_difference_than_noise_is_a_difference() -> None:
    after = [*AGES[:-1], 99.0]
    staging = [each + 1 for each in AGES]

    age = feature(judged({"age": AGES}, {"age": staging}, after={"age": after}), "age")

    assert (age.differing, age.noise, age.noisy, age.differs) == (19, 1, False, True)


def test_a_feature_that_is_noise_on_most_samples_is_too_noisy_even_where_nothing_differs() -> None:
    after = [each + 1 for each in AGES]

    age = feature(judged({"age": AGES}, {"age": AGES}, after={"age": after}), "age")

    assert (age.differing, age.noisy) == (0, True)


def test_staging_that_is_as_either_of_productions_answers_is_equal() -> None:
    used = rules(absolute=1.0, relative=0)

    parity = judged({"x": [0.0]}, {"x": [1.9]}, used, after={"x": [1.0]})

    assert feature(parity, "x").differing == 0


def test_a_sample_that_failed_on_one_side_counts_for_nothing() -> None:
    staging = answers({"age": ["text", *AGES[1:-1], 5.0]}, failed=(0,))
    production = answers({"age": AGES}, failed=(19,))

    parity = judged(production, staging)

    assert (parity.samples, parity.failed) == (18, 2)
    assert parity.structure == ()
    assert feature(parity, "age").differing == 0


def test_without_any_answer_nothing_is_judged() -> None:
    parity = judged(answers({"age": [1.0, 2.0]}, failed=(0, 1)), {"age": [1.0, 2.0]})

    assert (parity.samples, parity.failed, parity.structure) == (0, 2, ())
    assert all(each.judged == 0 and not each.differs for each in parity.features)


def test_a_value_of_another_event_is_data_and_of_the_same_one_logic() -> None:
    staging: Cells = {"age": [1.0, 2.0, 33.0, 44.0, 5.0]}
    production: Cells = {"age": [1.0, 2.0, 3.0, 4.0, 5.0]}

    parity = judged(
        answers(production, {"age": [100.0] * 5}),
        answers(staging, {"age": [100.0, 90.0, 90.0, 100.0, 100.0]}),
        after=answers(production, {"age": [100.0] * 5}),
    )

    logic, data = (feature(parity, "age", group) for group in ("logic", "data"))
    assert (logic.judged, logic.differing) == (3, 1)
    assert (data.judged, data.differing) == (5, 1)
    assert len(parity.features) == 2


def test_where_every_event_is_another_one_no_logic_was_seen() -> None:
    production, staging = (answers({"age": AGES}, {"age": [time] * 20}) for time in (100.0, 90.0))

    logic = feature(judged(production, staging, after=production), "age", "logic")

    assert (logic.judged, logic.differing) == (0, 0)


def test_a_sample_without_event_timestamps_that_differs_is_a_difference_of_values() -> None:
    production = answers({"age": [1.0, None]}, {"age": [100.0, math.nan]})
    staging = answers({"age": [1.0, 2.0]}, {"age": [100.0, 100.0]})

    parity = judged(production, staging, after=production)

    values, data = (feature(parity, "age", group) for group in ("values", "data"))
    assert (values.judged, values.differing) == (1, 1)
    assert (data.judged, data.differing) == (1, 0)


def test_an_event_that_production_took_up_in_between_is_the_same_one_too() -> None:
    before, after = (answers({"age": AGES}, {"age": [at] * 20}) for at in (100.0, 110.0))
    staging = answers({"age": AGES[::-1]}, {"age": [110.0] * 20})

    parity = judged(before, staging, after=after)

    assert feature(parity, "age", "logic").differing == 20
    assert feature(parity, "age", "data").differing == 0


def test_masked_samples_prove_neither_logic_nor_data() -> None:
    production, staging = (
        answers({"age": ages}, {"age": [100.0] * 20}) for ages in (AGES, AGES[::-1])
    )

    parity = judged(production, staging, rules(masked=True), after=production)

    assert {each.group for each in parity.features} == {"values"}


def test_so_many_samples_may_differ() -> None:
    staging = [77.0, 78.0, *AGES[2:]]

    two, one = (
        feature(judged({"age": AGES}, {"age": staging}, rules(max_mismatches=most)), "age")
        for most in (2, 1)
    )

    assert (two.differing, two.differs) == (2, False)
    assert one.differs


def test_ids_that_no_float_holds_differ_by_their_last_digit() -> None:
    parity = judged({"id": [2**60, 2**60]}, {"id": [2**60, 2**60 + 1]})

    assert feature(parity, "id").differing == 1


def test_the_first_integer_that_shares_its_float_is_compared_as_it_is() -> None:
    parity = judged({"id": [2**53, -(2**53)]}, {"id": [2**53 + 1, -(2**53) - 1]})

    assert feature(parity, "id").differing == 2


def test_only_so_many_features_are_kept_and_those_that_differ_come_first() -> None:
    names = [f"f{number}" for number in range(MOST_FEATURES + 10)]
    production = {name: [1.0, 2.0] for name in names}
    staging = {**production, names[-1]: [1.0, 3.0]}

    parity = judged(production, staging)

    assert parity.features[0].name == names[-1]
    assert len(parity.features) == MOST_FEATURES
    (left_out,) = parity.left_out
    assert (left_out.group, left_out.features, left_out.differing) == ("values", 10, 0)
    assert (left_out.judged, left_out.valued) == (2, 20)


def test_of_what_is_beyond_those_kept_the_least_judged_counts() -> None:
    listed = {f"f{number}": [1.0, 2.0] for number in range(MOST_FEATURES + 1)}
    cells: Cells = {**listed, "unread": [State.ERROR, State.ERROR]}

    (left_out,) = judged(cells, cells).left_out

    assert (left_out.features, left_out.judged, left_out.valued) == (2, 0, 2)


def test_counts_hold_nothing_that_is_derived_from_a_value() -> None:
    production = {"age": AGES, "old": [each * 7 for each in AGES]}
    staging = {"age": [each * 1.07 for each in AGES], "new": [each * 7 for each in AGES]}

    with_magnitudes = judged(production, staging)
    counts = judged(production, staging, rules(magnitudes=False))

    age = feature(counts, "age")
    assert (age.largest, age.measured, age.allowed, age.cause) == (None,) * 4
    assert counts.structure == ("old is missing", "new is extra")
    assert feature(with_magnitudes, "age").cause == "times 1.07"
    assert with_magnitudes.structure == ("old is missing; new has its values", "new is extra")


def test_the_largest_difference_is_shown_with_what_was_allowed_there() -> None:
    age = feature(judged({"x": [1.0, 2.0]}, {"x": [1.0, 2.37]}, rules(relative=0)), "x")

    assert age.largest == pytest.approx(0.37)
    assert age.measured == "absolute"
    assert age.allowed == pytest.approx(1e-5)


def test_all_of_a_result_can_be_written_as_json() -> None:
    parity = judged({"x": AGES, "y": AGES}, {"x": AGES[::-1], "z": AGES})

    assert json.loads(json.dumps(asdict(parity)))["samples"] == 20


def test_the_text_of_a_value_that_is_no_number_is_compared_where_a_rule_wants_numbers() -> None:
    used = rules(FeatureRule("x", comparison=Comparison.NUMBER))

    parity = judged({"x": ["1.5", "a", "b"]}, {"x": ["1.50", "a", "c"]}, used)

    assert feature(parity, "x").differing == 1
