"""Two indexes that each side builds itself are compared by their documents."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.drift.facts import Seen, Unseen, Why
from stagingmirror.drift.verdict import Drifted, InSync, Unknown, Verdict
from stagingmirror.sources.index.subjects import SampleComparison
from support.index.products import (
    OWN,
    PAIR,
    SUBJECTS,
    VECTOR,
    entry,
    index,
    look,
    mark,
    own_indexes,
    serve,
    served,
    verdict,
)
from support.kinds.builders import NOW, World

OURS = entry(compare="Content")


def differences(found: Verdict) -> dict[str, tuple[str | None, str | None]]:
    assert isinstance(found, Drifted), found
    return {each.fact: (each.production, each.staging) for each in found.differences}


def unknown(found: Verdict) -> Why:
    assert isinstance(found, Unknown), found
    return found.why


def findings(world: World, role: str = "staging", given: Any = OURS) -> tuple[str, ...]:
    seen = look(world, role, given)
    assert isinstance(seen, Seen), seen
    return seen.findings


def test_the_same_documents_are_in_sync_whatever_the_index_is_called() -> None:
    assert isinstance(verdict(own_indexes(), OURS), InSync)


def test_how_many_of_a_sample_differ_is_the_difference() -> None:
    world = own_indexes(sample=SampleComparison(62, 2, 3, 1))

    assert differences(verdict(world, OURS)) == {"contentSample": ("as sampled", "3 of 62 differ")}
    assert "1 of 62 documents are not in staging at all." in findings(world)


@pytest.mark.parametrize(
    ("counts", "staging", "tolerance", "same"),
    [
        ((500, 500), 500, "0", True),
        ((500, 500), 499, "0", False),
        ((500, 500), 501, "0", False),
        ((500, 500), 495, "0.01", True),
        ((500, 500), 505, "0.01", True),
        ((500, 500), 494, "0.01", False),
        ((500, 500), 506, "0.01", False),
        ((500, 503), 500, "0", True),
        ((503, 500), 502, "0", True),
        ((500, 503), 504, "0", False),
        ((3, 3), 2, "0.333333", False),
    ],
)
def test_the_number_of_documents_is_exact_within_the_tolerance(
    counts: tuple[int, int], staging: int, tolerance: str, *, same: bool
) -> None:
    world = own_indexes(counts=counts, staging_count=staging)
    found = verdict(world, entry(compare="Content", countTolerance=tolerance))

    if same:
        assert isinstance(found, InSync)
    else:
        assert differences(found) == {"documents": (str(counts[1]), str(staging))}


def test_an_empty_index_of_production_is_nothing_to_be_like() -> None:
    world = own_indexes(counts=(0, 0), staging_count=0, sample=SampleComparison(0, 0, 0, 0))

    assert unknown(verdict(world, OURS)).reason == "NothingToMirror"


def test_an_empty_index_of_staging_differs_in_all() -> None:
    world = own_indexes(staging_count=0, sample=SampleComparison(64, 0, 64, 64))

    assert differences(verdict(world, OURS)) == {
        "documents": ("500", "0"),
        "contentSample": ("as sampled", "64 of 64 differ"),
    }


@pytest.mark.parametrize(("judged", "changed"), [(0, 64), (32, 32)])
def test_too_few_documents_that_stayed_as_they_were_prove_nothing(
    judged: int, changed: int
) -> None:
    world = own_indexes(sample=SampleComparison(judged, changed, 0, 0))
    why = unknown(verdict(world, OURS))

    assert why.reason == "Busy"
    assert f"{changed} of 64 documents of production changed" in why.message


def test_a_difference_counts_however_few_stayed_as_they_were() -> None:
    world = own_indexes(sample=SampleComparison(2, 62, 1, 0))

    assert set(differences(verdict(world, OURS))) == {"contentSample"}


def test_stores_that_show_no_documents_say_that_they_have_no_such_evidence() -> None:
    why = unknown(verdict(own_indexes(sample=None), OURS))

    assert why.reason == "NotComparable"
    assert "no documents" in why.message
    other = own_indexes(sample=None, staging_count=4)
    assert "documents" in differences(verdict(other, OURS))


def test_documents_that_were_not_read_are_unknown() -> None:
    world = own_indexes()
    world.silent.add(str(PAIR))

    assert unknown(verdict(world, OURS)).reason == "NotAnswered"


def test_a_definition_that_differs_is_drift_too() -> None:
    other = index("own", vectors=(replace(VECTOR, dimensions=384),), content_version="v1")
    world = own_indexes().put(OWN, served(other))

    assert set(differences(verdict(world, OURS))) == {"vectors.embedding.dimensions"}


def test_no_age_is_told_of_documents_that_nobody_wrote_since() -> None:
    assert findings(own_indexes()) == ()


@pytest.mark.parametrize("role", ["production", "staging"])
def test_how_old_a_reading_is_that_the_store_does_not_vouch_for_is_a_finding(role: str) -> None:
    world = own_indexes(versions=(None, None))

    assert findings(world, role) == (f"{role}'s documents were read 1 h ago.",)


@pytest.mark.parametrize(("age", "said"), [(50, "less than 1 h ago"), (7300, "2 h ago")])
def test_an_index_that_was_written_since_has_a_finding_and_is_no_drift(age: int, said: str) -> None:
    world = own_indexes(versions=("v0", "v1"), read=NOW - age)

    assert findings(world, "production") == (
        f"production's documents were read {said}, and the index was written since.",
    )
    assert findings(world) == ()
    assert isinstance(verdict(world, OURS), InSync)


@pytest.mark.parametrize(("version", "said"), [(None, True), ("v1", False)])
def test_a_copy_whose_store_shows_no_writes_has_the_age_of_its_reading(
    version: str | None, *, said: bool
) -> None:
    world = serve(World(), "production", index("products-7"), 22)
    ours = served(index("products-7", mark=mark(), content_version=version))
    assert not isinstance(ours.content, Unseen)
    world.put(SUBJECTS["staging"], replace(ours, content=replace(ours.content, read=NOW - 8000)))

    found = findings(world, given=entry())

    assert found == (("staging's documents were read 2 h ago.",) if said else ())


def test_documents_of_production_are_read_with_staging_alone() -> None:
    around: list[Any] = []

    class Recording(World):
        def get(self, subject: Any) -> Any:
            around.append(subject)
            return super().get(subject)

    world = Recording()
    world.others = own_indexes().others
    look(world, "production", OURS)
    look(world, "staging", OURS)

    assert set(around) == {SUBJECTS["production"], OWN, PAIR}
