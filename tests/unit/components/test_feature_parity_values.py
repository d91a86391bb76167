"""Of answers without a value, and of few answers, nothing is claimed."""

from dataclasses import replace

from stagingmirror.drift.facts import Seen, Unseen
from stagingmirror.drift.verdict import Unknown
from stagingmirror.reasons import Reason
from support.parity.answers import AMOUNT, EQUAL, answering, differing, look, verdict

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


def test_a_feature_that_few_samples_were_judged_of_is_unknown_however_many_were_sent() -> None:
    few = replace(AMOUNT, group="logic", judged=49)
    found = verdict(answering(replace(EQUAL, features=(AMOUNT, few))))

    assert isinstance(found, Unknown)
    assert found.why.reason == Reason.TOO_FEW_SAMPLES


def test_the_bound_that_is_shown_is_that_of_the_feature_with_fewest_samples() -> None:
    fewer = replace(AMOUNT, name="age", judged=100)
    found = look(answering(replace(EQUAL, features=(AMOUNT, fewer))))

    assert isinstance(found, Seen)
    assert "0 of 100 differ: < 3 % at 95 %." in found.findings
