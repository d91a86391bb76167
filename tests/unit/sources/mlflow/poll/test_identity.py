"""Which registry answers, by what it holds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.sources.mlflow.poll.identity import (
    Compared,
    Evidence,
    ModelIdentity,
    Noted,
    RegistryIdentity,
    Span,
    evidence,
    same,
)

FRAUD = ModelIdentity(100, {"1": 101, "2": 150})


def registry(**models: ModelIdentity) -> RegistryIdentity:
    return RegistryIdentity(models)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (registry(fraud=FRAUD), registry(fraud=FRAUD), True),
        (registry(fraud=FRAUD), registry(fraud=FRAUD, more=FRAUD), True),
        (registry(fraud=FRAUD), registry(fraud=ModelIdentity(200, {"1": 201})), None),
        (registry(fraud=FRAUD), registry(), None),
        (registry(a=FRAUD), registry(b=FRAUD), None),
        (registry(), registry(), None),
    ],
)
def test_a_registry_is_known_by_when_its_models_were_made(
    one: RegistryIdentity, other: RegistryIdentity, verdict: bool | None
) -> None:
    assert same(one, other) is verdict
    assert same(other, one) is verdict


def observed(*moments: float, **models: int | None) -> RegistryIdentity:
    """These models, each as it is at the first of the moments and at the last; None: it is not
    there. A round takes a second.
    """
    kept = Evidence()
    for moment in moments:
        kept.note(models, Span(moment, moment + 1), kept=models)
    there = {name: ModelIdentity(made, {}) for name, made in models.items() if made is not None}
    return RegistryIdentity(there, kept.noted, moments[-1])


ABSENT = None


@pytest.mark.parametrize(
    ("here", "there", "verdict"),
    [
        (observed(0, 30, fraud=7), observed(10, fraud=ABSENT), False),
        (observed(0, 30, fraud=7), observed(10, 40, fraud=ABSENT), False),
        (observed(0, 60, fraud=7), observed(10, 40, fraud=ABSENT), False),
        (observed(20, 60, fraud=7), observed(10, 40, fraud=ABSENT), False),
        (observed(0, 30, fraud=7), observed(10, fraud=8), False),
        (observed(0, 30, 60, fraud=7), observed(0, 30, 60, fraud=8), False),
        (observed(0, 30, fraud=7), observed(0, 30, fraud=8), None),
        # Once here and once there: it may have been deleted, created or renamed in between.
        (observed(0, fraud=7), observed(10, fraud=ABSENT), None),
        (observed(10, fraud=7), observed(0, fraud=ABSENT), None),
        (observed(10, fraud=7), observed(0, 20, fraud=ABSENT), None),
        (observed(0, 30, fraud=7), observed(29.5, fraud=ABSENT), None),
        (observed(0, 30, fraud=7), observed(0.5, fraud=ABSENT), None),
        (observed(0, 30, fraud=ABSENT), observed(10, 40, fraud=ABSENT), None),
    ],
)
def test_a_model_that_stays_here_while_it_is_not_there_proves_two_registries(
    here: RegistryIdentity, there: RegistryIdentity, verdict: bool | None
) -> None:
    assert same(here, there) is verdict
    assert same(there, here) is verdict


def test_what_one_has_and_the_other_was_not_asked_for_is_the_next_evidence() -> None:
    here = observed(0, fraud=7, churn=8, price=ABSENT)

    assert list(evidence(here, observed(0, fraud=ABSENT))) == ["churn"]
    assert list(evidence(observed(0, fraud=ABSENT), here)) == []


def test_what_seems_to_be_two_models_is_the_next_evidence_though_nobody_wants_it() -> None:
    here, there = registry(a=FRAUD, b=FRAUD), registry(a=FRAUD, b=ModelIdentity(999, {}))

    assert list(evidence(here, there)) == ["b"]
    assert list(evidence(there, here)) == ["b"]


def test_a_model_that_was_made_anew_is_evidence_only_from_then_on() -> None:
    kept = Evidence()
    kept.note({"fraud": 7}, Span(0, 1), kept={"fraud"})
    kept.note({"fraud": 8}, Span(10, 11), kept={"fraud"})
    kept.note({}, Span(20, 21), kept={"fraud"})
    kept.note({"fraud": 8}, Span(30, 31), kept={"fraud", "churn"})

    assert kept.noted == {"fraud": Noted(8, Span(10, 11), Span(30, 31), Span(30, 31))}


def test_a_name_that_nobody_wants_any_more_is_forgotten() -> None:
    kept = Evidence()
    kept.note({"fraud": 7}, Span(0, 1), kept={"fraud"})
    kept.note({}, Span(10, 11), kept=set())

    assert kept.noted == {}


def test_a_restored_backup_is_another_registry_once_a_version_differs() -> None:
    backup = registry(fraud=ModelIdentity(100, {"2": 150, "3": 170}))
    went_on = registry(fraud=ModelIdentity(100, {"2": 150, "3": 180}))

    assert same(backup, went_on) is False


@pytest.mark.parametrize(
    ("went_on", "verdict"),
    [
        pytest.param(ModelIdentity(100, {"2": 151}), False, id="version"),
        # Two models of one registry may have changed their names between the two looks.
        pytest.param(ModelIdentity(999, {}), None, id="model"),
    ],
)
def test_one_thing_made_at_two_times_is_evidence_whatever_else_they_share(
    went_on: ModelIdentity, verdict: bool | None
) -> None:
    one, other = registry(a=FRAUD, b=FRAUD), registry(a=FRAUD, b=went_on)

    assert same(one, other) is verdict


def test_a_model_of_another_age_proves_two_registries_whatever_else_they_share() -> None:
    here, there = observed(0, 30, a=7, b=8), observed(10, a=7, b=9)

    assert same(here, there) is False


@pytest.mark.parametrize("behind", [0, 7200])
def test_names_that_two_models_exchange_between_the_looks_prove_nothing(behind: int) -> None:
    """Whatever the server's clock shows."""
    made = (-behind * 1000, -behind * 1000 - 5)
    before = observed(3600, a=made[0], b=made[1])
    after = observed(3630, a=made[1], b=made[0])

    assert same(before, after) is not False


