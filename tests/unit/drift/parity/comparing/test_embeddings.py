"""Vectors are compared by dimension, element, direction and length."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.parity.columns import Cell
from stagingmirror.drift.parity.result import FeatureParity
from stagingmirror.drift.parity.rules import Comparison, FeatureRule, Rules
from support.parity.sides import feature, judged, rules

TIGHT = rules(FeatureRule("x", absolute=1e-5, cosine=1e-5))
WIDE = rules(FeatureRule("x", absolute=10.0, cosine=1e-5))
floats = st.floats(-1e3, 1e3)


def compared(ours: Cell, theirs: Cell, used: Rules = TIGHT) -> FeatureParity:
    return feature(judged({"x": [ours]}, {"x": [theirs]}, used), "x")


@pytest.mark.parametrize(
    ("theirs", "absolute", "measured"),
    [
        ([0.6, 0.80002], 1e-5, "absolute"),
        ([0.8, 0.6], 0.5, "1 - cosine"),
        ([1.2, 1.6], 0.9, "norm"),
    ],
)
def test_an_element_a_direction_or_a_length_that_differs_is_found(
    theirs: list[float], absolute: float, measured: str
) -> None:
    found = compared([0.6, 0.8], theirs, rules(FeatureRule("x", absolute=absolute)))

    assert found.differing == 1
    assert found.measured == measured


def test_float32_noise_is_no_difference_and_float16_is_one() -> None:
    random = np.random.default_rng(3)
    vector = random.normal(size=768)
    vector /= np.linalg.norm(vector)

    single = vector.astype(np.float32).astype(float)
    half = vector.astype(np.float16).astype(float)

    assert compared(vector.tolist(), single.tolist()).differing == 0
    assert compared(vector.tolist(), half.tolist()).differing == 1
    # What cosine alone would not have shown.
    assert compared(vector.tolist(), half.tolist(), WIDE).differing == 0


@pytest.mark.parametrize(
    ("ours", "theirs", "differing"),
    [
        ([0.0, 0.0], [0.0, 0.0], 0),
        ([0.0, 0.0], [-0.0, 0.0], 0),
        ([0.0, 0.0], [1e-9, -1e-9], 0),
        ([0.0, 0.0], [0.6, 0.8], 1),
        ([1e-9, 0.0], [-1e-9, 0.0], 0),
        ([math.inf, 1.0], [math.inf, 1.0], 0),
        ([math.inf, 1.0], [-math.inf, 1.0], 1),
        ([math.inf, 1.0], [1.0, math.inf], 1),
        ([math.inf, 1.0], [math.inf, 2.0], 1),
        ([math.nan, 1.0], [math.nan, 1.0], 0),
        ([math.nan, 1.0], [math.inf, 1.0], 1),
        ([math.nan, 1.0], [None, 1.0], 1),
        ([None, 1.0], [None, 1.0], 0),
        ([None, 1.0], [1.0, None], 1),
        ([1e200, 1e200], [1e200, 1e200], 0),
        ([1e200, 1e200], [1e200, 2e200], 1),
        ([1e200, 0.0], [1e-200, 0.0], 1),
        ([1.0, 2.0], [1.0, 2.0, 3.0], 1),
        ([1.0], [], 1),
    ],
)
def test_zero_infinite_and_null_elements_are_compared_as_they_stand(
    ours: list[Cell], theirs: list[Cell], differing: int
) -> None:
    assert compared(ours, theirs).differing == differing
    assert compared(theirs, ours).differing == differing


def test_large_elements_are_compared_without_overflow() -> None:
    ours, theirs = [1e200, 2e200, 0.0], [1e200, 2.00001e200, 1e190]

    assert compared(ours, theirs, rules()).differing == 0


def test_null_is_no_nan_where_vectors_must_be_the_same() -> None:
    used = rules(FeatureRule("x", comparison=Comparison.EXACT))

    assert compared([None, 1.0], [math.nan, 1.0], used).differing == 1
    assert compared([None, 1.0], [None, 1.0], used).differing == 0


@given(st.lists(floats, min_size=1, max_size=20), st.floats(1e-6, 1e-1))
def test_as_the_formulas_have_it(vector: list[float], absolute: float) -> None:
    used = rules(FeatureRule("x", comparison=Comparison.EMBEDDING, absolute=absolute, cosine=1e-3))
    ours = np.array(vector)
    theirs = ours + absolute * np.linspace(-2, 2, len(ours))
    apart = np.abs(ours - theirs).max()
    norms = np.linalg.norm(ours), np.linalg.norm(theirs)
    if abs(apart / absolute - 1) < 1e-6:
        return
    within = apart <= absolute
    within &= abs(norms[0] - norms[1]) <= absolute + 1e-4 * max(norms)
    if min(norms) > absolute:
        within &= bool(1 - ours @ theirs / (norms[0] * norms[1]) <= 1e-3)

    assert compared(ours.tolist(), theirs.tolist(), used).differing == (not within)


@given(st.lists(floats, min_size=2, max_size=8))
def test_samples_of_several_dimensions_are_each_compared(vector: list[float]) -> None:
    cells = [vector, vector[:1], vector, []]
    other = [vector, vector[:1], [each + 5 for each in vector], []]
    used = rules(FeatureRule("x", comparison=Comparison.EMBEDDING, absolute=1e-5))

    found = feature(judged({"x": cells}, {"x": other}, used), "x")

    assert (found.judged, found.differing) == (4, 1)
