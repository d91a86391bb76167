"""Bodies that others write."""

import pytest

from stagingmirror.errors import NotAnswered
from stagingmirror.reasons import Reason
from stagingmirror.sources.endpoint.protocols.body import parsed

MARK = "s3cret"
BAD = {
    "HTML": (f"<!doctype html><p>{MARK}".encode(), Reason.GARBAGE),
    "nothing": (b" \n", Reason.GARBAGE),
    "half a body": (f'{{"a": 1, "{MARK}": [1, 2'.encode(), Reason.HALF_READ),
    "half a text": (f'{{"a": "{MARK}'.encode(), Reason.HALF_READ),
    "NaN": (f'{{"{MARK}": NaN}}'.encode(), Reason.GARBAGE),
    "two values": (f'{{"a": 1}} {{"{MARK}": 2}}'.encode(), Reason.GARBAGE),
    "no JSON": (f"{MARK}: 1".encode(), Reason.GARBAGE),
    "1 MiB, nested 100,000 deep": (b"[" * 100_000 + b"0" * 948_576, Reason.GARBAGE),
    "nested 100 deep": (b"[" * 100 + b"]" * 100, Reason.GARBAGE),
    "nested objects": (b'{"a":' * 100 + b"1" + b"}" * 100, Reason.GARBAGE),
    "a huge integer": (b'{"a": ' + b"9" * 5_000 + b"}", Reason.GARBAGE),
    "a key twice": (f'{{"{MARK}": 1, "{MARK}": 2}}'.encode(), Reason.GARBAGE),
    "invalid UTF-8": (b'{"a": "\xff"}', Reason.GARBAGE),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), Reason.GARBAGE),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_body_is_an_error_with_a_reason_and_nothing_of_the_body(name: str) -> None:
    body, reason = BAD[name]

    with pytest.raises(NotAnswered) as raised:
        parsed(body, nan=False)

    assert raised.value.reason == reason
    assert MARK not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None or raised.value.__suppress_context__


def test_half_a_body_is_never_garbage_wherever_it_ends() -> None:
    whole = b'{"a": [1.5, "x\\u00e4", null, true], "b": {"c": -2e3}}'

    for end in range(1, len(whole)):
        with pytest.raises(NotAnswered) as raised:
            parsed(whole[:end], nan=False)
        assert raised.value.reason == Reason.HALF_READ, whole[:end]


def test_nan_is_read_where_the_protocol_has_it() -> None:
    assert str(parsed(b"[NaN, -Infinity]", nan=True)) == "[nan, -inf]"


def test_a_byte_order_mark_is_no_part_of_the_body() -> None:
    assert parsed(b"\xef\xbb\xbf[1]", nan=False) == [1]


def test_what_is_32_levels_deep_is_read() -> None:
    assert parsed(b"[" * 32 + b"]" * 32, nan=False)
