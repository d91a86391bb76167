"""What is written in an OpenSearch that answers as a real one does in bad times."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.errors import ChangedUnderneath, NotAnswered, Refused
from stagingmirror.sources.index.store import Room
from support.index.conformance import MARK, error_of
from support.index.fake_opensearch import FakeOpenSearch, failed, index

OK = {"acknowledged": True}
NEW = "docs-2-aaaa"


def aliased(fake: FakeOpenSearch, *indexes: str) -> None:
    fake.answers["GET /docs/_alias/docs"] = {each: {"aliases": {"docs": {}}} for each in indexes}


def swapping(fake: FakeOpenSearch, *then: str) -> Callable[[object], Any]:
    """After the write the alias leads to these."""

    def swap(_: object) -> web.Response:
        aliased(fake, *then)
        return web.json_response(OK)

    return swap


@pytest.mark.parametrize("expected", [None, "docs-1"])
async def test_an_alias_that_somebody_else_led_elsewhere_at_once_is_left_to_them(
    expected: str | None,
) -> None:
    fake = FakeOpenSearch()
    sent: list[Any] = []
    if expected is not None:
        aliased(fake, expected)

    def both(body: Any) -> web.Response:
        sent.append(body["actions"])
        aliased(fake, "docs-9", *([NEW] if len(sent) == 1 else []))
        return web.json_response(OK)

    fake.answers["POST /_aliases"] = both
    async with fake.store() as store:
        error = await error_of(store.swap("docs", expected, NEW))

    assert (type(error), error.reason) == (ChangedUnderneath, "AliasMoved")
    back = [] if expected is None else [{"add": {"index": expected, "alias": "docs"}}]
    remove = {"remove": {"index": NEW, "alias": "docs", "must_exist": True}}
    assert sent[1:] == [[remove, *back]]


@pytest.mark.parametrize("expected", [None, "docs-1"])
async def test_an_alias_that_leads_elsewhere_alone_after_our_write_is_not_touched_again(
    expected: str | None,
) -> None:
    fake = FakeOpenSearch()
    if expected is not None:
        aliased(fake, expected)
    fake.answers["POST /_aliases"] = swapping(fake, "docs-9")

    async with fake.store() as store:
        error = await error_of(store.swap("docs", expected, NEW))

    assert isinstance(error, ChangedUnderneath)
    assert fake.calls.count("POST /_aliases") == 1


async def test_a_mark_leaves_what_is_beside_it() -> None:
    fake = FakeOpenSearch()
    fake.answers[f"GET /{NEW}"] = {NEW: index(_meta={"embeddingModel": "m", "owner": {"a": 1}})}
    fake.answers[f"PUT /{NEW}/_mapping"] = OK

    async with fake.store() as store:
        await store.stamp(NEW, MARK)

    assert fake.bodies[f"PUT /{NEW}/_mapping"] == {
        "_meta": {"embeddingModel": "m", "owner": {"a": 1}, "stagingmirror": MARK.document()}
    }


async def test_a_swap_is_one_call_that_fails_where_the_alias_is_elsewhere() -> None:
    fake = FakeOpenSearch()
    aliased(fake, "docs-1")
    fake.answers["POST /_aliases"] = swapping(fake, NEW)

    async with fake.store() as store:
        await store.swap("docs", "docs-1", NEW)

    assert fake.bodies["POST /_aliases"]["actions"] == [
        {"remove": {"index": "docs-1", "alias": "docs", "must_exist": True}},
        {"add": {"index": NEW, "alias": "docs"}},
    ]


async def test_an_alias_that_moves_between_our_look_and_our_write_is_left() -> None:
    fake = FakeOpenSearch()
    aliased(fake, "docs-1")

    def moved(_: object) -> web.Response:
        aliased(fake, "docs-0")
        return failed(404, "aliases_not_found_exception", "aliases [docs] missing")

    fake.answers["POST /_aliases"] = moved
    async with fake.store() as store:
        error = await error_of(store.swap("docs", "docs-1", NEW))

    assert (type(error), error.reason) == (ChangedUnderneath, "AliasMoved")
    assert "docs-0" in error.message


async def test_an_alias_of_two_is_not_swapped() -> None:
    fake = FakeOpenSearch()
    aliased(fake, "docs-0", "docs-1")

    async with fake.store() as store:
        assert isinstance(await error_of(store.swap("docs", "docs-1", NEW)), ChangedUnderneath)

    assert "POST /_aliases" not in fake.calls


async def test_an_alias_is_not_made_where_an_index_has_its_name() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs"] = {"docs": index()}

    async with fake.store() as store:
        assert (await error_of(store.swap("docs", None, NEW))).reason == "NotAnAlias"

    assert "POST /_aliases" not in fake.calls


async def test_what_not_every_node_confirmed_is_tried_again() -> None:
    fake = FakeOpenSearch()
    aliased(fake, "docs-1")
    fake.answers["POST /_aliases"] = {"acknowledged": False}

    async with fake.store() as store:
        error = await error_of(store.swap("docs", "docs-1", NEW))

    assert (type(error), error.reason) == (NotAnswered, "Busy")


async def test_the_room_is_that_of_the_fullest_node_with_data() -> None:
    def node(free: int, *roles: str) -> dict[str, Any]:
        total = {"total_in_bytes": 100, "available_in_bytes": free}
        return {"roles": list(roles), "fs": {"total": total}}

    fake = FakeOpenSearch()
    fake.answers["GET /_nodes/stats/fs"] = {
        "nodes": {
            "a": node(50, "data", "ingest"),
            "b": node(40, "data_hot"),
            "c": node(1, "cluster_manager"),
        }
    }

    async with fake.store() as store:
        assert await store.room() == Room(40, 100)


async def test_an_index_with_an_alias_is_not_dropped() -> None:
    fake = FakeOpenSearch()
    fake.answers[f"GET /{NEW}"] = {NEW: {**index(), "aliases": {"docs": {}}}}

    async with fake.store() as store:
        error = await error_of(store.drop(NEW))

    assert (type(error), error.reason) == (Refused, "IndexServed")
    assert fake.calls == [f"GET /{NEW}"]


async def test_an_alias_is_never_dropped_as_an_index() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs"] = {"docs-1": index()}

    async with fake.store() as store:
        assert isinstance(await error_of(store.drop("docs")), Refused)

    assert fake.calls == ["GET /docs"]


FREEZE, REMOVE = f"PUT /{NEW}/_settings", f"DELETE /{NEW}"


async def test_an_index_is_frozen_and_looked_at_again_before_it_is_removed() -> None:
    fake = FakeOpenSearch()
    fake.answers |= {f"GET /{NEW}": {NEW: index()}, FREEZE: OK, REMOVE: OK}

    async with fake.store() as store:
        await store.drop(NEW)

    assert fake.calls == [f"GET /{NEW}", FREEZE, f"GET /{NEW}", REMOVE]
    assert fake.bodies[FREEZE] == {"index.blocks.read_only_allow_delete": True}


async def test_an_index_that_is_not_removed_is_not_left_frozen() -> None:
    fake = FakeOpenSearch()
    frozen: list[Any] = []

    def freeze(body: Any) -> web.Response:
        frozen.append(body["index.blocks.read_only_allow_delete"])
        return web.json_response(OK)

    fake.answers |= {
        f"GET /{NEW}": {NEW: index()},
        FREEZE: freeze,
        REMOVE: lambda _: failed(403, "security_exception"),
    }
    async with fake.store() as store:
        error = await error_of(store.drop(NEW))

    assert error.reason == "Forbidden"
    assert frozen == [True, None]


async def test_an_index_that_got_an_alias_before_it_was_frozen_stays_and_is_thawed() -> None:
    fake = FakeOpenSearch()
    fake.answers |= {f"GET /{NEW}": {NEW: index()}, REMOVE: OK}
    frozen: list[Any] = []

    def freeze(body: Any) -> web.Response:
        frozen.append(body["index.blocks.read_only_allow_delete"])
        fake.answers[f"GET /{NEW}"] = {NEW: {**index(), "aliases": {"docs": {}}}}
        return web.json_response(OK)

    fake.answers[FREEZE] = freeze
    async with fake.store() as store:
        error = await error_of(store.drop(NEW))

    assert (type(error), error.reason) == (Refused, "IndexServed")
    assert frozen == [True, None]
    assert REMOVE not in fake.calls


async def test_an_index_that_is_gone_meanwhile_is_removed() -> None:
    fake = FakeOpenSearch()
    fake.answers[f"GET /{NEW}"] = {NEW: index()}

    async with fake.store() as store:
        await store.drop(NEW)

    assert REMOVE not in fake.calls
