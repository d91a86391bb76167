"""Of answers without a value nothing is claimed."""

from dataclasses import replace

from stagingmirror.drift.facts import Unseen
from stagingmirror.reasons import Reason
from support.parity.answers import AMOUNT, EQUAL, answering, differing, look

NOTHING = replace(EQUAL, features=(replace(AMOUNT, valued=0), replace(AMOUNT, valued=0)))


def test_two_sides_that_know_none_of_the_ids_are_not_equal_but_unknown() -> None:
    found = look(answering(NOTHING))

    assert isinstance(found, Unseen)
    assert found.why.reason == Reason.NOTHING_COMPARED


def test_one_feature_with_values_is_enough() -> None:
    some = replace(NOTHING, features=(AMOUNT, *NOTHING.features))

    assert not isinstance(look(answering(some)), Unseen)


def test_what_differs_differs_without_values_too() -> None:
    assert not isinstance(look(answering(differing(valued=0))), Unseen)
