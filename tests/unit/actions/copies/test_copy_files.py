"""Files of a model, copied between two stores. The servers are played on the wire."""

from dataclasses import replace
from typing import Literal

import pytest

from stagingmirror.api.spec.environment.location import Location
from stagingmirror.errors import (
    CannotRefresh,
    ChangedUnderneath,
    NotAllowed,
    NotLeading,
    StepFailed,
)
from support.objectstore.copying import COPY, FILES, THERE, bench
from support.objectstore.fake_s3 import BUCKET, WRITES, error


async def test_a_copy_has_every_file_and_is_read_back() -> None:
    async with bench() as made:
        outcome = await made.copy()

        assert made.destination.objects == THERE
        assert "verified" in outcome.message
        assert {each.path for each in made.destination.requests if each.method == "GET"} >= {
            f"/{BUCKET}/{key}" for key in THERE
        }
        assert not any(each.method in WRITES for each in made.source.requests)


async def test_a_half_copy_is_finished_and_a_whole_one_is_found() -> None:
    async with bench() as made:
        made.destination.objects |= {"ml-staging/ranker/abc/w.bin": FILES["w.bin"]}
        await made.copy()
        first = len(made.uploads)
        await made.copy()

    assert first == 2
    assert len(made.uploads) == first


async def test_a_file_of_the_right_size_and_other_bytes_is_sent_again() -> None:
    async with bench() as made:
        made.destination.objects |= {"ml-staging/ranker/abc/w.bin": b"x" * 1000}
        await made.copy()

        assert made.destination.objects == THERE


async def test_bytes_that_are_others_by_now_are_not_taken_for_those_that_were_judged() -> None:
    async with bench() as made:
        made.source.objects["ranker/12/w.bin"] = b"x" * 1000
        with pytest.raises(ChangedUnderneath):
            await made.copy()


async def test_what_somebody_else_put_there_is_no_copy() -> None:
    async with bench() as made:
        made.destination.objects["ml-staging/ranker/abc/more.bin"] = b"more"
        with pytest.raises(StepFailed) as raised:
            await made.copy()

    assert raised.value.reason == "CopyDiffers"


@pytest.mark.parametrize(
    "place", [Location(BUCKET, ""), Location(BUCKET, "ml-staging/ranker/abc/deeper")]
)
async def test_a_place_that_may_be_productions_is_refused_before_and_at_the_first_write(
    place: Location,
) -> None:
    async with bench(place) as made:
        with pytest.raises(StepFailed) as surveyed:
            await COPY.survey("r1", made.tools)
        with pytest.raises(StepFailed) as taken:
            await made.copy()

        assert surveyed.value.reason == taken.value.reason == "ProductionIsReadOnly"
        assert made.uploads == []


async def test_nothing_is_copied_into_an_environment_of_production() -> None:
    async with bench() as made:
        with pytest.raises(StepFailed):
            await made.copy(replace(COPY, to_environment="production"))

        assert not any(each.method in WRITES for each in made.source.requests)


async def test_who_leads_no_more_writes_nothing() -> None:
    async with bench() as made:
        made.leading = False
        with pytest.raises(NotLeading):
            await made.copy()

        assert made.uploads == []


async def test_a_store_that_may_not_be_written_is_not_allowed() -> None:
    async with bench() as made:
        made.destination.instead = lambda request: (
            error(403, "AccessDenied") if request.method in WRITES else None
        )
        with pytest.raises(NotAllowed):
            await made.copy()


async def test_a_store_that_an_environment_has_no_more_is_found_before_the_first_write() -> None:
    async with bench() as made:
        with pytest.raises(CannotRefresh):
            await replace(COPY, to_uri="s3://elsewhere/x").survey("r1", made.tools)


@pytest.mark.parametrize("left", ["production", "staging"])
async def test_a_folder_that_is_not_readable_any_more_is_not_copied_on(
    left: Literal["production", "staging"],
) -> None:
    async with bench() as made:
        made.list_readable(left)
        with pytest.raises(StepFailed) as raised:
            await made.copy()

        assert raised.value.reason == "EnvironmentRevoked"
        assert made.uploads == []
