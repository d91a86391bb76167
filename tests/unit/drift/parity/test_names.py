"""Patterns of names, and names as they are shown."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.parity.names import MAX_NAME, matches, shown


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("age", "age"),
        ("debug_*", "debug_"),
        ("debug_*", "debug_x"),
        ("*", ""),
        ("*_embedding", "user_embedding"),
        ("a*b*c", "axxbyyc"),
        ("a[0]", "a[0]"),
        ("b?", "b?"),
    ],
)
def test_a_star_is_any_number_of_any_characters(pattern: str, name: str) -> None:
    assert matches(pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("age", "Age"),
        ("age", "ages"),
        ("a*a", "a"),
        ("debug_*", "xdebug_1"),
        ("a*b*c", "axxcyyb"),
        ("b?", "bx"),
        ("a[0]", "a0"),
    ],
)
def test_nothing_else_is_matched(pattern: str, name: str) -> None:
    assert not matches(pattern, name)


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_a_pattern_means_what_it_does_in_a_shell(pattern: str, name: str) -> None:
    assert matches(pattern, name) == fnmatch.fnmatchcase(name, pattern)


def test_long_names_that_differ_only_at_their_end_stay_apart() -> None:
    one, other = (shown("x" * 5_000 + end) for end in "ab")

    assert one != other
    assert len(one) <= MAX_NAME


def test_what_is_not_seen_in_a_name_is_written_out() -> None:
    assert shown("age\u202e") == '"age\\u202e"'
