"""Values and names of facts, as a status has them."""

import pytest

from stagingmirror.api.spec.mirror import Accept
from stagingmirror.api.status.report import ComponentReport
from stagingmirror.api.status.truncation import cut, short
from support.kinds.judged import status
from support.kinds.observations import NOW, component, report, seen

HASH = "sha256:" + "82cb1fbc" * 8


def message(of: ComponentReport) -> str:
    return str(status(report(of), now=NOW, previous=None)["components"][0]["message"])


@pytest.mark.parametrize(
    ("production", "staging", "told"),
    [
        ("2026-11-21", "2026-11-21\n", r'production has "2026-11-21", staging has "2026-11-21\n"'),
        ("gpt\u20114", "gpt-4", r'production has "gpt\u20114", staging has "gpt-4"'),
        ("", "1", 'production has "", staging has "1"'),
        ("x" * 90 + "1", "x" * 90 + "2", "production has …xxxxxxxx1, staging has …xxxxxxxx2"),
    ],
)
def test_a_reader_sees_in_what_two_values_differ(production: str, staging: str, told: str) -> None:
    of = component("data", seen({"value": production}), seen({"value": staging}))

    assert message(of) == f"value: {told}"


def test_what_others_wrote_neither_breaks_a_message_nor_turns_its_direction() -> None:
    finding = "app names img\u202e:1\x1b[2J, and models:/a\nin sync/1, too"
    of = component("image", seen({"digest": "1"}, findings=(finding,)), seen({"digest": "1"}))
    whole = status(report(of), now=NOW, previous=None)

    assert r"img\u202e:1\u001b[2J, and models:/a in sync/1" in message(of)
    assert all(each["message"].isprintable() for each in whole["conditions"])


def test_the_name_of_a_fact_is_shown_whole_so_that_it_can_be_accepted() -> None:
    fact = f"parameters.{'%2F' * 250}"
    (told,) = status(
        report(component("m", seen({fact: "1"}), seen({fact: "2"}))), now=NOW, previous=None
    )["components"]

    assert [each["fact"] for each in told["differences"]] == [fact]
    assert Accept(component="m", fact=fact, reason="understood").fact == fact


def test_two_long_values_stay_different_when_they_are_cut() -> None:
    one, other = ("x" * 5000 + end for end in "ab")

    assert cut(one, 100) != cut(other, 100)
    assert len(cut(one, 100)) < 160
    assert cut(HASH, 10) == HASH


def test_an_empty_value_is_visible() -> None:
    assert short("") == "(empty)"
