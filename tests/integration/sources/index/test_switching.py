"""How every index store moves aliases and drops indexes, on a real server of each product."""

import pytest

from stagingmirror.errors import (
    ChangedUnderneath,
    NotAllowed,
    NotThere,
    Refused,
)
from stagingmirror.sources.index.store import is_free
from support.index.conformance import (
    MARK,
    error_of,
    nothing,
    restored,
)
from support.index.ground import Ground

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("index")]


async def test_an_alias_is_swapped_where_it_is_as_expected(ground: Ground) -> None:
    await restored(ground)
    await ground.make("staging", "docs-1", 3)
    await ground.point("staging", "docs", "docs-1")

    await ground.staging.swap("docs", "docs-1", "docs-2-aaaa")
    await ground.staging.swap("docs", "docs-1", "docs-2-aaaa")

    assert await ground.staging.resolve("docs") == ("docs-2-aaaa",)


async def test_an_alias_that_was_moved_meanwhile_is_left(ground: Ground) -> None:
    await restored(ground)
    await ground.make("staging", "docs-1", 3)
    await ground.make("staging", "docs-0", 3)
    await ground.point("staging", "docs", "docs-0")

    error = await error_of(ground.staging.swap("docs", "docs-1", "docs-2-aaaa"))

    assert isinstance(error, ChangedUnderneath)
    assert await ground.staging.resolve("docs") == ("docs-0",)


async def test_an_alias_that_appeared_meanwhile_is_left(ground: Ground) -> None:
    await restored(ground)
    await ground.make("staging", "docs-1", 3)
    await ground.point("staging", "docs", "docs-1")

    error = await error_of(ground.staging.swap("docs", None, "docs-2-aaaa"))

    assert isinstance(error, ChangedUnderneath)
    assert await ground.staging.resolve("docs") == ("docs-1",)


async def test_an_alias_that_vanished_meanwhile_is_not_made(ground: Ground) -> None:
    await restored(ground)

    error = await error_of(ground.staging.swap("docs", "docs-1", "docs-2-aaaa"))

    assert isinstance(error, ChangedUnderneath)
    assert await ground.staging.resolve("docs") == ()


async def test_a_new_alias_is_made_and_removed(ground: Ground) -> None:
    await restored(ground)

    await ground.staging.swap("docs", None, "docs-2-aaaa")
    made = await ground.staging.resolve("docs")
    await ground.staging.unset("docs", "docs-2-aaaa")
    await ground.staging.unset("docs", "docs-2-aaaa")

    assert (made, await ground.staging.resolve("docs")) == (("docs-2-aaaa",), ())


async def test_an_alias_that_leads_elsewhere_is_not_removed(ground: Ground) -> None:
    await restored(ground)
    await ground.make("staging", "docs-1", 3)
    await ground.point("staging", "docs", "docs-1")

    error = await error_of(ground.staging.unset("docs", "docs-2-aaaa"))

    assert isinstance(error, ChangedUnderneath)
    assert await ground.staging.resolve("docs") == ("docs-1",)


async def test_an_index_that_an_alias_leads_to_is_not_dropped(ground: Ground) -> None:
    await restored(ground)
    await ground.staging.swap("docs", None, "docs-2-aaaa")

    refused = await error_of(ground.staging.drop("docs-2-aaaa"))

    assert isinstance(refused, Refused)
    assert refused.reason == "IndexServed"
    assert await ground.staging.count("docs-2-aaaa") == 30


async def test_an_index_is_dropped_once_and_no_other_with_it(ground: Ground) -> None:
    await restored(ground)
    await ground.make("staging", "docs-2-aaaab", 3)

    await ground.staging.drop("docs-2-aaaa")
    await ground.staging.drop("docs-2-aaaa")

    assert isinstance(await error_of(ground.staging.facts("docs-2-aaaa")), NotThere)
    assert await ground.staging.count("docs-2-aaaab") == 3


async def test_who_may_only_read_changes_nothing(ground: Ground) -> None:
    snapshot = await restored(ground)
    await ground.make("staging", "docs-1", 3)
    await ground.point("staging", "docs", "docs-1")
    somebody = ground.as_account("read only")
    seen = await somebody.resolve("docs")

    errors = [
        await error_of(
            somebody.restore(snapshot, "docs-2", "docs-2-bbbb", ground.production, nothing)
        ),
        await error_of(somebody.stamp("docs-2-aaaa", MARK)),
        await error_of(somebody.swap("docs", "docs-1", "docs-2-aaaa")),
        await error_of(somebody.drop("docs-2-aaaa")),
    ]
    await somebody.close()

    assert seen == ("docs-1",)
    assert [type(each) for each in errors] == [NotAllowed] * len(errors)
    assert await ground.staging.resolve("docs") == ("docs-1",)
    assert await ground.staging.count("docs-2-aaaa") == 30


async def test_a_copy_gets_another_name_with_all_that_is_in_it(ground: Ground) -> None:
    await restored(ground, new="smir-unmasked-aaaa")
    before = await ground.staging.facts("smir-unmasked-aaaa")

    await ground.staging.rename("smir-unmasked-aaaa", "docs-2-aaaa", nothing)
    await ground.staging.rename("smir-unmasked-aaaa", "docs-2-aaaa", nothing)
    await ground.staging.stamp("docs-2-aaaa", MARK)

    after = await ground.staging.facts("docs-2-aaaa")
    assert (after.vectors, after.settings, after.manifest) == (
        before.vectors,
        before.settings,
        before.manifest,
    )
    assert after.mark == MARK
    assert await ground.staging.count("docs-2-aaaa") == await ground.production.count("docs-2")
    assert await is_free(ground.staging, "smir-unmasked-aaaa")
    await ground.edit("staging", "docs-2-aaaa")


async def test_a_copy_that_was_written_has_another_version_and_one_that_was_read_the_same(
    ground: Ground,
) -> None:
    await restored(ground)
    before = await ground.staging.version("docs-2-aaaa")
    await ground.staging.sample("docs-2-aaaa", await ground.staging.ids("docs-2-aaaa", 8))
    read = await ground.staging.version("docs-2-aaaa")

    await ground.edit("staging", "docs-2-aaaa")

    assert before is not None
    assert read == before
    assert await ground.staging.version("docs-2-aaaa") != before


async def test_a_copy_that_an_alias_names_keeps_its_name(ground: Ground) -> None:
    await restored(ground, new="smir-unmasked-aaaa")
    await ground.point("staging", "docs", "smir-unmasked-aaaa")

    error = await error_of(ground.staging.rename("smir-unmasked-aaaa", "docs-2-aaaa", nothing))

    assert (type(error), error.reason) == (Refused, "IndexServed")
    assert await ground.staging.resolve("docs") == ("smir-unmasked-aaaa",)
