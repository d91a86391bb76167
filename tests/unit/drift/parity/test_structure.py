"""How answers are made: seen before values, and excused by no noise."""

import pytest

from stagingmirror.drift.parity.columns import Cell
from support.parity.sides import Cells, answers, judged, rules

AGES: list[Cell] = [1.0, 2.0, 3.0]


def structure(production: Cells, staging: Cells, after: Cells | None = None) -> tuple[str, ...]:
    return judged(production, staging, rules(magnitudes=False), after=after).structure


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ([1.0, 2.0], ["1", "2"], "x is text, not number"),
        ([1.0, 2.0], [1.0, "2"], "x is number or text, not number"),
        ([1.0, 2.0], [True, False], "x is true or false, not number"),
        ([1.0, 2.0], [[1.0], [2.0]], "x is list of numbers, not number"),
        (["a", "b"], [["a"], ["b"]], "x is list, not text"),
        ([[1.0, 2.0]], [[1.0, 2.0, 3.0]], "x has dimension 3, not 2"),
        ([[1.0] * 4], [[[1.0] * 2] * 2], "x has shape 2 x 2, not 4"),
        ([[1.0, 2.0]] * 2, [[1.0], [2.0, 3.0, 4.0]], "x has several shapes, not 2"),
    ],
)
def test_another_type_shape_or_dimension_is_found(
    ours: list[Cell], theirs: list[Cell], found: str
) -> None:
    assert structure({"x": ours}, {"x": theirs}) == (found,)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([1, 2], [1.0, 2.0]),
        ([1.0, None], [None, None]),
        ([None, None], [1.0, "a"]),
        ([1.0, "a"], [1.0, 2.0]),
        ([[1.0], [1.0, 2.0]], [[1.0, 2.0, 3.0], [1.0]]),
    ],
)
def test_what_production_shows_too_or_shows_nothing_of_is_no_difference_of_structure(
    ours: list[Cell], theirs: list[Cell]
) -> None:
    assert structure({"x": ours}, {"x": theirs}) == ()


def test_a_missing_and_an_extra_feature_are_found() -> None:
    assert structure({"x": AGES, "y": AGES}, {"x": AGES, "z": AGES}) == (
        "y is missing",
        "z is extra",
    )


def test_another_declared_type_is_found() -> None:
    production, staging = (answers({"x": AGES}, declared={"x": name}) for name in ("FP32", "FP64"))

    assert judged(production, staging, after=production).structure == (
        "x is declared as FP64, not FP32",
    )


def test_noise_excuses_no_structure() -> None:
    after = {"x": [9.0, 8.0, 7.0]}

    assert structure({"x": AGES}, {"x": ["a", "b", "c"]}, after) == ("x is text, not number",)


def test_where_production_itself_is_made_otherwise_nothing_is_claimed_of_staging() -> None:
    before, after = {"x": AGES, "y": AGES}, {"x": AGES}

    with_it, without = (judged(before, each, after=after) for each in (before, after))

    assert with_it.structure == without.structure == ()
    assert with_it.unsteady == without.unsteady == ("only one of production's two answers has y",)


def test_production_that_changes_a_type_or_a_dimension_is_unsteady() -> None:
    before: Cells = {"x": [1.0, 2.0], "y": [[1.0], [2.0]]}

    parity = judged(before, before, after={"x": ["a", "b"], "y": [[1.0, 2.0]] * 2})

    assert parity.unsteady == (
        "x has two types in production's two answers",
        "y has two shapes in production's two answers",
    )
    assert parity.structure == ()


def test_a_declared_type_that_production_changes_is_no_difference_of_staging() -> None:
    before, after = (answers({"x": AGES}, declared={"x": name}) for name in ("FP32", "FP64"))

    parity = judged(before, after, after=after)

    assert parity.structure == ()
    assert parity.unsteady == ("x has two declared types in production's two answers",)


def test_production_that_has_no_order_of_names_has_none_to_be_kept() -> None:
    one, other = {"x": AGES, "y": AGES}, {"y": AGES, "x": AGES}

    assert judged(one, other, after=other).shown == ()


def test_the_order_of_names_is_shown_and_counts_for_nothing() -> None:
    parity = judged({"x": AGES, "y": AGES}, {"y": AGES, "x": AGES})

    assert parity.shown == ("staging names the features in another order",)
    assert parity.structure == ()
    assert not any(each.differs for each in parity.features)


def test_structure_names_no_value() -> None:
    texts = structure({"x": ["s3cret"] * 3, "y": AGES}, {"x": AGES, "z": ["s3cret"] * 3})

    assert "s3cret" not in str(texts)


def test_findings_are_cut_and_counted() -> None:
    parity = judged({f"x{n}": [1.0] for n in range(50)}, {"y": [1.0]})

    assert len(parity.structure) == 20
    assert parity.structure_differs == 51
