"""What an admin offers: names, and names with stars."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.api.spec.offers import Readable, matches, matches_all


@pytest.mark.parametrize(
    ("pattern", "name", "allowed"),
    [
        ("fraud", "fraud", True),
        ("fraud", "fraud-eu", False),
        ("fraud-*", "fraud-eu", True),
        ("fraud-*", "Fraud-eu", False),
        ("*", "", True),
        ("ab*ba", "abba", True),
        ("ab*ba", "aba", False),
        ("*x*x*", "x", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
    ],
)
def test_a_star_is_any_characters_and_everything_else_is_itself(
    pattern: str, name: str, *, allowed: bool
) -> None:
    assert matches((pattern,), name) is allowed


@given(st.text("ab*", max_size=8), st.text("ab", max_size=12))
def test_stars_match_as_in_a_shell(pattern: str, name: str) -> None:
    assert matches((pattern,), name) is bool(re.fullmatch(fnmatch.translate(pattern), name))


def test_nothing_is_offered_by_default() -> None:
    assert not any(
        Readable().has(which, "x")
        for which in (
            "config_maps",
            "variables",
            "annotations",
            "models",
            "tags",
            "parameters",
            "arguments",
        )
    )


def test_an_annotation_that_holds_a_manifest_is_only_meant_by_its_own_name() -> None:
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    everything = Readable.model_validate({"annotations": ["*", "kubectl.kubernetes.io/*"]})

    assert everything.has("annotations", "example.com/snapshot")
    assert not everything.has("annotations", applied)
    assert Readable.model_validate({"annotations": [applied]}).has("annotations", applied)


@pytest.mark.parametrize("flag", ["--api-key", "--hf-token", "--admin_password", "--API-KEY"])
@pytest.mark.parametrize("pattern", ["*", "--*", "--a*", "--h*", "--A*"])
def test_a_flag_that_takes_a_credential_is_only_meant_by_its_own_name(
    flag: str, pattern: str
) -> None:
    assert not Readable.model_validate({"arguments": [pattern]}).has("arguments", flag)
    assert Readable.model_validate({"arguments": [pattern, flag]}).has("arguments", flag)


@pytest.mark.parametrize("flag", ["--tokenizer-revision", "--max-num-batched-tokens", "--keyed"])
def test_a_flag_that_only_resembles_one_of_a_credential_is_meant_by_a_pattern(flag: str) -> None:
    assert Readable.model_validate({"arguments": ["--*"]}).has("arguments", flag)


def test_what_nobody_lists_is_not_copied() -> None:
    assert not matches_all((), "x")
    assert not matches_all((("*",), ()), "x")
    assert matches_all((("*",), ("x",)), "x")
