"""What is production's, as mirrors name it: only what they may name, and as long as they exist."""

import json
from typing import Any

import pytest

from stagingmirror.sources.mlflow.subjects import RegistryAlias
from support.resources import resources
from support.resources.fleet import MODEL, World, environment, key, mirror


@pytest.mark.parametrize("same", [True, None, False])
def test_an_alias_of_production_is_protected_wherever_its_registry_may_be_reached(
    same: bool | None,
) -> None:
    world = World()
    world.same = same
    world.put(mirror("fraud", 1, track=[resources.model_alias()]))

    assert world.claims.is_production(RegistryAlias("staging", MODEL, "champion")) is same
    assert world.claims.is_production(RegistryAlias("production", MODEL, "champion"))
    assert world.claims.is_production(RegistryAlias("production", MODEL, "challenger")) is False


def revoke(world: World, **spec: Any) -> None:
    """Production's environment grants something else than before."""
    body = environment("production", "Production", "ml-prod", version=2, **spec)
    world.cache.put("mirrorenvironments", body)


MISSPELLED: dict[str, Any] = {"production": {"environment": "producton", "namespace": "ml-prod"}}


@pytest.mark.parametrize(
    "wrong", [{"checkInterval": "soon"}, MISSPELLED], ids=["cannot be read", "environment missing"]
)
def test_a_mirror_that_goes_wrong_keeps_protecting_what_it_named(wrong: dict[str, Any]) -> None:
    world = World()
    world.same = False
    world.put(mirror("fraud", 1, track=[resources.model_alias()]))

    world.put(mirror("fraud", 1, version=2, track=[resources.model_alias()], **wrong))

    assert world.claims.is_production(RegistryAlias("production", MODEL, "champion"))


def test_a_mirror_that_was_never_right_protects_what_it_spells_out() -> None:
    world = World()
    junk = [None, "x", {"modelAlias": 3}, {"modelAlias": {"production": {"alias": "champion"}}}]
    world.put(mirror("fraud", 1, track=[*junk, resources.model_alias()], checkInterval="soon"))

    assert world.claims.is_production(RegistryAlias("production", MODEL, "champion"))
    assert world.claims.is_production(RegistryAlias("production", MODEL, "challenger")) is False


@pytest.mark.parametrize(
    "revoked",
    [
        {"usableFrom": ["another"]},
        {"readable": {}},
        {"readable": {"models": ["other-*"]}},
        {"usableFrom": ["ml-*"]},  # cannot be read
    ],
    ids=["not usable", "nothing offered", "another model offered", "not readable"],
)
@pytest.mark.parametrize("wrong", [{}, {"checkInterval": "soon"}], ids=["right", "wrong"])
def test_a_mirror_that_may_not_name_an_alias_freezes_nobodys(
    revoked: dict[str, Any], wrong: dict[str, Any]
) -> None:
    world = World()
    world.same = None
    revoke(world, **revoked)
    world.put(mirror("fraud", 1, track=[resources.model_alias()], **wrong))

    assert world.claims.is_production(RegistryAlias("staging", MODEL, "champion")) is False


def test_a_mirror_that_names_an_environment_that_is_not_there_freezes_nobodys_alias() -> None:
    world = World()
    world.same = None
    world.put(mirror("fraud", 1, track=[resources.model_alias()], **MISSPELLED))

    assert world.claims.is_production(RegistryAlias("staging", MODEL, "champion")) is False


@pytest.mark.parametrize("revoked", [{"usableFrom": ["another"]}, {"readable": {}}])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_mirror_that_lost_its_environment_keeps_its_protection_over_a_restart(
    revoked: dict[str, Any], restarted: bool
) -> None:
    world, body = World(), mirror("fraud", 1, track=[resources.model_alias()])
    world.put(body)
    kept = json.loads(json.dumps(world.claims.export()))

    if restarted:
        world = World()
    revoke(world, **revoked)
    world.put(body)
    world.claims.adopt(kept if restarted else {})

    assert world.claims.is_production(RegistryAlias("production", MODEL, "champion"))


def test_what_was_protected_goes_with_its_mirror_also_while_no_operator_ran() -> None:
    world = World()
    world.put(mirror("fraud", 1, track=[resources.model_alias()]))
    kept = world.claims.export()
    after = World()
    after.claims.adopt(kept)  # the mirror is not there any more
    world.claims.drop(key("fraud"))

    assert world.claims.export() == after.claims.export() == {}
    assert after.claims.is_production(RegistryAlias("production", MODEL, "champion")) is False


def test_another_mirror_of_the_same_name_inherits_no_protection() -> None:
    world = World()
    world.put(mirror("fraud", 1, track=[resources.model_alias()]))
    revoke(world, usableFrom=["another"])
    again = mirror("fraud", 2, version=2, track=[resources.model_alias()])
    again["metadata"]["uid"] = "another"
    world.put(again)

    assert world.claims.is_production(RegistryAlias("production", MODEL, "champion")) is False


def test_damaged_memory_protects_nothing_and_breaks_nothing() -> None:
    world = World()
    world.cache.put("stagingmirrors", mirror("fraud", 1, **MISSPELLED))

    world.claims.adopt({"00": {"uid-fraud": ["x", {"place": "Nothing"}, {"place": 3}]}})

    assert world.claims.is_production(RegistryAlias("production", MODEL, "champion")) is False


def test_an_alias_that_nobody_names_any_more_is_not_protected() -> None:
    world = World()
    world.put(mirror("fraud", 1, track=[resources.model_alias()]))

    world.claims.drop(key("fraud"))

    assert world.claims.is_production(RegistryAlias("production", MODEL, "champion")) is False


@pytest.mark.parametrize("spelled", ["Champion", "champion ", "CH\u00c1MPION"])
def test_an_alias_of_production_is_protected_however_it_is_spelled(spelled: str) -> None:
    world = World()
    world.put(mirror("fraud", 1, track=[resources.model_alias()]))

    assert world.claims.is_production(RegistryAlias("production", MODEL, spelled))
    world.same = True
    assert world.claims.is_production(RegistryAlias("staging", MODEL, spelled))
    world.same = False
    assert world.claims.is_production(RegistryAlias("staging", MODEL, spelled)) is False
