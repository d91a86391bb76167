"""When noise explains what differs."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.parity.noise import SIGNIFICANCE, too_noisy


def exact(differing: int, noise: int) -> Fraction:
    """The probability that staging's is the odd one out at least so often."""
    of = differing + noise
    ways = (Fraction(math.comb(of, k) * 2 ** (of - k), 3**of) for k in range(differing, of + 1))
    return sum(ways, Fraction(0))


@given(st.integers(0, 200), st.integers(0, 200))
def test_it_is_the_exact_binomial_test(differing: int, noise: int) -> None:
    expected = differing > 0 and noise > 0 and exact(differing, noise) >= SIGNIFICANCE

    assert too_noisy(differing, noise, 1_000) == expected


@pytest.mark.parametrize(("noise", "noisy"), [(500, False), (501, True), (1000, True)])
def test_more_than_half_of_the_samples_hide_the_rest(noise: int, noisy: bool) -> None:
    assert too_noisy(0, noise, 1_000) == noisy


def test_without_noise_one_difference_is_one() -> None:
    assert not too_noisy(1, 0, 1_000)


@pytest.mark.parametrize("values", [2, 3, 10])
@pytest.mark.parametrize("rate", [0.02, 0.2, 0.5])
def test_three_answers_that_are_drawn_alike_are_hardly_ever_a_difference(
    values: int, rate: float
) -> None:
    random = np.random.default_rng(5)
    claimed = 0
    for _ in range(400):
        before, staging, after = (
            np.where(random.random(300) < rate, random.integers(values, size=300), 0)
            for _ in range(3)
        )
        steady = before == after
        differing = int((steady & (before != staging)).sum())
        noise = int((~steady).sum())
        claimed += differing > 0 and not too_noisy(differing, noise, 300)

    assert claimed <= 3


def test_a_real_difference_beside_some_noise_is_found() -> None:
    assert not too_noisy(20, 3, 300)
