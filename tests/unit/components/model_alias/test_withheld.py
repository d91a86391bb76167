"""What is said of a model that is only comparable, whatever the message says that came up."""

from typing import Any

import pytest

from stagingmirror.drift.facts import Absent, Seen, Unseen, Why
from support.kinds import fraud
from support.kinds.builders import NOW, World, environment, sides, version
from support.resources.resources import EVERYTHING

COMPARABLE: dict[str, Any] = {
    "readable": {**EVERYTHING, "models": []},
    "comparable": {"models": ["fraud-detector"]},
}
READABLE: dict[str, Any] = {"readable": EVERYTHING, "comparable": {}}
FOUND = "file secret-weights.bin of version 4711 has 4242 bytes"


def _with_content(content: Unseen) -> World:
    return fraud.registries().register("production", version("12", content=content))


def _with_trouble() -> World:
    world = fraud.registries()
    world.trouble = Why("FileNotServed", FOUND)
    return world


def _that_lacks(number: str) -> World:
    return fraud.registries().alias("production", number)


@pytest.mark.parametrize(
    ("world", "loader", "reason"),
    [
        (_with_content(Unseen(Why("TooLarge", FOUND), NOW)), None, "TooLarge"),
        (_with_content(Unseen(Why("AnyReason", FOUND), NOW)), None, "AnyReason"),
        (_with_trouble(), None, "FileNotServed"),
        (_that_lacks("4711"), None, "NotThere"),
        (
            fraud.registries().add(fraud.batch("ml-prod", started=NOW - 1e6)),
            "batch",
            "NotYetRunning",
        ),
    ],
)
def test_no_message_about_a_comparable_model_has_numbers_sizes_or_files_in_it(
    world: World, loader: str | None, reason: str
) -> None:
    around = sides(environment(**COMPARABLE), environment("Staging", **READABLE))
    given = fraud.entry(*([fraud.BY_RESTART] if loader else []))

    seen = fraud.look(world, given, "production", around)

    match seen:
        case Seen():
            why = seen.trouble
        case Absent():
            why = Why("NotThere", seen.what)
        case Unseen():
            why = seen.why
    assert why is not None
    assert why.reason == reason
    assert "fraud-detector" in why.message
    for secret in ("4711", "4242", "secret-weights", " 12"):
        assert secret not in repr(seen)


def test_staging_that_is_only_comparable_names_no_version_that_runs_beside() -> None:
    around = sides(environment(**READABLE), environment("Staging", **COMPARABLE))
    world = fraud.both(fraud.server("ml-prod", "12"), fraud.server("ml-staging", "8"), alias="7")

    seen = fraud.look(world, fraud.entry(fraud.BY_VARIABLE), "staging", around)

    assert isinstance(seen, Seen)
    assert seen.facts["aliasNames"].value == "another version"
