"""Which names a pattern means."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.patterns import matches


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
