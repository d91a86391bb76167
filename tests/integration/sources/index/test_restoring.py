"""How every index store restores, on a real server of each product."""

from dataclasses import replace

import pytest

from stagingmirror.errors import (
    ChangedUnderneath,
    NotThere,
    Refused,
)
from stagingmirror.sources.index.samples import digest_of
from support.index.conformance import (
    MARK,
    Killed,
    error_of,
    killed_at,
    nothing,
    restored,
    snapshot_of,
)
from support.index.ground import MODEL, Ground

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]


async def test_a_copy_has_the_sample_and_the_count_of_its_origin(ground: Ground) -> None:
    await restored(ground)

    ids = await ground.production.ids("docs-2", 50)
    theirs = await ground.production.sample("docs-2", ids)
    ours = await ground.staging.sample("docs-2-aaaa", ids)

    assert digest_of(ours) == digest_of(theirs)
    assert await ground.staging.count("docs-2-aaaa") == 30
    one, other = await ground.production.facts("docs-2"), await ground.staging.facts("docs-2-aaaa")
    assert (one.vectors, one.settings) == (other.vectors, other.settings)


async def test_an_edit_of_the_copy_is_found(ground: Ground) -> None:
    await restored(ground)
    ids = await ground.staging.ids("docs-2-aaaa", 50)
    before = await ground.staging.sample("docs-2-aaaa", ids)

    await ground.edit("staging", "docs-2-aaaa")

    assert digest_of(await ground.staging.sample("docs-2-aaaa", ids)) != digest_of(before)


async def test_progress_ends_with_all(ground: Ground) -> None:
    await ground.make("production", "docs-2", 30)
    told: list[tuple[int, int]] = []

    await ground.staging.restore(
        await snapshot_of(ground, "docs-2"),
        "docs-2",
        "docs-2-aaaa",
        ground.production,
        lambda done, total: told.append((done, total)),
    )

    assert told[-1][0] == told[-1][1] > 0
    assert all(done <= total for done, total in told)


async def test_a_restore_that_is_called_again_changes_nothing(ground: Ground) -> None:
    snapshot = await restored(ground)
    ids = await ground.staging.ids("docs-2-aaaa", 50)
    before = await ground.staging.sample("docs-2-aaaa", ids)

    await ground.staging.restore(snapshot, "docs-2", "docs-2-aaaa", ground.production, nothing)

    assert await ground.staging.sample("docs-2-aaaa", ids) == before


@pytest.mark.parametrize("call", [0, 1, 2])
async def test_a_restore_that_was_killed_is_whole_after_the_next(ground: Ground, call: int) -> None:
    await ground.make("production", "docs-2", 30)
    snapshot = await snapshot_of(ground, "docs-2")
    arguments = snapshot, "docs-2", "docs-2-aaaa", ground.production
    with pytest.raises(Killed):
        await ground.staging.restore(*arguments, killed_at(call))

    await ground.staging.restore(*arguments, nothing)

    ids = await ground.production.ids("docs-2", 50)
    assert await ground.staging.sample("docs-2-aaaa", ids) == await ground.production.sample(
        "docs-2", ids
    )


async def test_a_name_that_is_taken_is_refused_before_anything_is_written(ground: Ground) -> None:
    await ground.make("production", "docs-2", 30)
    await ground.make("staging", "docs-2-aaaa", 3)

    refused = await error_of(
        ground.staging.rehearse(
            await snapshot_of(ground, "docs-2"), "docs-2", "docs-2-aaaa", ground.production
        )
    )

    assert isinstance(refused, Refused)
    assert refused.reason == "NameTaken"


async def test_somebody_elses_index_is_never_restored_over(ground: Ground) -> None:
    await ground.make("production", "docs-2", 30)
    await ground.make("staging", "docs-2-aaaa", 3)

    refused = await error_of(
        ground.staging.restore(
            await snapshot_of(ground, "docs-2"),
            "docs-2",
            "docs-2-aaaa",
            ground.production,
            nothing,
        )
    )

    assert isinstance(refused, Refused)
    assert await ground.staging.count("docs-2-aaaa") == 3


async def test_a_snapshot_that_is_gone_is_not_restored(ground: Ground) -> None:
    await ground.make("production", "docs-2", 30)
    gone = replace(await snapshot_of(ground, "docs-2"), id="no-such-id", name="no-such-name")

    error = await error_of(
        ground.staging.restore(gone, "docs-2", "docs-2-aaaa", ground.production, nothing)
    )

    assert isinstance(error, ChangedUnderneath | NotThere)
    assert isinstance(await error_of(ground.staging.facts("docs-2-aaaa")), NotThere)


async def test_a_mark_is_read_as_it_was_left(ground: Ground) -> None:
    await restored(ground)

    await ground.staging.stamp("docs-2-aaaa", MARK)
    await ground.staging.stamp("docs-2-aaaa", replace(MARK, refresh="refresh-2"))

    facts = await ground.staging.facts("docs-2-aaaa")
    assert facts.mark == replace(MARK, refresh="refresh-2")
    assert facts.manifest["embeddingModel"] == MODEL


async def test_a_mark_is_in_no_sample(ground: Ground) -> None:
    await restored(ground)
    ids = await ground.staging.ids("docs-2-aaaa", 50)
    before = await ground.staging.sample("docs-2-aaaa", ids)

    await ground.staging.stamp("docs-2-aaaa", MARK)

    assert await ground.staging.ids("docs-2-aaaa", 50) == ids
    assert await ground.staging.sample("docs-2-aaaa", ids) == before
