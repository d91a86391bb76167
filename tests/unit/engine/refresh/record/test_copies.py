"""What is remembered of the copies that refreshes make."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.copies.restore_index import RestoreIndex
from stagingmirror.engine.refresh.record.copies import MOST, Taken, old_ones, with_taken
from stagingmirror.engine.refresh.record.record import from_json, to_json
from support.kinds.builders import NOW
from support.kinds.records import a_record, an_entry
from support.objectstore.copying import copy_of

PROVEN = {"written": 5.0}


def taken(name: str, *, empty: bool = True, after: Any = PROVEN, of: str = "ranker") -> Taken:
    step = replace(copy_of(), to_uri=f"s3://models/{of}/{name}", components=(of,))
    return Taken(step, {"empty": empty}, after, NOW)


def marks(*copies: Any) -> list[str]:
    return [each.mark for each in copies]


def test_a_folder_that_had_files_before_was_made_by_somebody_else() -> None:
    assert with_taken((), [taken("a", empty=False)]) == ()


def test_one_that_is_made_use_of_again_is_the_newest() -> None:
    known = with_taken((), [taken("a"), taken("b")])

    assert marks(*with_taken(known, [taken("a", empty=False)])) == ["b", "a"]


def test_one_that_was_not_finished_is_remembered_and_never_old_until_it_is() -> None:
    half = with_taken((), [taken("a", after={}), taken("b")])
    whole = with_taken(half, [taken("a", empty=False), taken("c")])

    assert old_ones(half, {"ranker": 0}, ["ranker"]) == ()
    assert marks(*old_ones(whole, {"ranker": 0}, ["ranker"])) == ["b", "a"]


def test_the_copies_of_another_component_do_not_count() -> None:
    known, both = with_taken((), [taken("a", of="other"), taken("b"), taken("c")]), BOTH

    assert marks(*old_ones(known, {"ranker": 0, "other": 0}, both)) == ["b"]
    assert marks(*old_ones(known, {"ranker": 0}, both)) == ["b"]
    assert old_ones(known, {"other": 0}, both) == ()


BOTH = ("ranker", "other")


def shared(name: str) -> Taken:
    """One step for two components."""
    one = taken(name)
    return one._replace(step=replace(one.step, components=BOTH))


@pytest.mark.parametrize(
    ("keep", "old"),
    [
        ({"ranker": 0, "other": 0}, ["a", "b"]),
        ({"ranker": 0, "other": 1}, ["a"]),
        ({"ranker": 1, "other": 0}, ["a"]),
        ({"ranker": 0}, []),
        ({}, []),
    ],
)
def test_what_two_components_share_stays_as_long_as_one_needs_it(
    keep: dict[str, int], old: list[str]
) -> None:
    known = with_taken((), [shared(name) for name in "abc"])

    assert marks(*old_ones(known, keep, BOTH)) == old


def test_what_was_shared_with_a_component_that_is_tracked_no_more_is_the_others() -> None:
    known = with_taken((), [shared("a"), taken("b")])

    assert marks(*old_ones(known, {"ranker": 0}, ["ranker"])) == ["a"]
    assert old_ones(known, {}, ["another"]) == ()


def test_what_two_steps_of_a_refresh_made_by_one_name_is_of_both_their_components() -> None:
    """Two aliases that lead to one index."""
    one = taken("a")
    two = one._replace(step=replace(one.step, components=("other",)))
    (known,) = with_taken((), [one, two])

    assert known.step.components == BOTH


def test_what_another_refresh_makes_use_of_is_its_components() -> None:
    known = with_taken(with_taken((), [shared("a")]), [taken("a", empty=False)])

    assert [each.step.components for each in known] == [("ranker",)]


def test_no_more_are_remembered_than_a_record_has_room_for() -> None:
    known = with_taken((), [taken(f"{number}") for number in range(MOST + 3)])

    assert len(known) == MOST
    assert known[0].mark == "3"


def test_a_record_holds_them_and_those_that_it_made_itself() -> None:
    step, before, after, _ = taken("b")
    entry = replace(an_entry("Taken", step, before=before), after=after)
    record = a_record(entry, copies=with_taken((), [taken("a")]))

    again = from_json(to_json(record))

    assert again == record
    assert marks(*again.all_copies) == ["a", "b"]


def test_an_index_is_remembered_by_the_name_that_it_was_given_and_not_before_it_has_one() -> None:
    """What was to be masked has another name once it is."""
    restore = RestoreIndex(
        id="restore",
        components=("search",),
        from_environment="production",
        from_store="vectors",
        from_alias="docs",
        index="docs-2",
        snapshot="nightly",
        taken=1.0,
        to_environment="staging",
        to_store="vectors",
        to_alias="docs",
        masked=False,
        size=None,
        least_free=20,
    )
    named = {"index": "docs-2-aaaa"}
    to_be_masked = replace(restore, masked=True)
    taken = [
        Taken(restore, {}, {}, NOW),
        Taken(to_be_masked, {"index": "smir-unmasked-aaaa"}, {}, NOW),
        Taken(restore, named, {"mark": "1"}, NOW),
    ]

    (known,) = with_taken((), taken)

    assert (known.name, known.mark) == ("staging vectors/docs-2-aaaa", "docs-2-aaaa")
    record = a_record(an_entry("Verified"), copies=(known,))
    assert from_json(to_json(record)).copies == (known,)
