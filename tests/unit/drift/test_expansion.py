"""What a container gets of a variable's text."""

import pytest

from stagingmirror.drift.expansion import (
    MAX_TEXT,
    Expanded,
    Given,
    NotExpanded,
    Reference,
    TooLong,
    expanded,
    pieces,
    stays,
)

KNOWN = (Given("HOST", "db"), Given("SECRET", None), Given("ODD", "$$(HOST)"))


def value(text: str, *before: Given) -> Expanded:
    return expanded((*before, Given("X", text)), len(before))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain", "plain"),
        ("http://$(HOST)/$(HOST)", "http://db/db"),
        ("$$(HOST)", "$(HOST)"),
        ("$$$(HOST)", "$db"),
        ("$$$$(HOST)", "$$(HOST)"),
        ("price: 5$", "price: 5$"),
        ("$HOST", "$HOST"),
        ("$x$(HOST)", "$xdb"),
        ("$(HOST", "$(HOST"),
        ("$(HOST)$(HOST", "db$(HOST"),
        (")$(HOST", ")$(HOST"),
        ("$($(HOST", "$($(HOST"),
        ("$(ODD)", "$(HOST)"),
    ],
)
def test_references_are_expanded_as_kubernetes_does(text: str, expected: str) -> None:
    assert value(text, *KNOWN).text == expected


@pytest.mark.parametrize("text", ["$(SECRET)@db", "$(UNKNOWN)", "$()", "$($(HOST)", "$(X)"])
def test_what_depends_on_a_variable_that_is_not_known_is_not_expanded(text: str) -> None:
    with pytest.raises(NotExpanded):
        value(text, *KNOWN)


def test_a_reference_means_the_last_one_of_its_name_before_it() -> None:
    env = (Given("A", "1"), Given("B", "$(A)"), Given("A", "2"), Given("A", "$(A)$(B)"))

    assert expanded((*env, Given("X", "$(A)")), 4).text == "21"


def test_a_value_names_every_variable_that_it_was_made_from_at_any_depth() -> None:
    env = (Given("PASSWORD", "p"), Given("LOGIN", "u:$(PASSWORD)"), Given("OTHER", "o"))

    assert value("postgres://$(LOGIN)@db", *env) == Expanded(
        "postgres://u:p@db", frozenset({"PASSWORD", "LOGIN"})
    )
    assert value("$$(PASSWORD)", *env).made_from == frozenset()


@pytest.mark.parametrize(
    ("text", "same"),
    [("a$b", True), ("5$", True), ("$(", True), ("a$$b", False), ("$(HOST)", False), ("", True)],
)
def test_a_text_stays_in_a_variable_unless_kubernetes_would_expand_it(
    text: str, same: bool
) -> None:
    assert stays(text) is same


def test_pieces_are_literals_and_references_in_order() -> None:
    assert list(pieces("a$(B)$$c")) == ["a", Reference("B"), "$", "c"]


def test_a_value_that_doubles_with_each_variable_is_too_long_and_never_made() -> None:
    env = [Given("V0", "x")]
    env += [Given(f"V{n}", f"$(V{n - 1})$(V{n - 1})") for n in range(1, 200)]

    with pytest.raises(TooLong):
        expanded(env, 199)


def test_a_chain_of_variables_is_followed_however_long_it_is() -> None:
    env = [Given("V0", "x")] + [Given(f"V{n}", f"$(V{n - 1})") for n in range(1, 10_000)]

    assert expanded(env, 9_999).text == "x"


def test_texts_that_together_are_longer_than_any_variable_are_not_made() -> None:
    long = "x" * (MAX_TEXT // 2 + 1)

    with pytest.raises(TooLong):
        value("$(A)$(A)", Given("A", long))
    assert value("$(A)", Given("A", long)).text == long
    with pytest.raises(TooLong):
        value("$(A)$(B)", Given("A", long), Given("B", long.replace("x", "$$")))
