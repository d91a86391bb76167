"""What every index store shows, on a real server of each product; of Qdrant on a stub."""

from collections.abc import AsyncIterator

import pytest

from stagingmirror.errors import (
    NotAllowed,
    NotAnswered,
    NotThere,
)
from stagingmirror.sources.index.comparing import read_pair
from stagingmirror.sources.index.samples import SampleComparison
from support.index.conformance import (
    error_of,
    snapshot_of,
)
from support.index.ground import DIMENSIONS, MODEL, PLANTED, ReadingGround
from support.index.grounds import GROUNDS
from support.index.qdrant.ground import QdrantGround

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]


@pytest.fixture(params=[*GROUNDS, "qdrant"])
async def ground(request: pytest.FixtureRequest) -> AsyncIterator[ReadingGround]:
    """Also of the product that is only read: two stubs by its published description."""
    if request.param == "qdrant":
        made: ReadingGround = QdrantGround()
    else:
        fixture, kind = GROUNDS[request.param]
        made = kind(request.getfixturevalue(fixture))
    await made.begin()
    yield made
    await made.close()


async def test_an_alias_leads_to_what_it_names(ground: ReadingGround) -> None:
    await ground.make("production", "docs-2", 3)
    await ground.point("production", "docs", "docs-2")

    assert await ground.production.resolve("docs") == ("docs-2",)


async def test_an_alias_that_is_not_there_leads_to_nothing(ground: ReadingGround) -> None:
    assert await ground.production.resolve("nowhere") == ()


async def test_an_alias_may_lead_to_two(ground: ReadingGround) -> None:
    if not ground.traits.two_targets:
        pytest.skip("an alias of this product leads to one")
    await ground.make("production", "docs-2", 3)
    await ground.make("production", "docs-1", 3)
    await ground.point("production", "docs", "docs-2", "docs-1")

    assert await ground.production.resolve("docs") == ("docs-1", "docs-2")


async def test_facts_are_those_of_the_index(ground: ReadingGround) -> None:
    await ground.make("production", "docs-2", 30)

    facts = await ground.production.facts("docs-2")

    assert facts.target == "docs-2"
    assert [each.dimensions for each in facts.vectors] == [DIMENSIONS]
    assert [each.metric for each in facts.vectors] == [ground.traits.metric]
    assert facts.manifest["embeddingModel"] == MODEL
    settings = {**facts.settings, **facts.server_settings}
    assert bool(settings) == ground.traits.settings
    assert facts.mark is None
    assert PLANTED not in repr(facts)
    assert await ground.production.count("docs-2") == 30


async def test_the_two_sides_are_two_systems_and_each_is_itself(ground: ReadingGround) -> None:
    one, other = await ground.production.identity(), await ground.staging.identity()

    assert one != other
    assert one == await ground.production.identity()


async def test_a_snapshot_is_known_by_an_id_that_stays(ground: ReadingGround) -> None:
    if not ground.traits.snapshots:
        pytest.skip("snapshots of this product are not followed")
    await ground.make("production", "docs-2", 30)

    first, again = (
        await ground.production.snapshots("docs-2"),
        await ground.production.snapshots("docs-2"),
    )

    assert [each.id for each in first] == [each.id for each in again]
    assert first[0].complete
    assert first[0].targets == ("docs-2",)
    assert first[0].taken > 1_700_000_000


async def test_two_builds_have_snapshots_of_two_ids(ground: ReadingGround) -> None:
    if not ground.traits.snapshots:
        pytest.skip("snapshots of this product are not followed")
    await ground.make("production", "docs-1", 30)
    await ground.make("production", "docs-2", 30)

    assert (await snapshot_of(ground, "docs-1")).id != (await snapshot_of(ground, "docs-2")).id


async def test_the_same_ids_are_given_twice(ground: ReadingGround) -> None:
    await ground.make("production", "docs-2", 30)

    first = await ground.production.ids("docs-2", 5)

    assert 0 < len(first) <= 5
    assert len(set(first)) == len(first)
    assert first == await ground.production.ids("docs-2", 5)


async def test_a_sample_tells_what_is_there_from_what_is_not(ground: ReadingGround) -> None:
    await ground.make("production", "docs-2", 3)
    ids = await ground.production.ids("docs-2", 3)

    sample = await ground.production.sample("docs-2", [*ids, "999999"])

    assert [each for each, document in sample.items() if document is None] == ["999999"]
    assert PLANTED not in repr(sample)


async def test_documents_of_two_indexes_are_compared_with_each_other(ground: ReadingGround) -> None:
    await ground.make("production", "docs-2", 30)
    await ground.make("staging", "docs-3", 30)
    both = (ground.production, ground.staging), ("docs-2", "docs-3")

    same = await read_pair(*both, began=1.0)
    await ground.edit("staging", "docs-3")
    edited = await read_pair(*both, began=1.0)

    assert (same.counts, same.staging_count) == ((30, 30), 30)
    if ground.production.samples_documents:
        assert same.sample == SampleComparison(30, 0, 0, 0)
        assert edited.sample is not None
        assert edited.sample.differing > 0
    else:
        assert (same.sample, edited.sample) == (None, None)
    assert PLANTED not in repr((same, edited))


async def test_what_is_not_there_is_not_there(ground: ReadingGround) -> None:
    for call in (
        ground.production.facts("nowhere"),
        ground.production.count("nowhere"),
        ground.production.snapshots("nowhere"),
        ground.production.ids("nowhere", 3),
        ground.production.sample("nowhere", ["1"]),
    ):
        assert isinstance(await error_of(call), NotThere)


@pytest.mark.parametrize("account", ["wrong", "no rights"])
async def test_who_may_not_read_sees_neither_absence_nor_emptiness(
    ground: ReadingGround, account: str
) -> None:
    await ground.make("staging", "docs-1", 3)
    await ground.point("staging", "docs", "docs-1")
    somebody = ground.as_account(account)  # type: ignore[arg-type] # one of the three

    errors = [
        await error_of(somebody.resolve("docs")),
        await error_of(somebody.facts("docs-1")),
        await error_of(somebody.count("docs-1")),
        await error_of(somebody.ids("docs-1", 3)),
        await error_of(somebody.sample("docs-1", ["1"])),
    ]
    await somebody.close()

    assert [type(each) for each in errors] == [NotAllowed] * len(errors)


async def test_a_server_that_does_not_answer_says_nothing_and_is_there_again(
    ground: ReadingGround,
) -> None:
    await ground.make("staging", "docs-1", 3)
    await ground.point("staging", "docs", "docs-1")

    async with ground.stopped():
        error = await error_of(ground.staging.resolve("docs"))

    assert isinstance(error, NotAnswered)
    assert await ground.staging.resolve("docs") == ("docs-1",)
