"""Which requests samples make, and which lines cannot be sent."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.sources.endpoint.protocols import PROTOCOLS
from stagingmirror.sources.endpoint.protocols.protocol import MAX_REQUEST_BYTES


def bodies(protocol: str, *values: Any, rows: int = 25) -> list[tuple[Any, tuple[int, ...]]]:
    lines = [json.dumps(each) for each in values]
    assert [PROTOCOLS[protocol].problem(line) for line in lines] == [None] * len(lines)
    found = PROTOCOLS[protocol].requests(lines, rows)
    return [(json.loads(each.body), each.samples) for each in found]


def test_feasts_rows_of_the_same_features_are_sent_together() -> None:
    one = {"feature_service": "a", "entities": {"id": [1]}}
    other = {"features": ["v:x"], "entities": {"id": 2}}

    assert bodies("Feast", one, other, {**one, "entities": {"id": [3]}}) == [
        ({"feature_service": "a", "entities": {"id": [1, 3]}}, (0, 2)),
        ({"features": ["v:x"], "entities": {"id": [2]}}, (1,)),
    ]


def test_feasts_rows_of_other_entities_are_sent_apart() -> None:
    one = {"feature_service": "a", "entities": {"id": [1]}}
    other = {"feature_service": "a", "entities": {"id": [1], "shop": ["x"]}}

    assert len(bodies("Feast", one, other)) == 2


def test_open_inferences_rows_are_one_tensor() -> None:
    def line(value: int, shape: int = 1) -> Any:
        data = [value] * 2 * shape
        tensor = {"name": "x", "shape": [shape, 2], "datatype": "FP32", "data": data}
        return {"id": str(value), "inputs": [tensor]}

    rows, whole = bodies("OpenInference", line(1), line(2), line(3, shape=2))

    assert rows[1] == (0, 1)
    assert rows[0]["inputs"][0]["shape"] == [2, 2]
    assert rows[0]["inputs"][0]["data"] == [1, 1, 2, 2]
    assert whole == (line(3, shape=2), (2,))


def test_embeddings_are_requested_as_a_list() -> None:
    tokens = {"model": "m", "input": [1, 2]}

    assert bodies(
        "OpenAIEmbeddings", {"model": "m", "input": "a"}, {"model": "m", "input": ["b"]}
    ) == [({"model": "m", "input": ["a", "b"]}, (0, 1))]
    assert bodies("OpenAIEmbeddings", tokens)[0][0]["input"] == [[1, 2]]


def test_mlflows_rows_of_the_same_columns_are_one_frame() -> None:
    def split(row: list[Any], *columns: str) -> Any:
        return {"dataframe_split": {"columns": list(columns), "data": [row]}}

    found = bodies("MLflowScoring", split([1], "a"), split([2], "b"), split([3], "a"))

    assert found[0] == ({"dataframe_split": {"columns": ["a"], "data": [[1], [3]]}}, (0, 2))
    assert found[1][1] == (1,)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (
            {"dataframe_records": [{"a": 1}]},
            {"dataframe_records": [{"a": 2}]},
            {"dataframe_records": [{"a": 1}, {"a": 2}]},
        ),
        ({"inputs": [[1, 2]]}, {"inputs": [[3, 4]]}, {"inputs": [[1, 2], [3, 4]]}),
        ({"inputs": {"a": [1]}}, {"inputs": {"a": [2]}}, {"inputs": {"a": [1, 2]}}),
        ({"instances": ["x"]}, {"instances": ["y"]}, {"instances": ["x", "y"]}),
    ],
)
def test_mlflows_other_formats_are_batched_too(one: Any, other: Any, both: Any) -> None:
    assert bodies("MLflowScoring", one, other) == [(both, (0, 1))]


@pytest.mark.parametrize("value", [{"inputs": "text"}, {"inputs": [1, 2]}, {"instances": {"a": 1}}])
def test_mlflows_inputs_that_are_not_one_row_are_sent_as_they_are(value: Any) -> None:
    assert bodies("MLflowScoring", value, value) == [(value, (0,)), (value, (1,))]


def test_records_of_other_columns_are_sent_apart() -> None:
    records = [{"dataframe_records": [{name: 1}]} for name in "ab"]

    assert len(bodies("MLflowScoring", *records)) == 2


EXAMPLES = {
    "JSON": {"user": 1},
    "Feast": {"feature_service": "a", "entities": {"id": [1]}},
    "OpenInference": {"inputs": [{"name": "x", "shape": [1], "datatype": "INT64", "data": [1]}]},
    "OpenAIEmbeddings": {"model": "m", "input": "text"},
    "MLflowScoring": {"dataframe_split": {"columns": ["a"], "data": [[1]]}},
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(count=st.integers(0, 70), rows=st.integers(1, 30))
def test_every_line_is_in_one_request_and_none_holds_too_many(
    protocol: str, count: int, rows: int
) -> None:
    lines = [json.dumps(EXAMPLES[protocol])] * count

    found = PROTOCOLS[protocol].requests(lines, rows)

    assert sorted(at for each in found for at in each.samples) == list(range(count))
    assert all(len(each.samples) <= rows for each in found)
    assert found == PROTOCOLS[protocol].requests(lines, rows)


@pytest.mark.parametrize("protocol", ["Feast", "OpenAIEmbeddings"])
def test_a_request_is_bounded_in_bytes(protocol: str) -> None:
    line = json.dumps(
        {"feature_service": "a", "entities": {"id": ["x" * 50_000]}}
        if protocol == "Feast"
        else {"model": "m", "input": "x" * 50_000}
    )

    found = PROTOCOLS[protocol].requests([line] * 20)

    assert len(found) == 4
    assert all(len(each.body) <= MAX_REQUEST_BYTES for each in found)


BAD_LINES = [
    *((protocol, line) for protocol in PROTOCOLS for line in ("", "{", "NaN", '{"a":1,"a":1}')),
    *((protocol, line) for protocol in PROTOCOLS if protocol != "JSON" for line in ("[]", "{}")),
    ("Feast", '{"feature_service": "a"}'),
    ("Feast", '{"entities": {"id": [1]}}'),
    ("Feast", '{"feature_service": "a", "entities": {}}'),
    ("Feast", '{"feature_service": "a", "entities": {"id": [1, 2]}}'),
    ("OpenInference", '{"inputs": []}'),
    ("OpenInference", '{"inputs": [{"name": "x", "shape": [2], "datatype": "FP32", "data": [1]}]}'),
    ("OpenInference", '{"inputs": [{"name": "x", "shape": [1], "datatype": "F", "data": [1]}]}'),
    ("OpenAIEmbeddings", '{"model": "m", "input": ["a", "b"]}'),
    ("OpenAIEmbeddings", '{"model": "m", "input": ""}'),
    ("MLflowScoring", '{"inputs": [[1]], "instances": [[1]]}'),
    ("MLflowScoring", '{"dataframe_split": {"columns": ["a"], "data": [[1], [2]]}}'),
    ("MLflowScoring", '{"dataframe_split": {"columns": ["a"], "data": []}}'),
    ("MLflowScoring", '{"dataframe_split": 1}'),
    ("MLflowScoring", '{"dataframe_records": [1]}'),
]


@pytest.mark.parametrize(("protocol", "line"), BAD_LINES)
def test_a_line_that_the_protocol_does_not_have_has_a_problem_that_says_what_to_write(
    protocol: str, line: str
) -> None:
    assert PROTOCOLS[protocol].problem(line) is not None


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_problem_quotes_nothing_of_the_line(protocol: str) -> None:
    lines = [
        '{"s3cret": 1',
        '{"s3cret": {"s3cret": 2}}',
        '{"inputs": "s3cret", "s3cret": "s3cret"}',
    ]

    assert all("s3cret" not in str(PROTOCOLS[protocol].problem(line)) for line in lines)
