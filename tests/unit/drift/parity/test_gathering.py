"""Answers to single requests, put together."""

import math
from collections.abc import Iterable

import numpy as np

from stagingmirror.drift.parity.answers import Answers, Numbers, State
from stagingmirror.drift.parity.columns import Part
from stagingmirror.drift.parity.gathering import Gathering


def gathered(samples: int, parts: Iterable[Part]) -> Answers:
    found = Gathering(samples)
    for each in parts:
        found.add(each)
    return found.answers()


def test_a_sample_in_no_part_is_failed_and_has_no_value() -> None:
    answers = gathered(
        3, [Part((2,), {"age": [30]}), Part((0,), {"score": [0.5], "age": [State.ABSENT]})]
    )

    assert answers.failed.tolist() == [False, True, False]
    assert list(answers.columns) == ["score", "age"]
    age = answers.columns["age"]
    assert age.states.tolist() == [State.ABSENT, State.ABSENT, State.VALUE]
    assert isinstance(age.values, Numbers)
    assert age.values.values[2] == 30


def test_timestamps_and_declared_types_are_joined() -> None:
    parts = [
        Part((0,), {"age": [1]}, {"age": [100.0]}, {"age": "INT64"}),
        Part((1,), {"age": [2]}, {}, {"age": "INT64"}),
    ]

    age = gathered(2, parts).columns["age"]

    assert age.timestamps is not None
    assert np.array_equal(age.timestamps, [100.0, math.nan], equal_nan=True)
    assert age.declared == "INT64"
