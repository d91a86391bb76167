"""What the answers of each protocol hold, and which are none. The bodies are as the real servers
write them; `tests/integration/sources/endpoint/protocols` reads these.
"""

import base64
import json
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.parity.answers import Numbers, State, Vectors
from stagingmirror.drift.parity.columns import Vector
from stagingmirror.drift.parity.judge import judge
from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.protocols import PROTOCOLS
from stagingmirror.sources.endpoint.protocols.protocol import gathered
from support.parity.sides import rules

MARK = "s3cret"
FEAST: dict[str, Any] = {
    "metadata": {"feature_names": ["user_id", "age", "vector"]},
    "results": [
        {
            "values": [7, 8],
            "statuses": ["PRESENT", "PRESENT"],
            "event_timestamps": ["1970-01-01T00:00:00Z"] * 2,
        },
        {
            "values": [30, None],
            "statuses": ["PRESENT", "NOT_FOUND"],
            "event_timestamps": ["2026-01-01T00:00:00.5Z", "1970-01-01T00:00:00Z"],
        },
        {
            "values": [[0.5, "NaN"], None],
            "statuses": ["PRESENT", "PRESENT"],
            "event_timestamps": ["2026-01-01T00:00:00Z"] * 2,
        },
    ],
}
FEAST_LINES = [json.dumps({"features": ["v:age"], "entities": {"user_id": [n]}}) for n in (7, 8)]
OIP: dict[str, Any] = {
    "model_name": "m",
    "outputs": [
        {"name": "score", "shape": [2, 1], "datatype": "FP32", "data": [0.5, None]},
        {"name": "vector", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]},
    ],
}
OIP_LINES = [
    json.dumps({"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [n, n]}]})
    for n in (7, 8)
]
OPENAI: dict[str, Any] = {
    "object": "list",
    "data": [
        {"object": "embedding", "index": 1, "embedding": [3.0, 4.0]},
        {"object": "embedding", "index": 0, "embedding": [1.0, 2.0]},
    ],
    "usage": {"prompt_tokens": 2, "total_tokens": 2},
}
OPENAI_LINES = [json.dumps({"model": "m", "input": text}) for text in ("a", "b")]
MLFLOW: dict[str, Any] = {"predictions": [{"score": 0.5, "label": "a"}, {"score": 0.25}]}
MLFLOW_LINES = [json.dumps({"dataframe_split": {"columns": ["x"], "data": [[n]]}}) for n in (7, 8)]
GOOD: dict[str, tuple[list[str], Any]] = {
    "Feast": (FEAST_LINES, FEAST),
    "OpenInference": (OIP_LINES, OIP),
    "OpenAIEmbeddings": (OPENAI_LINES, OPENAI),
    "MLflowScoring": (MLFLOW_LINES, MLFLOW),
}


def read(protocol: str, answer: object, lines: list[str] | None = None) -> dict[str, list[Any]]:
    """The cells of each feature."""
    (request,) = PROTOCOLS[protocol].requests(lines or GOOD[protocol][0])
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    part = PROTOCOLS[protocol].read(request, body)
    return {name: list(cells) for name, cells in part.cells.items()}


def edited(answer: Any, *path: Any, to: Any) -> Any:
    """A copy with another value at this path."""
    copy = json.loads(json.dumps(answer))
    at = copy
    for each in path[:-1]:
        at = at[each]
    at[path[-1]] = to
    return copy


def test_feast_repeats_entities_which_are_no_features() -> None:
    assert list(read("Feast", FEAST)) == ["age", "vector"]


def test_feasts_statuses_are_states() -> None:
    statuses = ["NULL_VALUE", "NOT_FOUND", "OUTSIDE_MAX_AGE", "INVALID"]
    found = [
        read("Feast", edited(FEAST, "results", 1, "statuses", 0, to=status))["age"][0]
        for status in statuses
    ]

    assert found == [State.NULL, State.ABSENT, State.DEFAULT, State.ERROR]


def test_feast_writes_nan_as_text_beside_numbers_only() -> None:
    texts = edited(FEAST, "results", 1, "values", to=["NaN", "a"])
    numbers = edited(FEAST, "results", 1, "values", to=["-Infinity", 3])
    for each in (texts, numbers):
        each["results"][1]["statuses"] = ["PRESENT", "PRESENT"]

    assert read("Feast", texts)["age"] == ["NaN", "a"]
    assert read("Feast", numbers)["age"] == [-math.inf, 3]
    vector = read("Feast", FEAST)["vector"][0]
    assert isinstance(vector, Vector)
    assert np.array_equal(vector.elements, [0.5, math.nan], equal_nan=True)


def test_the_first_of_january_1970_is_no_event() -> None:
    (request,) = PROTOCOLS["Feast"].requests(FEAST_LINES)
    part = PROTOCOLS["Feast"].read(request, json.dumps(FEAST).encode())

    assert part.timestamps["age"][0] == 1767225600.5
    assert math.isnan(part.timestamps["age"][1])


def test_open_inference_outputs_are_rows_of_their_shape_and_declared() -> None:
    (request,) = PROTOCOLS["OpenInference"].requests(OIP_LINES)
    answers = gathered(2, [PROTOCOLS["OpenInference"].read(request, json.dumps(OIP).encode())])

    score, vector = answers.columns["score"], answers.columns["vector"]
    assert score.states.tolist() == [State.VALUE, State.NULL]
    assert score.declared == vector.declared == "FP32"
    assert isinstance(vector.values, Vectors)
    assert vector.values.flat.tolist() == [1, 2, 3, 4]
    assert vector.shapes == ((2,),)


def test_an_open_inference_shape_of_many_dimensions_is_no_answer() -> None:
    """Flat data of a shape of a hundred thousand ones would fill the memory as nested lists."""
    output = {"name": "y", "datatype": "FP32", "shape": [2, *[1] * 32], "data": [1, 2]}

    with pytest.raises(NotAnswered, match="not what an Open Inference server answers"):
        read("OpenInference", {"outputs": [output]})
    assert read("OpenInference", {"outputs": [output | {"shape": [2, *[1] * 31]}]})


def test_open_inference_data_may_be_nested_as_the_shape_is() -> None:
    nested = edited(OIP, "outputs", 1, "data", to=[[1, 2], [3, 4]])

    assert [each.elements.tolist() for each in read("OpenInference", nested)["vector"]] == [
        [1, 2],
        [3, 4],
    ]


def test_an_open_inference_request_without_rows_has_one_value_of_the_whole_output() -> None:
    given = {"name": "x", "shape": [3], "datatype": "FP32", "data": [1, 2, 3]}
    answer = {
        "outputs": [{"name": "y", "shape": [2, 2], "datatype": "INT64", "data": [1, 2, 3, 4]}]
    }

    (value,) = read("OpenInference", answer, [json.dumps({"inputs": [given]})])["y"]

    assert value.shape == (2, 2)


def test_embeddings_are_in_the_order_of_their_index() -> None:
    found = read("OpenAIEmbeddings", OPENAI)["embedding"]

    assert [each.elements.tolist() for each in found] == [[1, 2], [3, 4]]


def test_embeddings_in_base64_are_float32() -> None:
    raw = base64.b64encode(np.array([0.1, 2], "<f4").tobytes()).decode()
    found = read("OpenAIEmbeddings", edited(OPENAI, "data", 1, "embedding", to=raw))

    assert found["embedding"][0].elements.tolist() == [float(np.float32(0.1)), 2.0]


@pytest.mark.parametrize(
    ("predictions", "cells"),
    [
        ([0.5, 1], {"predictions": [0.5, 1]}),
        ([{"a": {"b": 1}}, {"c": None}], {"a.b": [1, State.ABSENT], "c": [State.ABSENT, None]}),
        ({"a": [1, 2], "b": ["x", "y"]}, {"a": [1, 2], "b": ["x", "y"]}),
        (["x", None], {"predictions": ["x", None]}),
    ],
)
def test_mlflows_predictions_are_lists_records_or_columns(
    predictions: object, cells: dict[str, list[object]]
) -> None:
    assert read("MLflowScoring", {"predictions": predictions}) == cells


def test_mlflow_writes_nan_and_means_it() -> None:
    (request,) = PROTOCOLS["MLflowScoring"].requests(MLFLOW_LINES)
    part = PROTOCOLS["MLflowScoring"].read(request, b'{"predictions": [NaN, 1.5]}')

    column = gathered(2, [part]).columns["predictions"]
    assert column.states.tolist() == [State.NAN, State.VALUE]
    assert isinstance(column.values, Numbers)


def test_one_prediction_may_be_without_a_list() -> None:
    assert read("MLflowScoring", {"predictions": 0.5}, MLFLOW_LINES[:1]) == {"predictions": [0.5]}
    assert read("MLflowScoring", {"predictions": {"a": 1}}, MLFLOW_LINES[:1]) == {"a": [1]}


OTHER_SCHEMAS = [
    ("Feast", {"error": MARK}),
    ("Feast", [MARK]),
    ("Feast", edited(FEAST, "metadata", to={})),
    ("Feast", edited(FEAST, "results", to=FEAST["results"][:2])),
    ("Feast", edited(FEAST, "results", 0, to=MARK)),
    ("Feast", edited(FEAST, "metadata", "feature_names", to=["age", "age", "vector"])),
    ("Feast", edited(FEAST, "results", 1, "values", to=[MARK])),
    ("Feast", edited(FEAST, "results", 1, "statuses", to=["PRESENT", MARK])),
    ("Feast", edited(FEAST, "results", 1, "event_timestamps", to=[MARK])),
    ("Feast", edited(FEAST, "results", 1, "values", 0, to={MARK: 1})),
    ("OpenInference", {"error": MARK}),
    ("OpenInference", [MARK]),
    ("OpenInference", edited(OIP, "outputs", 0, "shape", to=[3, 1])),
    ("OpenInference", edited(OIP, "outputs", 0, "shape", to=[1, 2])),
    ("OpenInference", edited(OIP, "outputs", 0, "shape", to=[-1, -2])),
    ("OpenInference", edited(OIP, "outputs", 0, "datatype", to=MARK)),
    ("OpenInference", edited(OIP, "outputs", 0, "datatype", to=[MARK])),
    ("OpenInference", edited(OIP, "outputs", 0, "name", to="vector")),
    ("OpenInference", edited(OIP, "outputs", 0, "data", to=[{MARK: 1}, 2])),
    ("OpenInference", edited(OIP, "outputs", 0, "data", to=None)),
    ("OpenAIEmbeddings", {"error": {"message": MARK}}),
    ("OpenAIEmbeddings", edited(OPENAI, "data", to=OPENAI["data"][:1])),
    ("OpenAIEmbeddings", edited(OPENAI, "data", 0, "index", to=0)),
    ("OpenAIEmbeddings", edited(OPENAI, "data", 0, "index", to=[MARK])),
    ("OpenAIEmbeddings", edited(OPENAI, "data", 0, "embedding", to=MARK)),
    ("OpenAIEmbeddings", edited(OPENAI, "data", 0, "embedding", to="YWJjZGU=")),
    ("OpenAIEmbeddings", edited(OPENAI, "data", 0, "embedding", to=[MARK])),
    ("OpenAIEmbeddings", edited(OPENAI, "data", 0, to=MARK)),
    ("OpenAIEmbeddings", b'{"data": [{"index": 0, "embedding": [NaN]}]}'),
    ("MLflowScoring", {"error_code": MARK}),
    ("MLflowScoring", [1, 2]),
    ("MLflowScoring", {"predictions": [MARK]}),
    ("MLflowScoring", {"predictions": MARK}),
    ("MLflowScoring", {"predictions": {"a": [MARK]}}),
    *((name, f"<html>{MARK}".encode()) for name in PROTOCOLS),
    *((name, b'{"' + MARK.encode() + b'": [1, 2') for name in PROTOCOLS),
    *((name, b"[" * 100_000 + b"0" * 948_576) for name in PROTOCOLS),
    *((name, b'{"a": 1, "a": 2}') for name in PROTOCOLS),
    *((name, b'{"a": "\xff"}') for name in PROTOCOLS),
    *((name, b"9" * 5_000) for name in PROTOCOLS),
]


@pytest.mark.parametrize(("protocol", "answer"), OTHER_SCHEMAS)
def test_what_is_no_answer_of_the_protocol_is_an_error_that_quotes_nothing(
    protocol: str, answer: object
) -> None:
    lines = GOOD.get(protocol, (["1"], None))[0]

    with pytest.raises(NotAnswered) as raised:
        read(protocol, answer, lines)

    assert raised.value.reason in {Reason.GARBAGE, Reason.HALF_READ}
    assert MARK not in str(raised.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


def paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """To everything below a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (*above, key)
        if isinstance(each, dict | list):
            yield from paths(each, (*above, key))


@pytest.mark.parametrize("protocol", GOOD)
@given(data=st.data())
def test_whatever_stands_anywhere_in_an_answer_is_read_or_is_an_error_of_ours(
    protocol: str, data: st.DataObject
) -> None:
    answer = GOOD[protocol][1]
    path = data.draw(st.sampled_from(list(paths(answer))))
    changed = edited(answer, *path, to=data.draw(JSON))

    with suppress(NotAnswered):
        (request,) = PROTOCOLS[protocol].requests(GOOD[protocol][0])
        part = PROTOCOLS[protocol].read(request, json.dumps(changed).encode())
        answers = gathered(2, [part])
        judge(answers, answers, answers, rules())
