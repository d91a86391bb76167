"""What is read of an answer."""

import json

import pytest

from stagingmirror.drift.facts import Why
from stagingmirror.errors import NotAnswered
from stagingmirror.sources.endpoint.answers import MOST_CHARACTERS, values_in


def value(body: object, pointer: str) -> str | Why | None:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return values_in(text, [pointer]).values[pointer]


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("/foo/0", "bar"),
        ("/foo/1", "baz"),
        ("/foo/2", None),
        ("/foo/-", None),
        ("/foo/00", None),
        ("/foo/+1", None),
        ("/foo/1/x", None),
        ("/foo/99999999999999999999", None),
        ("/", "0"),
        ("/a~1b", "1"),
        ("/c%d", "2"),
        ("/e^f", "3"),
        ('/k"l', "6"),
        ("/ ", "7"),
        ("/m~0n", "8"),
        ("/~01", "9"),
        ("/none", None),
    ],
)
def test_a_pointer_is_followed_as_rfc_6901_says(pointer: str, found: str | None) -> None:
    body = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, 'k"l': 6, " ": 7, "m~n": 8}

    assert value(body | {"~1": 9}, pointer) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b'"a b"', "a b"),
        (b"1.10", "1.10"),
        (b"1e400", "1e400"),
        (b"-0", "-0"),
        (b"9" * 5000, "9" * 5000),
        (b"true", "true"),
        (b"false", "false"),
        (b'""', ""),
    ],
)
def test_a_value_is_its_exact_text(text: bytes, found: str) -> None:
    assert value(b'{"v": ' + text + b"}", "/v") == found


@pytest.mark.parametrize(
    ("found", "reason", "said"),
    [
        ({"a": 1}, "NotComparable", "is an object"),
        ([1], "NotComparable", "is a list"),
        (None, "NotComparable", "is null"),
        ("s3cret" * MOST_CHARACTERS, "TooLarge", "65536"),
    ],
)
def test_what_is_no_single_value_is_refused_without_it(
    found: object, reason: str, said: str
) -> None:
    why = value({"v": found}, "/v")

    assert isinstance(why, Why)
    assert why.reason == reason
    assert said in why.message
    assert "s3cret" not in why.message


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>", "Garbage"),
        (b"", "Garbage"),
        (b'{"v": NaN}', "Garbage"),
        (b'{"v": 1, "v": 2}', "Garbage"),
        (b'{"v": "1', "HalfRead"),
        (b"[" * 100_000, "Garbage"),
    ],
)
def test_what_is_not_json_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(NotAnswered) as refused:
        values_in(body, ["/v"])

    assert refused.value.reason == reason
