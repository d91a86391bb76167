"""A snapshot restored under a new name and the alias led to it, with a store on the wire."""

import pytest
from aiohttp import web

from stagingmirror.errors import CannotRefresh, StagingMirrorError, StepFailed
from stagingmirror.sources.index.subjects import IndexAlias
from stagingmirror.view import Observed
from support.index.restoring import (
    SWITCH,
    Record,
    bench,
    pointing,
    production,
    record,
    served,
    staging,
    with_build,
    without_documents,
    writes_to,
)
from support.objectstore.fake_s3 import WRITES, FakeS3, error

PLACE = IndexAlias("staging", "vectors", "CURRENT")


async def test_what_was_restored_is_marked_before_the_alias_leads_to_it() -> None:
    async with bench(staging()) as made:
        refresh = await record(made)
        await refresh.take(made)
        await refresh.verify(made)

        assert served(made.destination).startswith("b2-")
        written = writes_to(made.destination)
        mark = next(n for n, each in enumerate(written) if each.endswith("stagingmirror.json"))
        assert written[mark + 1 :] == ["PUT /models/idx/CURRENT"]
        assert writes_to(made.source) == []


async def test_a_rollback_leads_the_alias_back_and_removes_what_was_restored() -> None:
    async with bench(staging()) as made:
        before = dict(made.destination.objects)
        refresh = await record(made)
        await refresh.take(made)
        await refresh.roll_back(made)

        assert {k: v.strip() for k, v in made.destination.objects.items()} == before


async def test_an_alias_that_was_not_there_is_removed_again() -> None:
    async with bench(FakeS3()) as made:
        refresh = await record(made)
        await refresh.take(made)
        assert served(made.destination).startswith("b2-")
        await refresh.roll_back(made)

        assert made.destination.objects == {}


# The index, its manifest, the mark, the pointer.
@pytest.mark.parametrize("number", range(4))
async def test_a_write_that_is_refused_leaves_what_was_served(number: int) -> None:
    left = number

    def instead(request: web.Request) -> web.StreamResponse | None:
        nonlocal left
        if request.method not in WRITES:
            return None
        left -= 1
        return error(403, "AccessDenied") if left == -1 else None

    async with bench(staging()) as made:
        refresh = await record(made)
        made.destination.instead = instead
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.take(made)

        assert raised.value.reason == "Forbidden"
        assert served(made.destination) == "b1"


async def test_an_index_that_staging_serves_by_that_name_is_never_written_over() -> None:
    edited = pointing(with_build(FakeS3(), "b2", 31), "b2")
    async with bench(edited) as made:
        refresh = await record(made)
        await refresh.take(made)

        assert served(edited).startswith("b2-")
        assert (
            edited.objects["idx/b2/index.faiss"]
            == with_build(FakeS3(), "b2", 31).objects["idx/b2/index.faiss"]
        )


async def test_a_rollback_removes_nothing_that_another_refresh_or_person_made() -> None:
    async with bench(staging()) as made:
        refresh = await record(made)
        made.destination.objects["idx/b2/precious.txt"] = b"somebody's"
        await refresh.take(made)
        await refresh.roll_back(made)

        assert made.destination.objects["idx/b2/precious.txt"] == b"somebody's"


async def test_a_rollback_touches_no_other_store_than_was_surveyed() -> None:
    async with bench(staging()) as made:
        refresh = await record(made)
        await refresh.take(made)
        made.configure(prefix="elsewhere")
        there = f"elsewhere/{refresh.before[0]['index']}"
        made.destination.objects[f"{there}/manifest.json"] = b"{}"
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.steps[0].roll_back(refresh.task(0), made.tools)

        assert raised.value.reason == "ChangedUnderneath"
        assert f"{there}/manifest.json" in made.destination.objects


async def test_somebody_elses_store_that_is_not_identified_keeps_no_rollback() -> None:
    before = staging().objects
    async with bench(FakeS3(dict(before))) as made:
        refresh = await record(made)
        await refresh.take(made)
        made.configure_more("http://127.0.0.1:9")
        await refresh.roll_back(made)

        assert {k: v.strip() for k, v in made.destination.objects.items()} == before


