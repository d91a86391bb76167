"""Texts of any length as facts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.reading.texts import MAX_SHOWN, as_fact


def test_a_text_is_its_own_fact_and_a_long_one_is_its_hash_and_length() -> None:
    assert as_fact("x" * MAX_SHOWN) == "x" * MAX_SHOWN
    assert as_fact("x" * 5000).startswith("sha256:")
    assert as_fact("x" * 5000).endswith(" (5000 characters)")


@pytest.mark.parametrize("text", [as_fact("x" * 5000), as_fact(as_fact("x" * 5000))])
def test_the_hash_of_a_long_text_is_never_the_fact_of_a_short_one(text: str) -> None:
    assert as_fact(text) != text
    assert as_fact(text) != as_fact("x" * 5000)


def test_a_digest_is_shown_as_it_is() -> None:
    digest = f"sha256:{'a' * 64}"

    assert as_fact(digest) == digest


@given(st.text(max_size=12), st.text(max_size=12))
def test_texts_that_differ_are_different_facts(one: str, other: str) -> None:
    assert (as_fact(one, 4) == as_fact(other, 4)) == (one == other)
