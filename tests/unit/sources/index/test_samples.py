"""Vectors of one document are one where only how they were computed and kept differs."""

import math

import pytest

from stagingmirror.sources.index.samples import (
    Document,
    SampleComparison,
    compared,
    digest_of,
    is_near,
)

UNIT = (0.6, 0.8)


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (UNIT, UNIT, True),
        (UNIT, (0.6 + 9e-6, 0.8), True),
        (UNIT, (0.6 + 2e-5, 0.8), False),  # a number
        (UNIT, (0.6, 0.8, 0.0), False),  # dimensions
        ((1e-6, 0.0), (0.0, 1e-6), False),  # the cosine alone
        ((1e-6, 0.0), (2e-6, 0.0), False),  # the norm alone
        ((0.0, 0.0), (0.0, 0.0), True),
        ((0.0, 0.0), (1e-9, 0.0), False),
        ((), (), True),
        ((math.nan, 1.0), (math.nan, 1.0), True),
        ((math.nan, 1.0), (0.0, 1.0), False),
        ((math.inf, 1.0), (-math.inf, 1.0), False),
        ((1e308, 1e308), (1e308, 1e308), True),
        ((1e308, 1e308), (1e308, 1e307), False),
    ],
)
def test_two_vectors_are_near(
    one: tuple[float, ...], other: tuple[float, ...], *, near: bool
) -> None:
    assert is_near(one, other) is near
    assert is_near(other, one) is near


def test_a_vector_that_only_one_has_is_a_difference() -> None:
    before = {"1": Document("a", {"vec": UNIT}), "2": Document("a")}
    staging = {"1": Document("a"), "2": Document("a", {"vec": UNIT})}

    assert compared(before, staging, before) == SampleComparison(2, 0, 2, 0)


def test_a_document_that_production_removes_or_makes_meanwhile_is_left_out() -> None:
    one = Document("a")
    before = {"1": one, "2": None, "3": one}
    after = {"1": None, "2": one, "3": one}

    assert compared(before, before, after) == SampleComparison(1, 2, 0, 0)


def test_one_digest_stands_for_one_sample() -> None:
    sample = {"1": Document("a", {"vec": UNIT}), "2": None}

    assert digest_of(sample) == digest_of(dict(reversed(sample.items())))
    assert digest_of(sample) != digest_of({**sample, "2": Document("a")})
    assert digest_of(sample) != digest_of({**sample, "1": Document("a", {"vec": (0.6, 0.80001)})})
