"""An index is compared by its snapshot, its definition and what is in it now."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.copies.restore_index import RestoreIndex
from stagingmirror.component import Sides
from stagingmirror.components.index_snapshot.observe import newest_of
from stagingmirror.drift.facts import Absent, Seen, Unseen, Why
from stagingmirror.drift.verdict import Drifted, InSync, Unknown, Verdict
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.index.subjects import SampleComparison, ServedIndex, VectorField
from support.index.products import (
    DAY,
    JOB,
    KIND,
    SEARCH,
    SIDES,
    SUBJECTS,
    VECTOR,
    around,
    entry,
    index,
    indexes,
    look,
    mark,
    own_indexes,
    plan,
    serve,
    served,
    snapshot,
    verdict,
    with_search,
)
from support.kinds.builders import NOW, World

OURS = index("products-7", mark=mark())


def differing(found: Verdict) -> set[str]:
    assert isinstance(found, Drifted), found
    return {each.fact for each in found.differences}


def findings(world: World, role: str = "staging", given: Any = None) -> tuple[str, ...]:
    seen = look(world, role, given)
    assert isinstance(seen, Seen), seen
    return seen.findings


def reason(found: Verdict) -> str:
    assert isinstance(found, Unknown), found
    return found.why.reason


def test_staging_that_serves_the_newest_snapshot_unchanged_is_in_sync() -> None:
    assert isinstance(verdict(indexes()), InSync)


def test_an_older_snapshot_is_drift_and_how_far_it_is_behind_is_a_finding() -> None:
    world = serve(indexes(), "staging", index("products-6", mark=mark(20)))

    assert differing(verdict(world)) == {"snapshot"}
    (behind,) = findings(world)
    assert behind.startswith("staging is 1 snapshot behind (")


def test_a_snapshot_that_is_not_complete_is_not_to_be_followed() -> None:
    world = indexes()
    theirs = served(index("products-7"), 22)
    half = replace(snapshot(24), complete=False)
    world.put(SUBJECTS["production"], replace(theirs, snapshots=(half, snapshot(22))))

    assert isinstance(verdict(world), InSync)


@pytest.mark.parametrize("snapshots", [(), (replace(snapshot(24), complete=False),)])
def test_without_a_complete_snapshot_nothing_is_known(snapshots: Any) -> None:
    world = indexes()
    theirs = replace(served(index("products-7")), snapshots=snapshots)
    world.put(SUBJECTS["production"], theirs)

    assert reason(verdict(world)) == "NoSnapshot"


def test_why_snapshots_cannot_be_listed_is_shown_and_is_not_their_absence() -> None:
    world = indexes()
    why = Unseen(Why("Forbidden", "may not list."), NOW - 1)
    world.put(SUBJECTS["production"], replace(served(index("products-7")), snapshots=why))

    assert reason(verdict(world)) == "Forbidden"


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        ({"index": "orders-7"}, "nightly-22 of orders-7"),
        ({"environment": "prod-eu"}, "nightly-22 of products-7 in environment prod-eu"),
    ],
)
def test_another_index_of_the_same_snapshot_is_drift(made: dict[str, Any], shown: str) -> None:
    ours = index("products-7", mark=mark(**made))
    world = serve(indexes(), "staging", ours)

    found = verdict(world)
    assert isinstance(found, Drifted)
    assert [(each.fact, each.staging) for each in found.differences] == [("snapshot", shown)]


def test_an_index_that_no_refresh_made_is_drifted_and_has_a_finding() -> None:
    world = serve(indexes(), "staging", index("products-7"))

    assert "snapshot" in differing(verdict(world))
    assert "no refresh made index products-7" in findings(world)[0]


@pytest.mark.parametrize(
    ("content", "fact"), [({"documents": 499}, "documents"), ({"sample": "bb"}, "contentSample")]
)
def test_an_index_that_was_edited_after_it_was_restored_is_drifted(
    content: dict[str, Any], fact: str
) -> None:
    world = serve(indexes(), "staging", OURS, **content)

    assert differing(verdict(world)) == {fact}


def test_documents_that_could_not_be_read_are_unknown_whatever_the_mark_holds() -> None:
    world = indexes()
    unread = Unseen(Why("TimedOut", "the index store took too long"), NOW - 1)
    world.put(SUBJECTS["staging"], replace(served(OURS), content=unread))

    assert reason(verdict(world)) == "TimedOut"


@pytest.mark.parametrize(
    ("vector", "fact"),
    [
        (replace(VECTOR, dimensions=384), "vectors.embedding.dimensions"),
        (replace(VECTOR, metric="l2"), "vectors.embedding.metric"),
        (replace(VECTOR, index="flat/lucene"), "vectors.embedding.index"),
        (replace(VECTOR, parameters={"m": "32"}), "vectors.embedding.parameters.m"),
    ],
)
def test_how_vectors_are_searched_is_compared(vector: VectorField, fact: str) -> None:
    world = serve(indexes(), "staging", index("products-7", vectors=(vector,), mark=mark()))

    assert differing(verdict(world)) == {fact}


def test_a_name_of_the_index_and_the_servers_version_are_no_difference() -> None:
    other = index("other", server="OpenSearch 2.19.1", mark=mark(), built=NOW)

    assert isinstance(verdict(serve(indexes(), "staging", other)), InSync)


def test_an_alias_that_leads_to_two_indexes_is_ambiguous_on_either_side() -> None:
    unread = Unseen(Why("NotPolledYet", "not read."), NOW)
    for side in ("production", "staging"):
        world = indexes().put(SUBJECTS[side], ServedIndex(("a", "b"), None, unread, unread))

        assert reason(verdict(world)) == "AliasAmbiguous"


def test_an_alias_that_is_not_there_is_absent() -> None:
    assert isinstance(look(World(), "staging"), Absent)


def test_an_alias_that_only_production_has_is_drift_and_one_that_only_staging_has_is_unknown() -> (
    None
):
    world = indexes()
    theirs = world.others.pop(SUBJECTS["production"])
    assert reason(verdict(world)) == "NothingToMirror"

    del world.others[SUBJECTS["staging"]]
    world.put(SUBJECTS["production"], theirs)
    assert differing(verdict(world)) == {"present"}


def test_staging_may_be_as_far_behind_as_the_entry_lets_it() -> None:
    world = serve(indexes(), "staging", index("products-6", mark=mark(20)))

    assert isinstance(verdict(world, entry(maxBehind="48h")), InSync)
    assert differing(verdict(world, entry(maxBehind="47h"))) == {"snapshot"}


def test_a_snapshot_that_production_does_not_have_is_never_near_enough() -> None:
    forged = mark(22, snapshot="mine", taken=snapshot(22).taken)
    world = serve(indexes(), "staging", index("products-6", mark=forged))

    assert differing(verdict(world, entry(maxBehind="48h"))) == {"snapshot"}


def test_an_old_snapshot_of_production_is_a_finding_and_no_drift() -> None:
    given = entry(maxLag="26h")

    assert isinstance(verdict(indexes(), given), InSync)
    assert findings(indexes(), "production", given) == (
        "production's newest snapshot is older than 26h.",
    )


def test_a_workload_that_started_before_its_index_was_made_is_drift() -> None:
    given = entry(usedBy=[SEARCH])
    late = with_search(indexes(), started=mark().at - 3600)

    assert differing(verdict(late, given)) == {"usedBy.Deployment/search-api"}
    assert isinstance(verdict(with_search(indexes()), given), InSync)


@pytest.mark.parametrize(
    ("given", "sides_", "why"),
    [
        (entry(), around({"copies": "Never"}), "CopiesNotAllowed"),
        (entry(), around({}), "CopiesNotAllowed"),
        (entry(), around({}, maskingJob=JOB), "CopiesNotAllowed"),
        (entry(), around({"copies": "AfterJob"}), "NoMaskingJob"),
        (entry(compare="Content"), SIDES, "NotComparable"),
    ],
)
def test_what_is_never_refreshed_is_refused_before_anything_is_written(
    given: Any, sides_: Sides, why: str
) -> None:
    world = serve(indexes(), "staging", index("products-6"), documents=3)
    if given.spec.compare == "Content":
        world = own_indexes(sample=SampleComparison(64, 0, 1, 0))

    with pytest.raises(CannotRefresh) as refused:
        plan(world, given, sides_)

    assert refused.value.reason == why
    found = KIND.refusal(given, sides_)
    assert found is not None
    assert found.reason == why


def test_an_alias_that_an_environment_does_not_list_is_not_read() -> None:
    for sides_ in (around({"aliases": ["docs"]}), around(None, aliases=[])):
        why = KIND.problems(entry(), sides_, indexes())

        assert why is not None
        assert why.reason == "NotOffered"


def test_a_store_that_an_environment_does_not_have_is_named() -> None:
    why = KIND.problems(entry(), around({"name": "other"}), indexes())

    assert why is not None
    assert why.reason == "NoIndexStore"
    assert "vectors" in why.message


def test_one_alias_of_one_store_on_both_sides_means_nothing() -> None:
    world = indexes()
    world.one_registry = True
    why = KIND.problems(entry(), SIDES, world)

    assert why is not None
    assert why.reason == "SameThing"


def test_the_newest_snapshot_is_restored_before_the_alias_leads_to_it() -> None:
    world = with_search(serve(indexes(), "staging", index("products-6", mark=mark(20))))

    restore, switch, restart = plan(world, entry(usedBy=[SEARCH]))

    assert isinstance(restore, RestoreIndex)
    assert (restore.index, restore.snapshot) == ("products-7", "nightly-22")
    assert restore.taken == NOW - 4 * DAY
    assert (restore.phase, switch.phase, restart.phase) == ("prepare", "switch", "switch")
    assert restore.least_free == 20


def test_of_very_many_fields_of_vectors_the_rest_is_one_fact() -> None:
    many = tuple(replace(VECTOR, name=f"v{number:04}") for number in range(1000))
    world = serve(World(), "production", index("products-7", vectors=many), 22)
    serve(world, "staging", index("products-7", vectors=many, mark=mark()))
    other = (*many[:-1], replace(many[-1], dimensions=384))

    assert isinstance(verdict(world), InSync)
    serve(world, "staging", index("products-7", vectors=other, mark=mark()))
    assert differing(verdict(world)) == {"vectors.others"}


@pytest.mark.parametrize(("earlier", "counts"), [(0.2, True), (2.0, False)])
def test_a_snapshot_may_seem_a_moment_older_than_its_index(earlier: float, *, counts: bool) -> None:
    """OpenSearch stamps it by a clock that stands still for 200 ms."""
    built = snapshot(22).taken + earlier

    found = newest_of((snapshot(22),), built)

    assert (found == snapshot(22)) is counts
