"""What a container gets of a variable's text."""

import pytest

from stagingmirror.drift.expansion import expanded, stays

KNOWN = {"HOST": "db", "SECRET": None, "ODD": "$(HOST)"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("http://$(HOST)/$(HOST)", "http://db/db"),
        ("$$(HOST)", "$(HOST)"),
        ("$$$(HOST)", "$db"),
        ("$$$$(HOST)", "$$(HOST)"),
        ("price: 5$", "price: 5$"),
        ("$HOST", "$HOST"),
        ("$(HOST", "$(HOST"),
        ("$(ODD)", "$(HOST)"),
        ("$(SECRET)@db", None),
        ("$(UNKNOWN)", None),
        ("$()", None),
    ],
)
def test_references_are_expanded_as_kubernetes_does(text: str, expected: str | None) -> None:
    assert expanded(text, KNOWN) == expected


@pytest.mark.parametrize(
    ("text", "same"),
    [("a$b", True), ("5$", True), ("$(", True), ("a$$b", False), ("$(HOST)", False)],
)
def test_a_text_stays_in_a_variable_unless_kubernetes_would_expand_it(
    text: str, same: bool
) -> None:
    assert stays(text) is same
