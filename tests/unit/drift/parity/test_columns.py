"""Cells of answers as columns."""

import math

import numpy as np

from stagingmirror.drift.parity.answers import Exacts, Kind, State, Vectors, texts_of
from stagingmirror.drift.parity.columns import column, compact


def test_six_states_stay_apart() -> None:
    found = column([1.5, None, math.nan, State.ABSENT, State.ERROR, State.DEFAULT])

    assert found.states.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_list_of_numbers_is_a_vector_and_its_nulls_are_no_nan() -> None:
    found = column([compact([1.0, None, math.nan]), compact([1.0, 2.0, 3.0])])

    assert isinstance(found.values, Vectors)
    assert found.values.nulls is not None
    assert found.values.nulls.tolist() == [False, True, False, False, False, False]
    assert found.shapes == ((3,),)


def test_lists_of_one_length_are_one_vector_with_its_shape() -> None:
    found = column([compact([[1, 2, 3], [4, 5, 6]])])

    assert found.shapes == ((2, 3),)
    assert isinstance(found.values, Vectors)
    assert found.values.flat.tolist() == [1, 2, 3, 4, 5, 6]


def test_an_integer_that_is_no_float_is_kept_to_its_last_digit() -> None:
    found = column([2**53 + 1, 1])

    assert isinstance(found.values, Exacts)
    assert found.kinds.tolist() == [Kind.NUMBER, Kind.NUMBER]
    assert texts_of(found).tolist() == ["9007199254740993", "1"]


def test_a_truth_value_is_no_number_and_a_text_no_list() -> None:
    found = column([True, 1, "1", "[1]", ["1"], [True]])

    assert len(set(texts_of(found).tolist())) == 6


def test_a_number_is_the_same_text_as_integer_and_as_float() -> None:
    assert texts_of(column([1, 1.0, 0.5])).tolist() == ["1", "1", "0.5"]


def test_vectors_of_different_lengths_are_read_by_length() -> None:
    values = column([compact([1.0, 2.0]), None, compact([3.0]), compact([4.0, 5.0])]).values

    assert isinstance(values, Vectors)
    assert values.of_length(2, np.array([0, 3])).tolist() == [[1, 2], [4, 5]]
    assert values.of_length(1, np.array([2])).tolist() == [[3]]


def test_a_list_of_objects_is_the_same_whatever_the_order_of_their_keys() -> None:
    one, other = ([[{"b": first, "a": [None]}]] for first in (1, 1.0))
    turned = [[{"a": [None], "b": 1}]]

    found = texts_of(column([compact(one), compact(other), compact(turned)])).tolist()

    assert found == [found[0]] * 3
    assert texts_of(column([compact([[{"a": "1"}]])])) != texts_of(column([compact([[{"a": 1}]])]))