async def test_a_store_that_lets_us_in_is_reachable_though_nothing_is_tracked_yet() -> None:
    async with bench(staging()) as made:
        answer = made.indexes.answers("staging")

        assert isinstance(answer, Observed)
        assert answer.trouble is None


async def test_an_alias_with_the_name_of_an_index_is_refused_before_the_first_write() -> None:
    async with bench(with_build(FakeS3(), "CURRENT", 5)) as made:
        with pytest.raises(StagingMirrorError) as raised:
            await record(made)

        assert raised.value.reason == "NotAnAlias"
        assert writes_to(made.destination) == []


async def test_copies_that_are_not_allowed_any_more_are_not_begun() -> None:
    async with bench(staging()) as made:
        refresh = await record(made)
        made.configure(copies="Never")
        with pytest.raises(StepFailed) as raised:
            await refresh.take(made)

        assert raised.value.reason == "EnvironmentRevoked"
        assert writes_to(made.destination) == []


async def test_an_alias_that_a_mirror_names_as_productions_is_not_moved() -> None:
    async with bench(staging()) as made:
        made.productions = {PLACE: True}
        with pytest.raises(StepFailed) as raised:
            await record(made)

        assert raised.value.reason == "ProductionIsReadOnly"
        assert writes_to(made.destination) == []


async def test_productions_environment_is_never_given_a_writer() -> None:
    async with bench(staging()) as made:
        with pytest.raises(CannotRefresh) as raised:
            made.indexes.writer("production", "vectors", proven=False)

        assert raised.value.reason == "ProductionIsReadOnly"


async def test_staging_that_is_productions_own_store_is_never_given_a_writer() -> None:
    store = production()
    async with bench(store, store) as made:
        made.addresses = {"production": made.addresses["production"]} | {
            "staging": made.addresses["production"]
        }
        made.configure()
        await made.identified()
        with pytest.raises(CannotRefresh) as raised:
            made.indexes.writer("staging", "vectors", proven=False)

        assert raised.value.reason == "ProductionIsReadOnly"


async def test_a_snapshot_that_is_gone_is_refused_before_the_first_write() -> None:
    async with bench(staging()) as made:
        step = await made.step()
        with_build(made.source, "b2", 40)
        with pytest.raises(StepFailed) as raised:
            await Record((step, SWITCH)).survey(made)

        assert raised.value.reason == "NoSnapshot"
        assert writes_to(made.destination) == []


async def test_an_index_without_documents_is_not_served() -> None:
    async with bench(staging(), without_documents()) as made:
        refresh = await record(made)
        with pytest.raises(StepFailed) as raised:
            await refresh.take(made)

        assert raised.value.reason == "IndexDiffers"
        assert served(made.destination) == "b1"


async def test_a_process_that_does_not_lead_writes_nothing() -> None:
    async with bench(staging()) as made:
        refresh = await record(made)
        made.leading = False
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.take(made)

        assert raised.value.reason == "NotLeading"
        assert writes_to(made.destination) == []


async def test_an_alias_that_somebody_moved_meanwhile_is_left_to_them() -> None:
    async with bench(staging()) as made:
        refresh = await record(made)
        with_build(made.destination, "b9", 9)
        pointing(made.destination, "b9")
        with pytest.raises(StagingMirrorError) as raised:
            await refresh.take(made)

        assert raised.value.reason == "ChangedUnderneath"
        assert served(made.destination) == "b9"


async def test_what_was_edited_between_restore_and_verification_is_not_verified() -> None:
    async with bench(staging()) as made:
        refresh = await record(made)
        await refresh.take(made)
        made.destination.objects[f"idx/{served(made.destination)}/index.faiss"] += b"x"
        with pytest.raises(StepFailed) as raised:
            await refresh.verify(made)

        assert raised.value.reason == "IndexDiffers"
