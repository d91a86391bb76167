"""What must hold between the registries of both sides before anything is written."""

from typing import Any

import pytest

from stagingmirror.actions.copies.copy_model import CopyModel
from stagingmirror.actions.move_alias import MoveAlias
from stagingmirror.actions.patch_workload import PatchWorkload
from stagingmirror.component import Sides
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.mlflow.subjects import RegistryAlias
from support.kinds.builders import environment, proving, sides, version
from support.kinds.fraud import (
    BY_VARIABLE,
    KIND,
    PRODUCTION,
    SHARED,
    STAGING,
    both,
    entry,
    plan,
    registries,
    server,
)


@pytest.mark.parametrize("proven", [None, True])
@pytest.mark.parametrize("alias", ["7", "8"])
def test_nothing_is_written_into_a_registry_that_may_be_productions(
    proven: bool | None, alias: str
) -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, alias), alias="7")
    world.one_registry = proven

    with pytest.raises(CannotRefresh, match="sharesRegistryWith: production") as refused:
        plan(world, entry(BY_VARIABLE))

    assert refused.value.reason == "RegistryNotProven"


def test_what_is_written_into_workloads_only_needs_no_proof_of_registries() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "7"), alias="8")
    world.one_registry = None

    assert [type(step) for step in plan(world, entry(BY_VARIABLE))] == [PatchWorkload]


def test_an_admin_who_says_that_both_are_one_registry_needs_no_proof() -> None:
    given = entry(staging={"model": "fraud-staging"})
    world = registries().register("staging", version("1", "fraud-staging", files={"m": "1"}))
    world.one_registry = None

    steps = plan(world.alias("staging", "1", model="fraud-staging"), given, SHARED)

    assert [type(step) for step in steps] == [CopyModel, MoveAlias]


def test_an_alias_that_some_mirror_names_as_productions_is_left_before_anything_is_copied() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "7"))
    world.productions.add(RegistryAlias("staging", "fraud-detector", "champion"))

    with pytest.raises(CannotRefresh, match="never moved") as refused:
        plan(world, entry(BY_VARIABLE))

    assert refused.value.reason == "ProductionIsReadOnly"


def test_what_staging_may_not_read_is_not_copied_into_it() -> None:
    world = both(server(PRODUCTION, "12"), server(STAGING, "7"))
    small = sides(staging=environment("Staging", content={"maxBytes": "9"}))
    enough = sides(staging=environment("Staging", content={"maxBytes": "10"}))

    with pytest.raises(
        CannotRefresh, match=r'content.maxBytes of environment "staging"'
    ) as refused:
        plan(world, entry(BY_VARIABLE), small)

    assert refused.value.reason == "TooLarge"
    assert isinstance(plan(world, entry(BY_VARIABLE), enough)[0], CopyModel)


NO_SERVER = environment("Staging", mlflow=None)
ONE_ADDRESS = environment("Staging", mlflow={"url": "http://mlflow.ml-prod.svc:5000/"})
OTHER_NAME = {"alias": "live"}


@pytest.mark.parametrize(
    ("around", "same", "staging", "reason"),
    [
        (sides(), None, {}, None),
        (sides(), False, {}, None),
        (SHARED, True, OTHER_NAME, None),
        (SHARED, None, OTHER_NAME, None),
        (sides(staging=NO_SERVER), None, {}, "NoRegistry"),
        (sides(), True, {}, "SameThing"),
        (SHARED, True, {}, "SameThing"),
        (SHARED, True, {"alias": "Champion"}, "SameThing"),
        (SHARED, True, {"model": "Fraud-Detector "}, "SameThing"),
        (sides(), False, {"alias": "Champion"}, None),
        (sides(staging=ONE_ADDRESS), None, {}, "SameThing"),
        (sides(staging=ONE_ADDRESS), None, OTHER_NAME, "SharedRegistry"),
        (sides(), True, OTHER_NAME, "SharedRegistry"),
        (SHARED, False, OTHER_NAME, "NotSharedRegistry"),
    ],
)
def test_what_the_registries_of_both_sides_must_be(
    around: Sides, same: bool | None, staging: dict[str, Any], reason: str | None
) -> None:
    why = KIND.problems(entry(BY_VARIABLE, staging=staging), around, proving(same))

    assert (why and why.reason) == reason


def test_two_spellings_that_may_be_one_alias_are_both_named() -> None:
    why = KIND.problems(entry(staging={"alias": "Champion"}), SHARED, proving(True))

    assert why is not None
    assert "fraud-detector@champion and fraud-detector@Champion" in why.message


@pytest.mark.parametrize("staging", [{}, OTHER_NAME])
def test_what_looks_like_one_registry_is_told_as_no_more_than_that(staging: dict[str, Any]) -> None:
    why = KIND.problems(entry(staging=staging), sides(), proving(True))

    assert why is not None
    assert "look like one registry" in why.message
    assert "if one was restored from a backup of the other, create a registered" in why.message


def test_one_registry_behind_two_addresses_is_told_with_both() -> None:
    why = KIND.problems(entry(), sides(), proving(True))

    assert why is not None
    assert "fraud-detector@champion" in why.message
    assert "http://mlflow.ml-prod.svc:5000 and http://mlflow.ml-staging.svc:5000" in why.message
