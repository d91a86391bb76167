"""Another name for an index of an OpenSearch, also where that was begun before."""

from typing import Any

import pytest
from aiohttp import web

from stagingmirror.errors import NotThere, Refused
from stagingmirror.sources.index.opensearch import recovery
from support.index.conformance import error_of, nothing
from support.index.fake_opensearch import FakeOpenSearch, index

FORMER, NEW = "smir-unmasked-aaaa", "docs-2-aaaa"
CLONE = f"PUT /{FORMER}/_clone/{NEW}"
BLOCK = f"PUT /{FORMER}/_settings"
REMOVE = f"DELETE /{FORMER}"
OK = {"acknowledged": True}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "EVERY", 0.0)


def cloned(of: str = FORMER) -> dict[str, Any]:
    made = index()
    made["settings"]["index"]["resize"] = {"source": {"name": of}}
    return {NEW: made}


def fake_of(*stages: str, former: bool = True, new: bool = False) -> FakeOpenSearch:
    """``stages`` of the clone's shard, one after the other, the last again."""
    fake, left = FakeOpenSearch(), list(stages or ("DONE",))

    def clone(_: object) -> web.Response:
        fake.answers[f"GET /{NEW}"] = cloned()
        return web.json_response(OK)

    def recovering(_: object) -> dict[str, Any]:
        size = {"total_in_bytes": 1, "recovered_in_bytes": 1, "reused_in_bytes": 0}
        stage = left.pop(0) if left[1:] else left[0]
        shard = {"id": 0, "type": "LOCAL_SHARDS", "stage": stage, "primary": True}
        return {NEW: {"shards": [{**shard, "index": {"size": size}}]}}

    if former:
        fake.answers[f"GET /{FORMER}"] = {FORMER: index()}
    if new:
        fake.answers[f"GET /{NEW}"] = cloned()
    fake.answers |= {BLOCK: OK, CLONE: clone, REMOVE: OK, f"GET /{NEW}/_recovery": recovering}
    health = {"status": "green", "initializing_shards": 0, "unassigned_shards": 0}
    fake.answers[f"GET /_cluster/health/{NEW}"] = health
    return fake


def written(fake: FakeOpenSearch) -> list[str]:
    return [each for each in fake.calls if not each.startswith("GET ")]


async def test_the_former_is_removed_once_the_clone_is_whole_and_may_be_written() -> None:
    fake = fake_of("INDEX", "DONE")

    async with fake.store() as store:
        await store.rename(FORMER, NEW, nothing)

    assert written(fake) == [BLOCK, CLONE, BLOCK, REMOVE]
    assert fake.calls.count(f"GET /{NEW}/_recovery") == 2
    assert fake.bodies[CLONE] == {"settings": {"index.blocks.write": None}}


async def test_a_clone_that_was_begun_is_gone_on_with() -> None:
    fake = fake_of("INDEX", "DONE", new=True)

    async with fake.store() as store:
        await store.rename(FORMER, NEW, nothing)

    assert written(fake) == [BLOCK, REMOVE]


async def test_what_was_renamed_stays_so() -> None:
    fake = fake_of(former=False, new=True)

    async with fake.store() as store:
        await store.rename(FORMER, NEW, nothing)

    assert written(fake) == []


async def test_an_index_that_is_no_clone_of_it_has_taken_the_name() -> None:
    fake = fake_of()
    fake.answers[f"GET /{NEW}"] = cloned("another")

    async with fake.store() as store:
        error = await error_of(store.rename(FORMER, NEW, nothing))

    assert (type(error), error.reason) == (Refused, "NameTaken")
    assert written(fake) == []


async def test_what_is_not_there_cannot_be_renamed() -> None:
    fake = fake_of(former=False)
    del fake.answers[BLOCK]

    async with fake.store() as store:
        error = await error_of(store.rename(FORMER, NEW, nothing))

    assert isinstance(error, NotThere)
