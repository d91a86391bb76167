"""Many facts in few words."""

import pytest

from stagingmirror.api.status.groups import groups, in_groups
from stagingmirror.patterns import matches

SERVING = [
    "autoscaling.maxReplicas",
    "autoscaling.minReplicas",
    "node.instanceType",
    *(f"server.flags.f{n:02}" for n in range(12)),
    *(f"server.resources.limits.{name}" for name in ("cpu", "gpu", "memory")),
    *(f"server.resources.requests.{name}" for name in ("cpu", "gpu", "memory")),
    "shmSize",
]


def test_facts_stand_together_by_what_their_names_begin_with() -> None:
    assert [each.text for each in groups(SERVING, most=5)] == [
        "autoscaling.* (2)",
        "node.instanceType",
        "server.flags.* (12)",
        "server.resources.* (6)",
        "shmSize",
    ]


def test_where_there_is_room_each_fact_stands_for_itself() -> None:
    assert [each.name for each in groups(SERVING[:3], most=3)] == SERVING[:3]


@pytest.mark.parametrize("most", [1, 4, 6, 9, 30])
@pytest.mark.parametrize("facts", [SERVING, ["a.b", "a", "a.b.c", "b"], ["a", "b", "c"]])
def test_every_fact_is_in_one_group_whose_name_fits_it(facts: list[str], most: int) -> None:
    found = groups(facts, most)

    assert sorted(fact for each in found for fact in each.facts) == sorted(facts)
    assert len({each.name for each in found}) == len(found)
    for each in found:
        assert all(matches(each.name, fact) for fact in each.facts)


def test_no_more_groups_than_there_is_room_for_unless_the_first_parts_are_more() -> None:
    assert len(groups(SERVING, most=6)) <= 6
    assert len(groups(["a", "b", "c"], most=2)) == 3


def test_in_a_sentence_what_has_no_room_is_counted() -> None:
    many = [f"f{n}" for n in range(9)]

    assert in_groups(SERVING) == (
        "autoscaling.* (2), node.instanceType, server.flags.* (12), server.resources.limits.* (3), "
        "server.resources.requests.* (3) and shmSize"
    )
    assert in_groups(many) == "f0, f1, f2, f3, f4 and 4 more"
