"""Old copies of a component: which are removed, and when none is."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.drift.facts import Hold
from stagingmirror.engine.refresh.execute.state import RemovalCheck
from stagingmirror.engine.refresh.record.copies import Copy
from stagingmirror.engine.refresh.removal.old_copies import REMOVING
from support.kinds.builders import NOW
from support.kinds.records import a_record
from support.objectstore.copying import copy_of
from support.objectstore.fake_s3 import BUCKET, SPACE, WRITES, FakeS3, xml
from support.objectstore.old_copies import (
    FILES,
    FOLDER,
    HASHES,
    MIRROR,
    a_mirror,
    judged,
    objects,
)
from support.sandbox.refresher import a_refresher, kept, on_the_server


async def test_the_last_ones_stay_and_older_ones_go() -> None:
    async with a_mirror() as mirror:
        done = await mirror.tend(keep=1)

        assert mirror.store.objects == objects("cccccccccccc", "dddddddddddd")
        assert done == [
            f"removed the old copy s3://{BUCKET}/{FOLDER}/{name}" for name in HASHES[:2]
        ]
        assert mirror.record.message == f"all; {done[0]}; {done[1]}"
        assert [each.name for each in mirror.record.all_copies] == [
            f"staging s3://{BUCKET}/{FOLDER}/{name}" for name in HASHES[2:]
        ]


@pytest.mark.parametrize(("keep", "left"), [(0, HASHES[3:]), (2, HASHES[1:]), (9, HASHES)])
async def test_as_many_stay_as_keep_has(keep: int, left: tuple[str, ...]) -> None:
    async with a_mirror() as mirror:
        await mirror.tend(keep=keep)

        assert mirror.store.objects == objects(*left)


async def test_without_keep_nothing_is_ever_removed() -> None:
    async with a_mirror() as mirror:
        assert await mirror.tend() == []

        assert mirror.stays()


async def test_what_is_held_stays() -> None:
    async with a_mirror() as mirror:
        for held in (frozenset({"ranker"}), frozenset[str]()):
            hold = Hold("hold", "why", NOW + 60, held)
            assert await mirror.tend(replace(judged(keep=0), holds=(hold,))) == []

        assert mirror.stays()


Change = Callable[[dict[str, Any]], None]
LIVE: Mapping[str, Change] = {
    "suspended": lambda body: body["spec"]["refresh"].update(suspend=True),
    "without refresh": lambda body: body["spec"].pop("refresh"),
    "changed": lambda body: body["metadata"].update(generation=2),
    "another": lambda body: body["metadata"].update(uid="uid-9"),
}


@pytest.mark.parametrize("what", LIVE)
async def test_a_mirror_that_is_another_by_now_removes_nothing(what: str) -> None:
    async with a_mirror() as mirror:
        LIVE[what](mirror.server.objects[MIRROR])

        assert await mirror.tend(keep=0) == []
        assert mirror.stays()


@pytest.mark.parametrize("result", ["RolledBack", "RollbackIncomplete"])
async def test_after_a_refresh_that_failed_nothing_is_removed(result: Any) -> None:
    async with a_mirror() as mirror:
        await mirror.removal.records.keep(replace(mirror.record, result=result))

        assert await mirror.tend(keep=0) == []
        assert mirror.stays()


async def test_who_leads_no_more_removes_nothing() -> None:
    async with a_mirror() as mirror:
        mirror.removal.tools.writer._leading = lambda: False
        await mirror.tend(keep=0)

        assert mirror.stays()


async def test_a_place_that_may_be_productions_by_now_stays() -> None:
    async with a_mirror() as mirror:
        mirror.made.stores._environments["staging"]._is_staging = False
        await mirror.tend(keep=0)

        assert mirror.stays()


REFUSED = f"<Error><Key>{FOLDER}/{HASHES[0]}/w.bin</Key><Code>AccessDenied</Code></Error>"


@pytest.mark.parametrize("answer", [REFUSED, ""], ids=["refused", "not done"])
async def test_what_the_store_does_not_delete_is_not_said_to_be_and_keeps_no_refresh_waiting(
    answer: str,
) -> None:
    async with a_mirror() as mirror:
        mirror.store.instead = lambda request: (
            xml(f'<DeleteResult xmlns="{SPACE}">{answer}</DeleteResult>')
            if "delete" in request.query
            else None
        )

        assert await mirror.tend(keep=2) == []
        assert mirror.check.running is None
        assert mirror.store.objects == objects(*HASHES)
        assert len(mirror.record.copies) == 3


async def test_a_folder_in_which_somebody_else_has_written_since_stays_whole() -> None:
    async with a_mirror() as mirror:
        late = replace(mirror.record.copies[0], after={"written": 1.0})
        rest = mirror.record.copies[1:]
        await mirror.removal.records.keep(replace(mirror.record, copies=(late, *rest)))
        (done,) = await mirror.tend(keep=2)

        assert "somebody else" in done
        assert mirror.stays()
        assert len(mirror.record.copies) == 2


async def test_what_was_never_verified_stays() -> None:
    async with a_mirror() as mirror:
        unproven = tuple(replace(each, after={}) for each in mirror.record.copies)
        await mirror.removal.records.keep(replace(mirror.record, copies=unproven))

        assert await mirror.tend(keep=0) == []
        assert mirror.stays()


@dataclass(slots=True)
class Dying(FakeS3):
    """Holds the request to delete of this number, done or not; ``reached`` is set then."""

    at: int = 0
    done: bool = False
    count: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.count += request.method in WRITES
        if request.method not in WRITES or self.count != self.at:
            return await FakeS3.answer(self, request)
        if self.done:
            await FakeS3.answer(self, request)
        self.reached.set()
        await asyncio.sleep(3600)
        raise AssertionError


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("at", range(1, len(FILES) + 1))
async def test_a_process_that_ends_at_any_deletion_leaves_all_others_whole_and_another_goes_on(
    at: int, done: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stagingmirror.actions.copies.copy_files._BATCH", 1)
    dying = Dying(at=at, done=done)
    async with a_mirror(dying) as mirror:
        await mirror.removal.tend(mirror.record, judged(keep=2), mirror.check)
        async with asyncio.timeout(20):
            await dying.reached.wait()
        await mirror.removal.tools.pool.close()
        assert dying.objects.items() >= objects(*HASHES[1:]).items()
        assert len(mirror.record.copies) == 3

        dying.at, mirror.check = 0, RemovalCheck()
        await mirror.tend(keep=2)

        assert dying.objects == objects(*HASHES[1:])
        assert len(mirror.record.copies) == 2


async def test_while_an_old_copy_is_being_removed_no_refresh_begins_and_afterwards_one_does() -> (
    None
):
    async with a_refresher() as served:
        on_the_server(
            served.server, a_record(phase="Closed", result="Succeeded", ended=NOW), "uid-1"
        )
        served.states["uid-1"].removal.running = Copy(copy_of(), {"written": 1.0}, NOW)

        waits = await served.advance(served.context())
        was = kept(served).id
        for _ in range(100):
            if (await served.advance(served.context())).activity == "Refreshing":
                break
            await asyncio.sleep(0.01)

        assert (waits.waiting, was) == (REMOVING, "r1")
        assert kept(served).id != "r1"
