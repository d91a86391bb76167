"""What is shown of a difference of every kind."""

import re

import pytest

from stagingmirror.api.status.component import message_of
from stagingmirror.api.status.report import ComponentReport
from stagingmirror.drift.compare import judge
from stagingmirror.drift.facts import Observations, Seen
from support.kinds.builders import NOW, World
from support.kinds.kinds import EXAMPLES, Example

CHANGED = [
    pytest.param(example, name, id=f"{example.name}: {name}")
    for example in EXAMPLES
    for name in example.changes
]


def observed(example: Example, world: World) -> Observations:
    kind, entry, sides = example.kind, example.entry, example.sides
    return Observations(
        kind.observe(entry, sides, "production", world, NOW),
        kind.observe(entry, sides, "staging", world, NOW),
    )


def facts(both: Observations) -> set[str]:
    return {name for side in both if isinstance(side, Seen) for name in side.facts}


@pytest.mark.parametrize(("example", "change"), CHANGED)
def test_a_message_never_shows_two_sides_alike(example: Example, change: str) -> None:
    world = example.equal()
    example.changes[change](world)
    both = observed(example, world)
    judged = judge("a", both, now=NOW, stale_after=120)

    told = message_of(ComponentReport("a", None, both, judged, example.kind.headline))

    sides = re.search(r"production ?(.+), staging (.+)", told.split("; ")[0])
    assert sides or "differ" in told or "does not have" in told
    assert sides is None or sides[1].split()[-1] != sides[2].split()[-1], told


@pytest.mark.parametrize(("example", "change"), CHANGED)
def test_a_fact_that_may_come_to_differ_is_known_as_one(example: Example, change: str) -> None:
    """An acceptance of it is no mistake while it is not there."""
    world = example.equal()
    example.changes[change](world)

    new = facts(observed(example, world)) - facts(observed(example, example.equal()))

    assert [name for name in new if not name.startswith(example.kind.occasional)] == []
