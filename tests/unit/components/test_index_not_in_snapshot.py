"""What was changed in production since its newest snapshot is left until there is another one."""

from dataclasses import replace
from typing import Any

import pytest

from stagingmirror.actions.copies.restore_index import RestoreIndex
from stagingmirror.drift.verdict import Drifted
from stagingmirror.errors import CannotRefresh
from stagingmirror.sources.index.subjects import IndexFacts, definition_digest
from support.index.products import (
    VECTOR,
    entry,
    index,
    indexes,
    mark,
    plan,
    serve,
    verdict,
)
from support.kinds.builders import World


def restored(day: int = 22, **facts: Any) -> IndexFacts:
    """With the mark that a refresh left."""
    made = index("products-7-aaaa", **facts)
    return replace(made, mark=mark(day, definition=definition_digest(made)))


def grown(staging: IndexFacts, **content: Any) -> World:
    """Production's mapping has one field more than its snapshot of the 22nd."""
    more = index("products-7", settings={"analysis": "standard", "mapping": "sha256:1"})
    return serve(serve(indexes(), "production", more, 22), "staging", staging, **content)


def is_restored(world: World, given: Any = None) -> bool:
    return any(isinstance(each, RestoreIndex) for each in plan(world, given))


@pytest.mark.parametrize(
    "production",
    [
        index("products-7", settings={"analysis": "other"}),
        index("products-7", manifest={"embeddingModel": "e5@3", "tokenizer": "bert@1"}),
        index("products-7", vectors=(replace(VECTOR, parameters={"m": "32"}),)),
        index("products-7", vectors=(VECTOR, replace(VECTOR, name="more"))),
    ],
)
def test_what_no_restore_mends_is_left_with_what_differs(production: IndexFacts) -> None:
    world = serve(serve(indexes(), "production", production, 22), "staging", restored())
    found = verdict(world)
    assert isinstance(found, Drifted)

    with pytest.raises(CannotRefresh) as refused:
        plan(world)

    assert refused.value.reason == "NotInSnapshot"
    assert found.differences[0].fact in refused.value.message
    assert "nightly-22" in refused.value.message


@pytest.mark.parametrize("day", [20, 22])
@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"hnsw.ef_search": "80"}, {"hnsw.ef_search": "40"}),
        ({"hnsw.ef_search": "80"}, {}),
        ({}, {"hnsw.ef_search of search": "80"}),
    ],
)
def test_settings_of_the_server_are_nothing_that_a_restore_would_mend(
    day: int, theirs: dict[str, str], ours: dict[str, str]
) -> None:
    """A restored index would be found to differ, and be rolled back."""
    production = index("products-7", server_settings=theirs)
    world = serve(indexes(), "production", production, 22)
    serve(world, "staging", restored(day, server_settings=ours))
    found = verdict(world)
    (name,) = theirs.keys() | ours.keys()
    assert isinstance(found, Drifted)
    assert f"settings.{name}" in {each.fact for each in found.differences}

    with pytest.raises(CannotRefresh) as refused:
        plan(world)

    assert refused.value.reason == "ServerSettings"
    assert name in refused.value.message


def test_equal_settings_of_the_server_keep_nothing_from_being_restored() -> None:
    given = {"hnsw.ef_search": "80"}
    production = index("products-7", server_settings=given)
    world = serve(indexes(), "production", production, 22)

    assert is_restored(serve(world, "staging", restored(20, server_settings=given)))


def test_a_newer_snapshot_is_restored() -> None:
    assert is_restored(grown(restored(20)))
    assert is_restored(grown(restored(20)), entry(maxBehind="72h"))


@pytest.mark.parametrize("made", [{"index": "orders-7"}, {"environment": "prod-eu"}])
def test_another_index_of_the_same_snapshot_is_restored(made: dict[str, Any]) -> None:
    staging = restored()
    assert staging.mark is not None
    other = replace(staging, mark=replace(staging.mark, **made))

    assert is_restored(serve(indexes(), "staging", other))


def test_what_somebody_changed_in_staging_is_mended_whatever_production_has() -> None:
    edited = replace(restored(), settings={"analysis": "edited"})

    assert is_restored(grown(edited))
    assert is_restored(grown(restored(), documents=3))
    assert is_restored(grown(restored(), sample="bb"))


def test_a_mark_that_holds_no_definition_keeps_nothing_from_being_restored() -> None:
    old = index("products-7-aaaa", mark=mark())

    assert is_restored(grown(old))
