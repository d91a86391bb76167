"""A snapshot restored under a new name and the alias led to it, with a store on the wire."""

import asyncio
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from stagingmirror.errors import CannotRefresh, StagingMirrorError, StepFailed
from stagingmirror.sources.index.subjects import IndexAlias
from support.index.restoring import (
    SWITCH,
    Bench,
    Record,
    another_process,
    bench,
    pointing,
    production,
    with_build,
    writes_to,
)
from support.objectstore.fake_s3 import WRITES, FakeS3, error

PLACE = IndexAlias("staging", "vectors", "CURRENT")


def staging() -> FakeS3:
    return pointing(with_build(FakeS3(), "b1", 10), "b1")


async def record(made: Bench) -> Record:
    found = Record((await made.step(), SWITCH))
    await found.survey(made)
    return found


def without_documents() -> FakeS3:
    return pointing(with_build(FakeS3(), "b2", 0, documents=0), "b2")


def served(store: FakeS3) -> str:
    return store.objects["idx/CURRENT"].decode().strip()


def builds(store: FakeS3) -> set[str]:
    return {key.split("/")[1] for key in store.objects if key.endswith("/manifest.json")}


async def test_what_was_restored_is_marked_before_the_alias_leads_to_it() -> None:
    async with bench(staging()) as made:
        refresh = await record(made)
        await refresh.take(made)
        await refresh.verify(made)

        assert served(made.destination) == "b2"
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
        assert served(made.destination) == "b2"
        await refresh.roll_back(made)

        assert made.destination.objects == {}


@dataclass(slots=True)
class Dying(FakeS3):
    """Holds the write of this number, done or not; ``reached`` is set then. Others are answered."""

    at: int = 0
    done: bool = False
    count: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.count += request.method in WRITES
        if request.method not in WRITES or self.count != self.at:
            return await FakeS3.answer(self, request)
        answered = await FakeS3.answer(self, request) if self.done else None
        self.reached.set()
        await asyncio.sleep(3600)
        assert answered is not None
        return answered


# The index, its manifest, the mark, the pointer.
WRITES_OF_ALL = 4


async def interrupted(dying: Dying, made: Bench) -> tuple[Record, Bench]:
    """A refresh whose process ended at the write, and the process that comes after it."""
    refresh = await record(made)
    going = asyncio.create_task(refresh.take(made))
    async with asyncio.timeout(20):
        await dying.reached.wait()
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)
    dying.at = 0
    return refresh, await another_process(made)


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("at", range(1, WRITES_OF_ALL + 1))
async def test_a_refresh_that_ends_at_any_write_serves_the_old_or_the_whole_and_is_finished(
    at: int, done: bool
) -> None:
    dying = Dying(objects=staging().objects, at=at, done=done)
    async with bench(dying) as made:
        refresh, after = await interrupted(dying, made)
        assert served(dying) in ("b1", "b2")
        assert served(dying) == "b1" or at == WRITES_OF_ALL

        await refresh.take(after)
        await refresh.verify(after)

        assert served(dying) == "b2"
        assert builds(dying) == {"b1", "b2"}
        await after.close()


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("at", range(1, WRITES_OF_ALL + 1))
async def test_a_refresh_that_ends_at_any_write_is_rolled_back_by_the_next_process(
    at: int, done: bool
) -> None:
    before = staging().objects
    dying = Dying(objects=dict(before), at=at, done=done)
    async with bench(dying) as made:
        refresh, after = await interrupted(dying, made)

        await refresh.roll_back(after)

        assert {key: data.strip() for key, data in dying.objects.items()} == before
        await after.close()


async def test_the_number_of_writes_is_the_one_that_is_tried() -> None:
    async with bench(staging()) as made:
        await (await record(made)).take(made)

        assert len(writes_to(made.destination)) == WRITES_OF_ALL


@pytest.mark.parametrize("number", range(WRITES_OF_ALL))
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
            made.indexes.writer("production", "vectors")

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
            made.indexes.writer("staging", "vectors")

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
        made.destination.objects["idx/b2/index.faiss"] += b"x"
        with pytest.raises(StepFailed) as raised:
            await refresh.verify(made)

        assert raised.value.reason == "IndexDiffers"
