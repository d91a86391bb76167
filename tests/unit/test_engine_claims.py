"""Who writes what, who hears of which change."""

from typing import Any

import pytest

from stagingmirror.engine.specs import Specs
from stagingmirror.errors import NeedsHuman
from support import resources
from support.claimed import MODEL, SPACE, World, environment, key, mirror

# Overlap


def test_the_older_of_two_mirrors_on_one_field_goes_on() -> None:
    world, older, newer = World(), mirror("older", 1), mirror("newer", 2)
    world.put(newer)
    world.put(older)

    assert world.overlapping(newer) == key("older")
    assert world.overlapping(older) is None


def test_the_one_that_waited_hears_when_the_older_gives_the_field_up() -> None:
    world = World()
    world.put(mirror("older", 1))
    world.put(mirror("newer", 2))

    concerned = world.put(mirror("older", 1, version=2, refresh=None))

    assert concerned == {key("newer")}
    assert world.overlapping(mirror("newer", 2)) is None


def test_the_one_that_waited_hears_when_the_older_is_deleted() -> None:
    world = World()
    world.put(mirror("older", 1))
    world.put(mirror("newer", 2))

    assert world.claims.drop(key("older")) == {key("newer")}


def test_a_mirror_that_may_not_use_its_environments_claims_nothing() -> None:
    world = World()
    world.put(mirror("older", 1, production={"environment": "nowhere", "namespace": "ml-prod"}))

    assert world.overlapping(mirror("newer", 2)) is None


@pytest.mark.parametrize(("same", "overlaps"), [(True, True), (False, False), (None, False)])
def test_an_alias_in_two_environments_is_one_field_only_where_they_are_proven_one_registry(
    same: bool | None, overlaps: bool
) -> None:
    world = World()
    world.same = same
    world.fleet.put("mirrorenvironments", environment("staging-2", "Staging", SPACE))
    only_alias = resources.model_alias()
    only_alias["modelAlias"]["production"].pop("loadedBy")
    world.put(mirror("older", 1, track=[only_alias]))
    newer = mirror("newer", 2, track=[only_alias], staging={"environment": "staging-2"})
    world.put(newer)

    assert (world.overlapping(newer) is not None) is overlaps


def test_two_entries_of_one_mirror_that_write_one_field_stall_it_and_both_are_named() -> None:
    twice = mirror("fraud", 1, track=[resources.setting("data"), resources.setting("again")])

    why = World().stalled(twice).whole

    assert why is not None
    assert why.reason == "Overlap"
    assert "track[again] writes ConfigMap training-data snapshot" in why.message
    assert "track[data]" in why.message


def test_an_entry_that_only_reports_may_look_at_what_another_one_writes() -> None:
    reported = resources.setting("again") | {"mode": "Report"}

    assert World().stalled(mirror("fraud", 1, track=[resources.setting(), reported])).whole is None


# Production's aliases


@pytest.mark.parametrize(("same", "protected"), [(True, True), (None, True), (False, False)])
def test_an_alias_of_production_is_protected_wherever_its_registry_may_be_reached(
    same: bool | None, protected: bool
) -> None:
    world = World()
    world.same = same
    world.put(mirror("fraud", 1, track=[resources.model_alias()]))

    assert world.claims.is_productions("staging", MODEL, "champion") is protected
    assert world.claims.is_productions("production", MODEL, "champion")
    assert not world.claims.is_productions("production", MODEL, "challenger")


MISSPELLED: dict[str, Any] = {"production": {"environment": "producton", "namespace": "ml-prod"}}


@pytest.mark.parametrize(
    "wrong", [{"checkInterval": "soon"}, MISSPELLED], ids=["cannot be read", "environment missing"]
)
def test_a_mirror_that_goes_wrong_keeps_protecting_what_it_named(wrong: dict[str, Any]) -> None:
    world = World()
    world.same = False
    world.put(mirror("fraud", 1, track=[resources.model_alias()]))

    world.put(mirror("fraud", 1, version=2, track=[resources.model_alias()], **wrong))

    assert world.claims.is_productions("production", MODEL, "champion")


def test_a_mirror_that_was_never_right_protects_what_it_spells_out() -> None:
    world = World()
    junk = [None, "x", {"modelAlias": 3}, {"modelAlias": {"production": {"alias": "champion"}}}]
    world.put(mirror("fraud", 1, track=[*junk, resources.model_alias()], checkInterval="soon"))

    assert world.claims.is_productions("production", MODEL, "champion")
    assert not world.claims.is_productions("production", MODEL, "challenger")


def test_an_alias_whose_environment_cannot_be_found_is_protected_everywhere() -> None:
    world = World()
    world.same = None
    world.put(mirror("fraud", 1, track=[resources.model_alias()], **MISSPELLED))

    assert world.claims.is_productions("staging", MODEL, "champion")


def test_an_alias_that_nobody_names_any_more_is_not_protected() -> None:
    world = World()
    world.put(mirror("fraud", 1, track=[resources.model_alias()]))

    world.claims.drop(key("fraud"))

    assert not world.claims.is_productions("production", MODEL, "champion")


# Specs


def test_a_spec_is_read_again_for_each_generation_and_its_error_is_kept() -> None:
    specs = Specs()
    good, bad = mirror("fraud", 1), mirror("fraud", 1, version=2, checkInterval="soon")
    assert specs.of(good).check_interval == "30s"

    for _ in range(2):
        with pytest.raises(NeedsHuman):
            specs.of(bad)
