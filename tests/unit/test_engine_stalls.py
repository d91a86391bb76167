"""What only a human can mend: environments that may not be used, entries that no refresh makes."""

from typing import Any

import pytest

from stagingmirror.engine.environments import production_namespaces, sides_of
from stagingmirror.engine.fleet import Fleet
from stagingmirror.errors import NeedsHuman
from support import resources
from support.claimed import SPACE, World, environment, key, mirror

# Readable


HIDING = environment("production", "Production", "ml-prod", version=2)


def test_an_entry_that_no_refresh_can_follow_stalls_the_mirror_and_is_compared_all_the_same() -> (
    None
):
    world = World()
    world.fleet.put("mirrorenvironments", HIDING)

    stalls = world.stalled(mirror("fraud", 1))

    assert stalls.first is not None
    assert (stalls.first.reason, stalls.whole, stalls.components) == ("NotReadable", None, {})
    assert stalls.first.message == (
        "track[training-data]: ConfigMap training-data is not listed in readable.configMaps of "
        'environment "production"; its values are compared, but neither shown nor copied. List it '
        "there, or set mode: Report."
    )


@pytest.mark.parametrize(
    "spec",
    [{"refresh": None}, {"track": [resources.setting() | {"mode": "Report"}]}],
    ids=["a mirror that only watches", "an entry that only reports"],
)
def test_what_is_never_written_need_not_be_readable(spec: dict[str, Any]) -> None:
    world = World()
    world.fleet.put("mirrorenvironments", HIDING)

    assert world.stall(mirror("fraud", 1, **spec)) is None


# Environments


NAME = "spec.production.environment"


def test_every_namespace_of_a_production_environment_is_protected_whoever_else_lists_it() -> None:
    fleet = Fleet()
    fleet.put("mirrorenvironments", environment("staging", "Staging", SPACE))
    fleet.put("mirrorenvironments", environment("production", "Production", SPACE))

    assert production_namespaces(fleet) == {SPACE: "production"}


def test_a_mirror_in_a_protected_namespace_is_stalled_only_where_it_would_write() -> None:
    world = World()
    world.fleet.put("mirrorenvironments", environment("other", "Production", SPACE))

    assert world.stall(mirror("fraud", 1)) == "ProductionIsReadOnly"
    assert world.stall(mirror("fraud", 1, version=2, refresh=None)) is None


@pytest.mark.parametrize(
    ("change", "reason", "field", "said"),
    [
        ({"metadata": {"deletionTimestamp": "x"}}, "EnvironmentMissing", NAME, "there is no"),
        (
            {"spec": {"usableFrom": ["ml-stagin"]}},
            "EnvironmentNotUsable",
            NAME,
            "in usableFrom; ask its owner to add it, or correct the name.",
        ),
        ({"spec": {"usableFrom": ["ml-*"]}}, "EnvironmentNotUsable", NAME, "cannot be read"),
        (
            {"spec": {"namespaces": ["other"]}},
            "EnvironmentNotUsable",
            "spec.production.namespace",
            "in namespaces; ask its owner to add it, or correct the name.",
        ),
        (
            {"spec": {"role": "Staging"}},
            "EnvironmentNotUsable",
            NAME,
            "name one with role Production",
        ),
    ],
)
def test_an_environment_that_may_not_be_used_says_which_field_and_what_to_do(
    change: dict[str, Any], reason: str, field: str, said: str
) -> None:
    world = World()
    body = environment("production", "Production", "ml-prod", version=2)
    for part, values in change.items():
        body[part] |= values
    world.fleet.put("mirrorenvironments", body)
    spec = world.specs.of(mirror("fraud", 1))

    with pytest.raises(NeedsHuman) as caught:
        sides_of(world.fleet, key("fraud"), spec)

    assert caught.value.reason == reason
    assert caught.value.message.startswith(f"{field}: ")
    assert said in caught.value.message
