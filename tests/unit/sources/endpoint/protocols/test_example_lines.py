"""Input examples that MLflow logged with a model, as samples."""

import json

import pytest

from stagingmirror.errors import NotAnswered
from stagingmirror.sources.endpoint.protocols.mlflow_scoring import example_lines


def test_the_rows_of_a_logged_example_are_lines() -> None:
    split = b'{"columns": ["a", "b"], "index": [0, 1], "data": [[1, 2], [3, NaN]]}'
    serving = b'{"dataframe_split": {"columns": ["a"], "data": [[1], [2]]}, "params": {"k": 1}}'
    by_name = b'{"inputs": {"a": [1, 2], "b": [3, 4]}}'

    assert [json.loads(each) for each in example_lines(serving)] == [
        {"dataframe_split": {"columns": ["a"], "data": [[n]]}, "params": {"k": 1}} for n in (1, 2)
    ]
    assert [json.loads(each) for each in example_lines(by_name)] == [
        {"inputs": {"a": [1], "b": [3]}},
        {"inputs": {"a": [2], "b": [4]}},
    ]
    with pytest.raises(NotAnswered):
        example_lines(split)


@pytest.mark.parametrize("document", [b"{}", b"[1]", b"<html>", b'{"inputs": "text"}', b"{"])
def test_an_example_without_rows_is_an_error(document: bytes) -> None:
    with pytest.raises(NotAnswered):
        example_lines(document)
