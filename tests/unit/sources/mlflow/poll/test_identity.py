"""Which registry answers, by what it holds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagingmirror.sources.mlflow.poll.identity import (
    Compared,
    ModelIdentity,
    RegistryIdentity,
    same,
)

FRAUD = ModelIdentity(100, {"1": 101, "2": 150})


def registry(founded: int | None = None, **models: ModelIdentity) -> RegistryIdentity:
    return RegistryIdentity(founded, models)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (registry(1, fraud=FRAUD), registry(1, fraud=FRAUD), True),
        (registry(None, fraud=FRAUD), registry(None, fraud=FRAUD, more=FRAUD), True),
        (registry(1, fraud=FRAUD), registry(2, fraud=ModelIdentity(200, {"1": 201})), False),
        (registry(1), registry(2), False),
        (registry(1), registry(1), True),
        (registry(1, fraud=FRAUD), registry(2), False),
        (registry(None), registry(1), None),
        (registry(None, a=FRAUD), registry(None, b=FRAUD), None),
    ],
)
def test_a_registry_is_known_by_when_its_things_were_made(
    one: RegistryIdentity, other: RegistryIdentity, verdict: bool | None
) -> None:
    assert same(one, other) is verdict
    assert same(other, one) is verdict


def test_a_restored_backup_is_another_registry_once_a_version_differs() -> None:
    backup = registry(1, fraud=ModelIdentity(100, {"2": 150, "3": 170}))
    went_on = registry(1, fraud=ModelIdentity(100, {"2": 150, "3": 180}))

    assert same(backup, went_on) is False


@pytest.mark.parametrize(
    "went_on", [ModelIdentity(999, {}), ModelIdentity(100, {"2": 151})], ids=["model", "version"]
)
def test_one_thing_made_at_two_times_proves_two_registries_whatever_else_they_share(
    went_on: ModelIdentity,
) -> None:
    one, other = registry(1, a=FRAUD, b=FRAUD), registry(1, a=FRAUD, b=went_on)

    assert same(one, other) is False


@pytest.mark.parametrize(
    "made_again", [ModelIdentity(990_000, {}), ModelIdentity(100, {"2": 990_000})]
)
def test_what_was_deleted_and_made_again_between_the_looks_proves_nothing(
    made_again: ModelIdentity,
) -> None:
    before = replace(registry(1, a=FRAUD), began=989)
    after = replace(registry(1, a=made_again), began=992)

    assert same(before, after) is True


@given(
    st.dictionaries(
        st.sampled_from("abc"),
        st.builds(ModelIdentity, st.integers(1, 3), st.dictionaries(st.just("1"), st.integers())),
    ),
    st.none() | st.integers(1, 3),
)
def test_a_registry_is_never_another_than_itself(
    models: dict[str, ModelIdentity], founded: int | None
) -> None:
    one = RegistryIdentity(founded, models)

    assert same(one, one) is not False


def test_a_newer_answer_of_either_side_is_compared_anew() -> None:
    compared, pair = Compared(), ("production", "staging")
    one, other = registry(1), registry(2)

    assert compared.same(pair, one, other) is False
    assert compared.same(pair, one, registry(1)) is True
    assert compared.same(pair, registry(2), other) is True