@pytest.mark.parametrize(
    "made_again", [ModelIdentity(990_000, {}), ModelIdentity(100, {"2": 990_000})]
)
def test_what_was_deleted_and_made_again_between_the_looks_proves_nothing(
    made_again: ModelIdentity,
) -> None:
    before = replace(registry(a=FRAUD), began=989)
    after = replace(registry(a=made_again), began=992)

    assert same(before, after) is not False


@given(
    st.dictionaries(
        st.sampled_from("abc"),
        st.builds(ModelIdentity, st.integers(1, 3), st.dictionaries(st.just("1"), st.integers())),
    ),
)
def test_a_registry_is_never_another_than_itself(
    models: dict[str, ModelIdentity],
) -> None:
    one = RegistryIdentity(models)

    assert same(one, one) is not False


def test_a_newer_answer_of_either_side_is_compared_anew() -> None:
    compared, pair = Compared(), ("production", "staging")
    one, other = registry(fraud=FRAUD), registry(fraud=ModelIdentity(100, {"2": 151}))
    doubts: list[int] = []

    assert compared.same(pair, one, other, doubts.append) is False
    assert compared.same(pair, one, registry(fraud=FRAUD), doubts.append) is True
    assert compared.same(pair, registry(), other, doubts.append) is None
    assert doubts == [0]


def test_one_answer_that_leaves_it_open_is_one_doubt() -> None:
    compared, pair = Compared(), ("production", "staging")
    one, other = registry(a=FRAUD), registry()
    doubts: list[int] = []

    for answer in (other, other, registry(), registry()):
        compared.same(pair, one, answer, doubts.append)

    assert doubts == [0, 1, 2]
