"""Former indexes of a component: which are removed, and when none is."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from stagingmirror.engine.refresh.execute.state import RemovalCheck
from stagingmirror.engine.refresh.record.record import Entry
from support.index.old_indexes import Mirror, a_mirror, judged
from support.index.restoring import SWITCH, staging
from support.kinds.records import a_record
from support.kubernetes.workloads import config_map
from support.objectstore.dying_s3 import Dying


async def test_the_last_ones_stay_and_older_ones_go() -> None:
    async with a_mirror() as mirror:
        done = await mirror.tend(keep=1)

        assert mirror.there() == {"b1", *mirror.made[2:]}
        assert done == [f"removed the old copy vectors/{name}" for name in mirror.made[:2]]
        assert not [k for k in mirror.store.objects if mirror.made[0] in k]


@pytest.mark.parametrize(("keep", "first"), [(0, 3), (2, 1), (9, 0), (None, 0)])
async def test_as_many_stay_as_keep_has_and_all_without(keep: int | None, first: int) -> None:
    async with a_mirror() as mirror:
        await mirror.tend(keep)

        assert mirror.there() == {"b1", *mirror.made[first:]}


async def test_what_no_refresh_made_is_never_removed() -> None:
    async with a_mirror() as mirror:
        await mirror.tend(keep=0)

        assert "b1" in mirror.there()
        assert mirror.store.objects["idx/b1/manifest.json"]


async def test_one_that_was_rolled_back_is_not_among_those_that_stay() -> None:
    async with a_mirror() as mirror:
        first, second, third = mirror.record.copies
        rolled_back = replace(third, after={})
        copies = (first, second, rolled_back)
        await mirror.removal.records.keep(replace(mirror.record, copies=copies))

        await mirror.tend(keep=1)

        assert mirror.there() == {"b1", *mirror.made[1:]}


def _another_alias(mirror: Mirror) -> None:
    mirror.store.objects["idx/OTHER"] = mirror.made[0].encode()


def _a_workload(mirror: Mirror) -> None:
    body = config_map("search", "ml-staging", {"index": mirror.made[0]})
    mirror.server.put("/api/v1/namespaces/ml-staging/configmaps/search", body)


@pytest.mark.parametrize("named", [_another_alias, _a_workload])
async def test_what_anything_names_stays(named: Callable[[Mirror], None]) -> None:
    async with a_mirror() as mirror:
        named(mirror)

        assert await mirror.tend(keep=2) == []
        assert mirror.there() == {"b1", *mirror.made}
        assert len(mirror.record.copies) == 3


async def test_nothing_is_removed_in_another_system_than_it_was_made_in() -> None:
    async with a_mirror() as mirror:
        first, *rest = mirror.record.copies
        other = replace(first, before={**first.before, "system": "another"})
        record = replace(mirror.record, copies=(other, *rest))
        await mirror.removal.records.keep(record)

        assert await mirror.tend(keep=2) == []
        assert mirror.there() == {"b1", *mirror.made}


async def test_what_another_mirrors_open_refresh_may_lead_back_to_stays() -> None:
    async with a_mirror() as mirror:
        entry = Entry(SWITCH, state="Taken", before={"index": mirror.made[0], "system": "s"})
        await mirror.removal.records.begin(a_record(entry, uid="uid-2", name="other"))

        assert await mirror.tend(keep=2) == []
        assert mirror.there() == {"b1", *mirror.made}


@pytest.mark.parametrize("change", [{"refresh": "another"}, {"documents": 1}, None])
async def test_an_index_with_another_mark_than_ours_stays_and_is_forgotten(
    change: dict[str, object] | None,
) -> None:
    async with a_mirror() as mirror:
        path = f"idx/{mirror.made[0]}/stagingmirror.json"
        if change is None:
            del mirror.store.objects[path]
        else:
            mark = json.loads(mirror.store.objects[path]) | change
            mirror.store.objects[path] = json.dumps(mark).encode()
        (done,) = await mirror.tend(keep=2)

        assert "somebody else" in done
        assert mirror.there() == {"b1", *mirror.made}
        assert len(mirror.record.copies) == 2


async def test_one_that_is_gone_already_is_forgotten() -> None:
    async with a_mirror() as mirror:
        for key in [k for k in mirror.store.objects if mirror.made[0] in k]:
            del mirror.store.objects[key]
        await mirror.tend(keep=2)

        assert len(mirror.record.copies) == 2
        assert mirror.there() == {"b1", *mirror.made[1:]}


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("at", [1, 2, 3])
async def test_a_process_that_ends_at_any_deletion_is_followed_by_one_that_removes_the_rest(
    at: int, done: bool
) -> None:
    dying = Dying(objects=staging().objects, done=done)
    async with a_mirror(dying) as mirror:
        dying.at = dying.count + at
        await mirror.removal.tend(mirror.record, judged(keep=2), mirror.check)
        async with asyncio.timeout(20):
            await dying.reached.wait()
        await mirror.removal.tools.pool.close()
        assert mirror.there() >= {"b1", *mirror.made[1:]}
        assert len(mirror.record.copies) == 3

        dying.at, mirror.check = 0, RemovalCheck()
        await mirror.tend(keep=2)

        assert mirror.there() == {"b1", *mirror.made[1:]}
        assert not [k for k in dying.objects if mirror.made[0] in k]
        assert len(mirror.record.copies) == 2
