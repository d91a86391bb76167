"""Values and names of facts, as a status has them."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stagingmirror.api.spec.accept import Accept
from stagingmirror.api.status.report import ComponentReport
from stagingmirror.api.status.sides import in_words, one
from stagingmirror.api.status.truncation import cut, short
from stagingmirror.drift.facts import Difference
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


DIGESTS = st.sampled_from(["sha256:" + "82cb1fbc" + end * 56 for end in "abc"])
TEXTS = st.one_of(
    st.none(),
    st.sampled_from(["", "nothing", "(empty)", '"nothing"', "a value that is not shown", "(none)"]),
    DIGESTS,
    st.builds("".join, st.tuples(st.just("x" * 200), st.text(max_size=5))),
    st.text(max_size=80),
)


@given(TEXTS, TEXTS, TEXTS)
def test_two_sides_that_differ_never_read_alike(
    one_value: str | None, other: str | None, expected: str | None
) -> None:
    assume(one_value != other)

    shown = in_words(one_value, other)
    told = one(Difference("value", one_value, other))
    assert shown[0] != shown[1]
    assert told == f"value: production has {shown[0]}, staging has {shown[1]}"
    assume(expected not in (None, one_value, other))
    told = one(Difference("value", one_value, other, expected=expected))
    at_hand, wanted = in_words(other, expected)
    assert told.endswith(f"staging has {at_hand} (staging should have {wanted})")
    assert at_hand != wanted


@given(TEXTS)
def test_a_sealed_value_is_told_from_every_text(text: str | None) -> None:
    assert len(set(in_words("hmac-sha256:aa", text))) == 2


def test_two_values_that_are_not_shown_are_said_to_differ() -> None:
    of = component("url", seen({"value": "hmac-sha256:aa"}), seen({"value": "hmac-sha256:bb"}))

    assert message(of) == "value: production's and staging's values differ, and are not shown"
