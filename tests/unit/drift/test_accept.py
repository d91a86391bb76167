"""Acceptances: exactly what somebody understood, and only until its end."""

import pytest

from stagingmirror.drift.accept import accepting, without_effect
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import (
    PRESENT,
    Absent,
    Acceptance,
    Difference,
    Fact,
    Observations,
    Seen,
    Unseen,
)
from stagingmirror.drift.verdict import Accepted, Drifted
from support.kinds.observations import NOW, STALE_AFTER, absent, seen, unseen

DIFFERENCE = Difference("memory", "16Gi", "8Gi")


@pytest.mark.parametrize(
    "acceptance",
    [
        Acceptance("serving", "memory", "smaller nodes"),
        Acceptance("serving", "memory", "smaller nodes", production="16Gi"),
        Acceptance("serving", "memory", "smaller nodes", production="16Gi", staging="8Gi"),
        Acceptance("serving", "memory", "smaller nodes", until=NOW + 0.001),
        Acceptance("serving", "mem*", "smaller nodes"),
        Acceptance("serving", "*", "smaller nodes"),
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
        Acceptance("serving", "Mem*", "other letters"),
        Acceptance("serving", "m*o", "another end"),
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


def test_that_staging_lacks_a_component_is_accepted_by_name_only() -> None:
    lacking = Difference(PRESENT, "yes", "no")

    assert accepting(lacking, "serving", [Acceptance("serving", "*", "all")], NOW) is None
    assert accepting(lacking, "serving", [Acceptance("serving", PRESENT, "not yet")], NOW)


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


MANY = {f"parameters.{n:02}": "1" for n in range(12)}
SHOWN: dict[str, Fact | str] = {
    "memory": "1",
    "contentHash": "a",
    "version": Fact("3", compared=False),
}


def futile(fact: str, *, of: Observations | None = None) -> tuple[str, ...]:
    both = of or Observations(seen(SHOWN), seen(SHOWN))
    return without_effect([Acceptance("serving", fact, "r")], "serving", both, ("loadedBy.",))


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        (
            "mem*y.*",
            "production and staging have no fact that fits mem*y.*, so its accept has no effect; "
            "compared are: contentHash, memory.",
        ),
        (
            "memroy",
            "production and staging have no fact memroy, so its accept has no effect; compared "
            "are: contentHash, memory.",
        ),
        (
            "version",
            "production's and staging's version is not compared, so its accept has no effect; "
            "compared are: contentHash, memory.",
        ),
        (
            "contentHash/model.skops",
            "production and staging are compared by contentHash, and contentHash/model.skops is a "
            "detail of it, so its accept has no effect; accept contentHash; compared are: "
            "contentHash, memory.",
        ),
    ],
)
def test_an_acceptance_of_what_is_not_compared_comes_with_what_is(fact: str, told: str) -> None:
    assert futile(fact) == (told,)


def test_what_is_compared_is_counted_where_it_is_much() -> None:
    (told,) = futile("memory", of=Observations(seen(MANY), seen(MANY)))

    assert told.endswith("parameters.06, parameters.07 and 4 more.")


@pytest.mark.parametrize(
    "fact", ["memory", "mem*", "*", PRESENT, "loadedBy.Deployment/batch", "loaded*", "*batch"]
)
def test_an_acceptance_of_what_may_come_to_differ_is_as_it_should_be(fact: str) -> None:
    assert futile(fact) == ()


@pytest.mark.parametrize("other", [unseen(), absent()])
def test_nothing_is_concluded_from_what_was_not_seen(other: Unseen | Absent) -> None:
    for both in (Observations(seen(SHOWN), other), Observations(other, seen(SHOWN))):
        assert futile("memroy", of=both) == ()


def test_what_an_environment_accepts_is_not_sought_in_each_mirror() -> None:
    shared = Acceptance("serving", "memroy", "r", environment="staging")

    assert without_effect([shared], "serving", Observations(seen(SHOWN), seen(SHOWN)), ()) == ()


def test_a_fact_of_one_side_alone_can_be_accepted() -> None:
    assert futile("extra", of=Observations(seen(SHOWN), seen(SHOWN | {"extra": "1"}))) == ()
