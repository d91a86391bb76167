"""Plain JSON services."""

import json

import pytest

from stagingmirror.drift.parity.answers import State
from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.protocols import PROTOCOLS
from stagingmirror.sources.endpoint.protocols.flatten import LONGEST_NAME
from stagingmirror.sources.endpoint.protocols.lines import distinct
from stagingmirror.sources.endpoint.protocols.protocol import MOST_FEATURES, gathered

JSON = PROTOCOLS["JSON"]


def test_a_line_is_sent_as_it_is() -> None:
    lines = ['{"id":  7, "x": 1.0}', '{"id":8,"x":1e400}']

    assert [each.body.decode() for each in JSON.requests(lines)] == lines


def test_nested_answers_are_features_with_dotted_names() -> None:
    (request,) = JSON.requests(["{}"])
    body = b'{"user": {"age": 30, "a.b": null}, "top": [{"id": 1}, 2], "vector": [0.5, 1]}'

    answers = gathered(1, [JSON.read(request, body)])

    assert list(answers.columns) == ["user.age", "user.a\\.b", "top.0.id", "top.1", "vector"]
    assert answers.columns["user.a\\.b"].states.tolist() == [State.NULL]


def test_an_answer_that_is_no_object_is_one_feature() -> None:
    (request,) = JSON.requests(["1"])

    assert list(JSON.read(request, b"[0.5, 0.25]").cells) == ["answer"]


def test_an_id_that_is_a_key_of_the_answer_is_no_name() -> None:
    lines = ['{"id": "u-17", "features": ["age"]}', '{"id": "u-18", "features": ["age"]}']
    requests = JSON.requests(lines)
    parts = [
        JSON.read(request, f'{{"u-{number}": {{"age": 3}}}}'.encode())
        for request, number in zip(requests, (17, 18), strict=True)
    ]

    assert list(gathered(2, parts).columns) == ["*.age"]


def test_two_ids_in_one_object_are_two_features() -> None:
    (request, _) = JSON.requests(['{"ids": ["a", "b"]}', '{"ids": ["c", "d"]}'])

    assert list(JSON.read(request, b'{"a": 1, "b": 2, "c": 3}').cells) == ["*", "**", "c"]


def test_too_many_features_are_an_error_in_one_answer_and_in_all_together() -> None:
    requests = JSON.requests(["1", "2"])
    many = "{" + ",".join(f'"k{n}": 1' for n in range(MOST_FEATURES + 1)) + "}"

    with pytest.raises(NotAnswered) as one:
        JSON.read(requests[0], many.encode())
    parts = [
        JSON.read(request, many.replace("k", prefix).replace(f'"{prefix}0": 1,', "").encode())
        for request, prefix in zip(requests, "pq", strict=True)
    ]
    with pytest.raises(NotAnswered) as both:
        gathered(2, parts)

    assert one.value.reason == both.value.reason == Reason.OVERSIZED_ANSWER


def test_a_name_that_is_too_long_is_an_error_that_does_not_quote_it() -> None:
    """Each of the features below a long key would repeat it."""
    request, key = JSON.requests(["1"])[0], "k" * (LONGEST_NAME - 2)

    with pytest.raises(NotAnswered) as error:
        JSON.read(request, json.dumps({key + "k": {"a": 1}}).encode())
    assert error.value.reason == Reason.OVERSIZED_ANSWER
    assert "kk" not in error.value.message
    assert list(JSON.read(request, json.dumps({key: {"a": 1}}).encode()).cells) == [f"{key}.a"]


@pytest.mark.parametrize("line", ["", "{", '{"a": 1, "a": 2}', "NaN", "[" * 99 + "]" * 99])
def test_a_line_that_cannot_be_sent_has_a_problem(line: str) -> None:
    problem = JSON.problem(line)

    assert problem is not None
    assert "JSON" in problem


def test_a_line_that_is_too_long_has_a_problem() -> None:
    assert "64 KiB" in str(JSON.problem('"' + "x" * 70_000 + '"'))


def test_lines_that_differ_in_blanks_or_order_are_one_sample() -> None:
    assert distinct(['{"a": 1, "b": 2}', '{"b":2,"a":1}', '{"a": 1}']) == 2
