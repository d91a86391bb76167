"""Who writes what, who may use which environment, who hears of which change."""

from typing import Any

import pytest

from stagingmirror.engine.environments.resolve import (
    may_copy,
    protected_by,
    sides_of,
    unproven_by,
)
from stagingmirror.engine.resources.cache import ResourceCache
from stagingmirror.engine.resources.mirror import spec_of
from stagingmirror.errors import NeedsHuman
from support.resources import resources
from support.resources.fleet import SPACE, World, environment, key, mirror

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
    world.cache.put("mirrorenvironments", environment("staging-2", "Staging", SPACE))
    only_alias = resources.model_alias()
    only_alias["modelAlias"]["production"].pop("loadedBy")
    world.put(mirror("older", 1, track=[only_alias]))
    newer = mirror("newer", 2, track=[only_alias], staging={"environment": "staging-2"})
    world.put(newer)

    assert (world.overlapping(newer) is not None) is overlaps


def test_two_spellings_of_one_alias_are_one_field() -> None:
    world, track = World(), resources.model_alias()
    track["modelAlias"]["production"].pop("loadedBy")
    other = resources.model_alias()
    named = track["modelAlias"]["production"]["model"]
    other["modelAlias"]["production"] = {"model": named.upper(), "alias": "Champion"}
    world.put(mirror("older", 1, track=[track]))
    newer = mirror("newer", 2, track=[other])
    world.put(newer)

    assert world.overlapping(newer) == key("older")


# Environments


@pytest.mark.parametrize(
    ("says", "same", "may"),
    [
        (None, False, True),
        (None, None, None),
        (None, True, False),
        ("production", True, True),
        ("production", None, True),
        ("other", True, False),
    ],
)
def test_a_copy_needs_two_proven_registries_or_an_admin_who_says_that_they_are_one(
    says: str | None, same: bool | None, may: bool | None
) -> None:
    cache = ResourceCache()
    shares: dict[str, Any] = {"sharesRegistryWith": says} if says else {}
    cache.put("mirrorenvironments", environment("staging", "Staging", SPACE, **shares))

    assert may_copy(cache, lambda one, other: same, "production", "staging") is may


def test_every_namespace_of_a_production_environment_is_protected_whoever_else_lists_it() -> None:
    cache = ResourceCache()
    cache.put("mirrorenvironments", environment("staging", "Staging", SPACE))
    cache.put("mirrorenvironments", environment("production", "Production", SPACE))

    assert protected_by(cache.all("mirrorenvironments"), not_asked) == {SPACE: "production"}


def not_asked(environment: str, cluster: object) -> bool | None:
    raise AssertionError("it is in the own cluster")


ELSEWHERE = {"kubeconfigSecretRef": {"name": "production", "key": "kubeconfig"}}


@pytest.mark.parametrize(
    ("is_elsewhere", "protected", "unproven"),
    [
        (True, {}, {}),
        (False, {SPACE: "production"}, {}),
        (None, {}, {SPACE: "production"}),
    ],
)
def test_a_namespace_of_another_cluster_is_not_ours_to_protect_once_it_is_proven_to_be_one(
    is_elsewhere: bool | None, protected: dict[str, str], unproven: dict[str, str]
) -> None:
    bodies = [environment("production", "Production", SPACE, cluster=ELSEWHERE)]

    def answers(name: str, cluster: object) -> bool | None:
        return is_elsewhere if (name, cluster) == ("production", ELSEWHERE) else None

    assert protected_by(bodies, answers) == protected
    assert unproven_by(bodies, answers) == unproven


def test_a_mirror_waits_for_no_proof_before_it_tells_what_differs() -> None:
    world = World()
    world.cache.put("mirrorenvironments", environment("o", "Production", SPACE, cluster=ELSEWHERE))

    assert world.stall(mirror("fraud", 1)) is None


def test_a_mirror_in_a_protected_namespace_is_stalled_only_where_it_would_write() -> None:
    world = World()
    world.cache.put("mirrorenvironments", environment("other", "Production", SPACE))

    assert world.stall(mirror("fraud", 1)) == "ProductionIsReadOnly"
    assert world.stall(mirror("fraud", 1, version=2, refresh=None)) is None


@pytest.mark.parametrize(
    ("change", "reason", "said"),
    [
        ({"metadata": {"deletionTimestamp": "x"}}, "EnvironmentMissing", "there is no"),
        ({"spec": {"usableFrom": ["ml-stagin"]}}, "EnvironmentNotUsable", "in usableFrom"),
        ({"spec": {"usableFrom": ["ml-*"]}}, "EnvironmentNotUsable", "cannot be read"),
        ({"spec": {"namespaces": ["other"]}}, "EnvironmentNotUsable", "in namespaces"),
        ({"spec": {"role": "Staging"}}, "EnvironmentNotUsable", "name one with role Production"),
    ],
)
def test_an_environment_that_may_not_be_used_says_what_to_do(
    change: dict[str, Any], reason: str, said: str
) -> None:
    world = World()
    body = environment("production", "Production", "ml-prod", version=2)
    for part, values in change.items():
        body[part] |= values
    world.cache.put("mirrorenvironments", body)
    spec = spec_of(world.cache, mirror("fraud", 1))

    with pytest.raises(NeedsHuman) as caught:
        sides_of(world.cache, key("fraud"), spec)

    assert caught.value.reason == reason
    assert said in caught.value.message


def test_a_spec_is_read_again_for_each_generation_and_its_error_is_kept() -> None:
    cache = ResourceCache()
    good, bad = mirror("fraud", 1), mirror("fraud", 1, version=2, checkInterval="soon")
    cache.put("stagingmirrors", good)
    assert spec_of(cache, good).check_interval == "30s"

    for _ in range(2):
        with pytest.raises(NeedsHuman):
            spec_of(cache, bad)
