"""A verdict says no more than samples have shown."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.drift.facts import Seen, Unseen, Why
from stagingmirror.drift.verdict import Drifted, InSync, Unknown, Verdict
from stagingmirror.sources.endpoint.subjects import LeftOut, Refusals
from support.kinds.builders import NOW, STAGING, World, workload
from support.kinds.features import features
from support.kinds.recording import recording
from support.parity.answers import (
    AMOUNT,
    EQUAL,
    KIND,
    SUBJECT,
    answering,
    around,
    differing,
    entry,
    look,
    verdict,
)


def reason(found: Verdict) -> str | None:
    return found.why.reason if isinstance(found, Unknown) else None


def differences(found: Verdict) -> set[str]:
    assert isinstance(found, Drifted)
    return {each.fact for each in found.differences}


def findings(world: World) -> str:
    """Of both sides."""
    both = [look(world, role) for role in ("production", "staging")]
    return " ".join(text for each in both if isinstance(each, Seen) for text in each.findings)


def test_equal_answers_are_in_sync_with_the_bound_of_what_was_sent() -> None:
    world = answering()

    assert isinstance(verdict(world), InSync)
    assert "0 of 300 differ: < 1 % at 95 %" in findings(world)


def test_nothing_of_what_is_equal_changes_from_probe_to_probe() -> None:
    facts = [
        {name: fact for name, fact in found.facts.items() if fact.compared}
        for found in (
            look(answering()),
            look(answering(latency=(0.5, 0.6), began=1.0, took=9.0, distinct=200)),
        )
        if isinstance(found, Seen)
    ]

    assert facts[0] == facts[1]
    assert len(facts) == 2


@pytest.mark.parametrize("group", ["logic", "data", "values"])
def test_a_feature_that_differs_is_a_fact_of_its_group_with_its_counts(group: Any) -> None:
    found = verdict(answering(differing(group=group)))

    assert differences(found) == {f"{group}.amount"}
    assert isinstance(found, Drifted)
    (difference,) = found.differences
    assert difference.staging == "12 of 300 differ, noise 0"


def test_too_few_distinct_samples_prove_no_equality_and_do_prove_a_difference() -> None:
    assert reason(verdict(answering(distinct=49))) == "TooFewSamples"
    assert isinstance(verdict(answering(distinct=50)), InSync)
    assert isinstance(verdict(answering(differing(), distinct=2)), Drifted)


def test_a_feature_that_is_too_noisy_is_not_in_sync() -> None:
    noisy = replace(EQUAL, features=(replace(AMOUNT, noise=200, noisy=True),))

    assert reason(verdict(answering(noisy))) == "TooNoisy"


def test_a_feature_that_no_sample_could_judge_is_not_in_sync() -> None:
    unjudged = replace(EQUAL, features=(replace(AMOUNT, judged=0),))

    assert reason(verdict(answering(unjudged))) == "TooFewSamples"


def test_production_that_answers_in_two_ways_measures_nothing() -> None:
    unsteady = replace(EQUAL, unsteady=("amount is a number or a text",))

    assert reason(verdict(answering(unsteady))) == "TooNoisy"


def test_a_sample_that_staging_refuses_is_a_difference_and_one_of_production_is_said() -> None:
    assert differences(verdict(answering(refusals=Refusals(0, 1)))) == {"answers"}

    world = answering(replace(EQUAL, failed=3), refusals=Refusals(2, 0))
    assert "production refuses 2 samples" in findings(world)
    assert "1 sample got no answer" in findings(world)


def test_what_was_refused_is_not_counted_as_unanswered_too() -> None:
    world = answering(replace(EQUAL, failed=2), refusals=Refusals(2, 0))

    assert "got no answer" not in findings(world)


def test_latency_counts_only_where_a_limit_is_given_and_only_above_both_limits() -> None:
    slow = answering(latency=(0.010, 0.100))
    assert isinstance(verdict(slow), InSync)
    assert differences(verdict(slow, entry(latency={}))) == {"latency.p95"}

    little, alike = answering(latency=(0.001, 0.009)), answering(latency=(0.100, 0.140))
    assert isinstance(verdict(little, entry(latency={})), InSync)
    assert isinstance(verdict(alike, entry(latency={})), InSync)


def test_a_probe_that_cannot_keep_its_interval_says_so() -> None:
    assert "one probe takes 901 s" in findings(answering(took=901.0))
    assert "one probe takes" not in findings(answering(took=899.0))


def test_features_that_are_beyond_those_listed_count_together() -> None:
    found = replace(EQUAL, structure=tuple("abcdefg"), structure_differs=9)

    result = verdict(answering(found))

    assert isinstance(result, Drifted)
    (difference,) = result.differences
    assert difference.staging == "a; b; c; d; e; and 4 more"


def test_features_beyond_those_listed_are_not_in_sync_where_no_sample_could_judge_one() -> None:
    left = LeftOut("logic", features=2, differing=0, noisy=0, judged=300, valued=600)
    more = replace(EQUAL, left_out=(left,))
    unjudged = replace(EQUAL, left_out=(replace(left, judged=0),))

    assert isinstance(verdict(answering(more)), InSync)
    assert reason(verdict(answering(unjudged))) == "TooFewSamples"


def test_a_feature_that_is_called_like_the_others_is_not_lost_in_them() -> None:
    left = LeftOut("values", features=2, differing=0, noisy=0, judged=300, valued=600)
    found = replace(differing(name="(others)"), left_out=(left,))

    assert differences(verdict(answering(found))) == {"values.(others)"}


def test_answers_without_a_value_are_not_in_sync_however_many_features_they_have() -> None:
    left = LeftOut("values", features=2, differing=0, noisy=0, judged=300, valued=0)
    listed = replace(EQUAL, features=(replace(AMOUNT, valued=0),))

    assert reason(verdict(answering(replace(listed, left_out=(left,))))) == "NothingCompared"
    elsewhere = replace(listed, left_out=(replace(left, valued=1),))
    assert isinstance(verdict(answering(elsewhere)), InSync)


def test_a_slash_in_the_name_of_a_feature_makes_it_no_detail_of_another() -> None:
    named = differing(name="model/amount%")

    assert differences(verdict(answering(named))) == {"values.model%2Famount%25"}


@pytest.mark.parametrize("why", [Why("TimedOut", "no answer"), Why("NotProbedYet", "not yet")])
def test_what_was_not_answered_is_unknown_for_its_reason(why: Why) -> None:
    world = answering()
    world.nobody_answers = why

    for role in ("production", "staging"):
        found = look(world, role)
        assert isinstance(found, Unseen)
        assert found.why.reason == why.reason


@pytest.mark.parametrize(
    ("sides", "given", "expected"),
    [
        (around(name="other"), {}, "NoEndpoint"),
        (around(), {"samples": {"offered": "others"}}, "NotOffered"),
        (around(), {"staging": {"endpoint": "features", "samples": "own"}}, "NotOffered"),
        (around(protocol="JSON"), {}, "NotComparable"),
    ],
)
def test_what_is_not_offered_by_both_sides_is_a_problem(
    sides: Any, given: Any, expected: str
) -> None:
    found = KIND.problems(entry(**given), sides, World())

    assert found is not None
    assert found.reason == expected


SERVED = {"kind": "Deployment", "namespace": STAGING, "name": "features"}


def test_an_endpoint_of_which_no_pod_runs_is_neither_woken_nor_in_sync() -> None:
    world, asleep = answering(), around(servedBy=SERVED)
    world.add(workload("features", STAGING, pods=()))

    assert reason(verdict(world, sides=asleep)) == "NothingRuns"
    for role in ("production", "staging"):
        view = recording(world)
        KIND.observe(entry(), asleep, role, view, NOW)
        assert SUBJECT not in view.subjects, "what nobody reads is not wanted, so nothing is sent"


def test_an_endpoint_whose_pods_are_not_known_is_not_woken() -> None:
    assert reason(verdict(answering(), sides=around(servedBy=SERVED))) == "NothingRuns"
    silent = answering()
    silent.silent.add("Deployment")
    assert isinstance(look(silent, sides=around(servedBy=SERVED)), Unseen)


def test_an_endpoint_that_runs_or_may_be_woken_is_compared() -> None:
    running = answering().add(features(STAGING))

    assert isinstance(verdict(running, sides=around(servedBy=SERVED)), InSync)
    may_be_woken = around(servedBy=SERVED, wake=True)
    assert isinstance(verdict(answering(), sides=may_be_woken), InSync)


def test_it_writes_nothing_and_is_never_refreshed() -> None:
    sides = around()
    refused = KIND.refusal(entry(), sides)

    assert refused is not None
    assert refused.reason == "NotSupported"
    assert not KIND.writes(entry(), sides)
    assert not KIND.production_places(entry(), sides)


def test_a_feature_with_event_timestamps_has_its_counts_by_group() -> None:
    logic, data = replace(AMOUNT, group="logic", judged=60), replace(AMOUNT, group="data", judged=9)
    differing_logic = replace(logic, differing=60, differs=True)

    seen = look(answering(replace(EQUAL, features=(differing_logic, data))))

    assert isinstance(seen, Seen)
    assert seen.facts["counts.logic.amount"].value == "number: 60 of 60 differ, noise 0"
    assert seen.facts["counts.data.amount"].value == "number: 0 of 9 differ, noise 0"


def test_features_that_look_alike_have_a_row_each() -> None:
    alike = (AMOUNT, replace(AMOUNT, differing=12, differs=True))

    found = look(answering(replace(EQUAL, features=alike)))

    assert isinstance(found, Seen)
    counts = {name: fact.value for name, fact in found.facts.items() if "counts." in name}
    assert counts == {
        "counts.values.amount": "number: 0 of 300 differ, noise 0",
        "counts.values.amount*": "number: 12 of 300 differ, noise 0",
    }
    assert found.facts["values.amount*"].value == "12 of 300 differ, noise 0"
