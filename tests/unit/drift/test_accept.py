"""Acceptances: exactly what somebody understood, and only until its end."""

import pytest

from stagingmirror.drift.accept import accepting
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Acceptance, Difference, Fact, Observations, Seen
from stagingmirror.drift.verdict import Accepted, Drifted
from support.kinds.observations import NOW, STALE_AFTER, seen

DIFFERENCE = Difference("memory", "16Gi", "8Gi")


@pytest.mark.parametrize(
    "acceptance",
    [
        Acceptance("serving", "memory", "smaller nodes"),
        Acceptance("serving", "memory", "smaller nodes", production="16Gi"),
        Acceptance("serving", "memory", "smaller nodes", production="16Gi", staging="8Gi"),
        Acceptance("serving", "memory", "smaller nodes", until=NOW + 0.001),
    ],
)
def test_an_acceptance_in_force_covers_its_difference(acceptance: Acceptance) -> None:
    assert accepting(DIFFERENCE, "serving", [acceptance], NOW) is acceptance


@pytest.mark.parametrize(
    "acceptance",
    [
        Acceptance("other", "memory", "another component"),
        Acceptance("serving", "cpu", "another fact"),
        Acceptance("serving", "memor", "a part of its name"),
        Acceptance("serving", "memory", "another value", production="32Gi"),
        Acceptance("serving", "memory", "another value", production="16Gi", staging="4Gi"),
        Acceptance("serving", "memory", "ended", until=NOW),
    ],
    ids=lambda each: each.reason,
)
def test_an_acceptance_never_covers_more_than_it_says(acceptance: Acceptance) -> None:
    assert accepting(DIFFERENCE, "serving", [acceptance], NOW) is None


def test_an_acceptance_that_names_a_value_does_not_cover_a_fact_that_is_missing() -> None:
    missing = Difference("memory", None, "8Gi")
    named = Acceptance("serving", "memory", "smaller", production="16Gi")

    assert accepting(missing, "serving", [named], NOW) is None


def test_accepting_a_fact_covers_its_details_but_not_other_facts() -> None:
    def side(value: str) -> Seen:
        facts = {"hash": Fact(value), "other": Fact(value)}
        return Seen(facts, NOW, details={"hash": lambda: {"a": value}})

    observations = Observations(side("1"), side("2"))
    acceptance = Acceptance("model", "hash", "masked tokenizer")

    judged = judge(
        "model", observations, acceptances=[acceptance], now=NOW, stale_after=STALE_AFTER
    )

    assert isinstance(judged, Drifted)
    assert [each.fact for each in judged.differences] == ["other"]
    assert [each.fact for each in judged.accepted] == ["hash", "hash/a"]


def test_accepting_a_detail_does_not_accept_its_fact() -> None:
    observations = Observations(
        seen({"hash": "1", "hash/a": "1"}), seen({"hash": "2", "hash/a": "2"})
    )
    acceptance = Acceptance("model", "hash/a", "masked tokenizer")

    judged = judge(
        "model", observations, acceptances=[acceptance], now=NOW, stale_after=STALE_AFTER
    )

    assert isinstance(judged, Drifted)


def test_what_is_wholly_accepted_tells_each_reason_once_with_its_end() -> None:
    observations = Observations(seen({"a": "1", "b": "1"}), seen({"a": "2", "b": "2"}))
    acceptances = [
        Acceptance("serving", fact, "smaller nodes, MLP-212", until=NOW + 3600) for fact in "ab"
    ]

    judged = judge(
        "serving", observations, acceptances=acceptances, now=NOW, stale_after=STALE_AFTER
    )

    assert isinstance(judged, Accepted)
    assert judged.reasons == ("smaller nodes, MLP-212 (until 2027-01-15 09:00 UTC)",)
