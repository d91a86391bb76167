"""Judging: what was not seen is never claimed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.drift.compare import MAX_DETAILS, compare, judge
from stagingmirror.drift.facts import (
    PRESENT,
    Acceptance,
    Difference,
    Fact,
    Hold,
    Observation,
    Observations,
    Seen,
    Unseen,
    Why,
)
from stagingmirror.drift.verdict import Accepted, Drifted, Held, InSync, Unknown, Verdict
from support.kinds import observations as given_looks
from support.kinds.observations import NOW, STALE_AFTER, absent, holding, seen, unseen


def verdict(
    production: Observation,
    staging: Observation,
    *acceptances: Acceptance,
    hold: Hold | None = None,
) -> Verdict:
    return judge(
        "same",
        Observations(production, staging),
        acceptances=acceptances,
        hold=hold,
        now=NOW,
        stale_after=STALE_AFTER,
    )


def test_equal_facts_are_in_sync() -> None:
    assert verdict(seen({"a": "1", "b": "2"}), seen({"b": "2", "a": "1"})) == InSync(2)


def test_a_fact_that_differs_is_drift_with_both_values() -> None:
    assert verdict(seen({"a": "1"}), seen({"a": "2"})) == Drifted((Difference("a", "1", "2"),))


@pytest.mark.parametrize(
    ("production", "staging", "difference"),
    [
        ({"a": "1", "b": "2"}, {"a": "1"}, Difference("b", "2", None)),
        ({"a": "1"}, {"a": "1", "b": "2"}, Difference("b", None, "2")),
    ],
)
def test_a_fact_that_only_one_side_has_is_drift(
    production: dict[str, str], staging: dict[str, str], difference: Difference
) -> None:
    assert verdict(seen(production), seen(staging)) == Drifted((difference,))


def test_staging_must_show_what_production_expects_of_it() -> None:
    production = seen({"value": Fact("2026-11-20", expected="masked/2026-11-20")})

    assert verdict(production, seen({"value": "masked/2026-11-20"})) == InSync(1)
    assert verdict(production, seen({"value": "2026-11-20"})) == Drifted(
        (Difference("value", "2026-11-20", "2026-11-20", expected="masked/2026-11-20"),)
    )


def test_a_fact_that_is_only_told_never_counts() -> None:
    told = Fact("12", compared=False), Fact("11", compared=False)

    assert verdict(
        seen({"digest": "d", "version": told[0]}), seen({"digest": "d", "version": told[1]})
    ) == InSync(1)


def test_a_fact_that_one_side_wants_compared_is_compared() -> None:
    judged = verdict(seen({"a": "1", "b": "2"}), seen({"a": "1", "b": Fact("3", compared=False)}))

    assert judged == Drifted((Difference("b", "2", "3"),))


@pytest.mark.parametrize("side", ["production", "staging"])
def test_a_side_that_was_not_seen_makes_unknown_with_its_reason(side: str) -> None:
    other = seen({"a": "1"})
    judged = verdict(unseen(), other) if side == "production" else verdict(other, unseen())

    assert isinstance(judged, Unknown)
    assert (judged.why, judged.side) == (unseen().why, side)


@pytest.mark.parametrize("side", ["production", "staging"])
def test_a_look_older_than_stale_after_is_no_look(side: str) -> None:
    young, old = seen({"a": "1"}), seen({"a": "1"}, age=STALE_AFTER + 1)
    judged = verdict(old, young) if side == "production" else verdict(young, old)

    assert isinstance(judged, Unknown)
    assert (judged.why.reason, judged.side) == ("StaleObservation", side)


def test_a_stale_look_tells_the_trouble_of_the_newest_asking() -> None:
    trouble = Why("NotAnswering", "MLflow answered 500.")
    stale = seen({"a": "1"}, age=STALE_AFTER + 1, trouble=trouble)

    assert verdict(seen({"a": "1"}), stale) == Unknown(trouble, side="staging")


def test_one_failed_look_changes_nothing_while_the_answer_before_it_is_young() -> None:
    trouble = Why("NotAnswering", "MLflow answered 500.")

    assert verdict(seen({"a": "1"}), seen({"a": "1"}, age=100, trouble=trouble)) == InSync(1)


def test_a_look_from_the_future_is_no_look_because_nobody_knows_its_age() -> None:
    for age in (-2, -STALE_AFTER - 1):
        assert isinstance(verdict(seen({"a": "1"}), seen({"a": "1"}, age=age)), Unknown)

    assert isinstance(verdict(seen({"a": "1"}), seen({"a": "1"}, age=-0.5)), InSync)


@pytest.mark.parametrize("staging", [seen({"a": "1"}), absent()])
def test_what_production_does_not_have_is_never_equal_even_if_staging_lacks_it_too(
    staging: Observation,
) -> None:
    judged = verdict(absent("alias champion"), staging)

    assert isinstance(judged, Unknown)
    assert judged.why.reason == "NothingToMirror"
    assert "alias champion" in judged.why.message


def test_what_staging_does_not_have_is_drift() -> None:
    assert verdict(seen({"a": "1"}), absent()) == Drifted((Difference(PRESENT, "yes", "no"),))


@pytest.mark.parametrize("staging", [seen({"a": "1"}), seen(), absent()])
@pytest.mark.parametrize("facts", [{}, {"version": Fact("1", compared=False)}])
def test_a_component_without_a_compared_fact_is_unknown(
    facts: dict[str, Fact], staging: Observation
) -> None:
    judged = verdict(seen(facts), staging)

    assert isinstance(judged, Unknown)
    assert judged.why.reason == "NothingCompared"


def test_details_of_a_fact_that_is_only_shown_make_nothing_in_sync() -> None:
    shown = {"contentHash": Fact("9f0c", compared=False)}

    for staging in ({}, shown, {"contentHash": Fact("9f0c", compared=False)}):
        judged = verdict(Seen(shown, NOW), Seen(staging, NOW))

        assert isinstance(judged, Unknown)
        assert judged.why.reason == "NothingCompared"


def test_absence_counts_only_while_it_is_fresh() -> None:
    assert isinstance(verdict(seen({"a": "1"}), absent(age=STALE_AFTER + 1)), Unknown)


def detailed(facts: dict[str, str], **details: str) -> Seen:
    """``details`` explain ``hash``."""
    shown = {name: Fact(value) for name, value in facts.items()}
    return Seen(shown, NOW, details={"hash": lambda: details})


def test_details_that_differ_follow_their_fact_in_order() -> None:
    production = detailed({"hash": "h1", "hash.x": "1"}, b="2", a="1", c="3")
    staging = detailed({"hash": "h2", "hash.x": "2"}, b="2", a="9", d="4")

    judged = verdict(production, staging)

    assert isinstance(judged, Drifted)
    assert judged.differences == (
        Difference("hash", "h1", "h2"),
        Difference("hash/a", "1", "9"),
        Difference("hash/c", "3", None),
        Difference("hash/d", None, "4"),
        Difference("hash.x", "1", "2"),
    )


def test_details_never_count_on_their_own() -> None:
    same = verdict(detailed({"hash": "h"}, a="1"), detailed({"hash": "h"}, a="2"))

    assert same == InSync(1)


def test_details_are_read_only_where_their_fact_differs() -> None:
    def unwanted() -> dict[str, str]:
        raise AssertionError("read though nothing differs")

    side = Seen({"hash": Fact("h"), "x": Fact("1")}, NOW, details={"hash": unwanted})

    assert verdict(side, side) == InSync(2)
    assert isinstance(verdict(side, seen({"hash": "h", "x": "2"})), Drifted)


def test_a_name_with_a_slash_counts_like_any_other() -> None:
    judged = verdict(seen({"lr/decay": "1"}), seen({"lr/decay": "2"}))

    assert judged == Drifted((Difference("lr/decay", "1", "2"),))


def test_details_are_bounded_and_the_rest_is_counted() -> None:
    production = detailed({"hash": "1"}, **{f"{n:03}": "1" for n in range(MAX_DETAILS + 7)})
    judged = verdict(production, seen({"hash": "2"}))

    assert isinstance(judged, Drifted)
    assert len(judged.differences) == 1 + MAX_DETAILS
    assert judged.unlisted == 7


def test_equality_is_declared_only_where_no_fact_is_proven_on_both_sides() -> None:
    declared = Fact("1", declared=True)

    assert verdict(seen({"a": declared}), seen({"a": "1"})) == InSync(1, declared=True)
    assert verdict(seen({"a": declared, "b": "1"}), seen({"a": "1", "b": "1"})) == InSync(2)


def test_a_held_component_is_held_and_its_differences_are_told() -> None:
    judged = verdict(seen({"a": "1"}), seen({"a": "2"}), hold=holding("same"))

    assert isinstance(judged, Held)
    assert judged.differences == (Difference("a", "1", "2"),)
    assert (judged.hold, judged.reason, judged.unseen) == ("ci-4711", "candidate 14", None)


def test_a_hold_does_not_hide_that_a_side_was_not_seen() -> None:
    judged = verdict(seen({"a": "1"}), unseen(), hold=holding("same"))

    assert isinstance(judged, Held)
    assert judged.unseen == unseen().why


@pytest.mark.parametrize(
    "hold",
    [holding("same", until=NOW), holding("another"), holding()],
    ids=["ended", "other", "all"],
)
def test_a_hold_does_nothing_once_ended_nor_for_components_that_it_does_not_name(
    hold: Hold,
) -> None:
    assert isinstance(verdict(seen({"a": "1"}), seen({"a": "2"}), hold=hold), Drifted)


@given(given_looks.observations)
def test_nothing_is_in_sync_unless_both_sides_were_freshly_seen_and_compared(
    observations: Observations,
) -> None:
    judged = verdict(observations.production, observations.staging)

    if isinstance(judged, InSync | Accepted):
        for side in (observations.production, observations.staging):
            assert not isinstance(side, Unseen)
            assert abs(NOW - side.began) <= STALE_AFTER
        assert isinstance(observations.production, Seen)
        assert any(fact.compared for fact in observations.production.facts.values())
    if isinstance(judged, InSync):
        assert judged.compared > 0


def turn(look: Observation) -> Observation:
    if not isinstance(look, Seen):
        return look
    return Seen(dict(reversed(list(look.facts.items()))), look.began, trouble=look.trouble)


@given(given_looks.observations)
def test_the_order_in_which_facts_are_told_changes_nothing(observations: Observations) -> None:
    turned = verdict(turn(observations.production), turn(observations.staging))

    assert turned == verdict(observations.production, observations.staging)


@given(given_looks.observations, st.lists(given_looks.acceptances, max_size=4))
def test_acceptances_only_turn_drift_into_accepted_and_nothing_else(
    observations: Observations, acceptances: list[Acceptance]
) -> None:
    without = verdict(observations.production, observations.staging)
    judged = verdict(observations.production, observations.staging, *acceptances)

    if not isinstance(without, Drifted):
        assert judged == without
    else:
        assert isinstance(judged, Drifted | Accepted)
        left = judged.differences if isinstance(judged, Drifted) else ()
        assert set(left) | set(judged.accepted) == set(without.differences)


@given(st.dictionaries(given_looks.names, given_looks.facts))
def test_a_side_compared_with_itself_differs_only_where_staging_should_differ(
    facts: dict[str, Fact],
) -> None:
    plain = {name: Fact(fact.value, compared=fact.compared) for name, fact in facts.items()}

    assert compare(plain, plain).differences == ()
