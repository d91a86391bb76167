"""What is read of an OpenSearch that answers as a real one seldom does."""

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.errors import (
    NotAnswered,
    NotSupported,
    NotThere,
    Refused,
)
from stagingmirror.settings import Settings
from support.index.conformance import error_of
from support.index.fake_opensearch import FakeOpenSearch, failed, hits, index
from support.index.ground import PLANTED


def hit(number: int, text: str = PLANTED) -> dict[str, Any]:
    return {"_id": str(number), "_source": {"text": text, "vec": [number, 1, 2]}}


async def test_a_role_limited_to_some_indexes_may_ask_for_the_alias() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs/_alias/docs"] = {"docs-2": {"aliases": {"docs": {}}}}

    async with fake.store() as store:
        assert await store.resolve("docs") == ("docs-2",)

    assert fake.calls == ["GET /docs/_alias/docs"]


@pytest.mark.parametrize("how", [{"filter": {"term": {"a": 1}}}, {"search_routing": "1"}])
async def test_an_alias_that_shows_a_part_is_no_alias_of_the_index(how: dict[str, Any]) -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs/_alias/docs"] = {"docs-2": {"aliases": {"docs": how}}}

    async with fake.store() as store:
        error = await error_of(store.resolve("docs"))

    assert isinstance(error, Refused)
    assert error.reason == "NotAnAlias"


async def test_an_alias_is_no_index() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs"] = {"docs-2": index()}

    async with fake.store() as store:
        assert isinstance(await error_of(store.facts("docs")), NotThere)


async def test_the_content_version_counts_the_writes_of_each_primary() -> None:
    fake = FakeOpenSearch()
    primary = {"routing": {"primary": True}, "seq_no": {"max_seq_no": 41}}
    copy = {"routing": {"primary": False}, "seq_no": {"max_seq_no": 40}}
    fake.answers["GET /docs-2/_stats"] = {
        "indices": {"docs-2": {"uuid": "u1", "shards": {"0": [copy, primary]}}}
    }

    async with fake.store() as store:
        facts = await store.facts("docs-2")

    assert (facts.content_version, facts.server) == ("u1:42", "OpenSearch 2.19.1")
    assert facts.built == 1_764_000_000


async def test_a_shard_that_is_away_leaves_no_content_version() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs-2/_stats"] = {"indices": {"docs-2": {"uuid": "u1", "shards": {}}}}

    async with fake.store() as store:
        assert (await store.facts("docs-2")).content_version is None


@pytest.mark.parametrize("call", ["count", "ids", "sample"])
async def test_a_part_of_the_shards_is_no_answer(call: str) -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs-2/_count"] = {"count": 3, "_shards": {"total": 2, "failed": 1}}
    fake.answers["POST /docs-2/_search"] = hits(hit(1), failed=1)

    async with fake.store() as store:
        arguments: dict[str, Any] = {"count": (), "ids": (3,), "sample": (["1"],)}
        error = await error_of(getattr(store, call)("docs-2", *arguments[call]))

    assert isinstance(error, NotAnswered)
    assert error.reason == "HalfRead"


async def test_a_search_that_was_given_up_is_no_answer() -> None:
    fake = FakeOpenSearch()
    fake.answers["POST /docs-2/_search"] = {**hits(hit(1)), "timed_out": True}

    async with fake.store() as store:
        assert (await error_of(store.ids("docs-2", 3))).reason == "TimedOut"


async def test_a_restoring_index_is_neither_empty_nor_missing() -> None:
    fake = FakeOpenSearch()
    kind = "search_phase_execution_exception"
    fake.answers["GET /docs-2/_count"] = lambda _: failed(503, kind, "all shards failed")

    async with fake.store() as store:
        error = await error_of(store.count("docs-2"))

    assert (type(error), error.reason) == (NotAnswered, "Unavailable")


async def test_a_sample_says_which_documents_are_there_and_holds_no_text() -> None:
    fake = FakeOpenSearch()
    fake.answers["POST /docs-2/_search"] = hits(hit(1))

    async with fake.store() as store:
        sample = await store.sample("docs-2", ["1", "2"])

    assert sample["2"] is None
    assert sample["1"] is not None
    assert sample["1"].vectors == {"vec": (1.0, 1.0, 2.0)}
    assert PLANTED not in repr(sample)


async def test_a_sample_is_read_in_parts_that_fit_into_an_answer() -> None:
    fake = FakeOpenSearch()
    large = "x" * (3 * 1024 * 1024)
    asked: list[int] = []

    def answer(body: Mapping[str, Any]) -> web.Response:
        ids = body["query"]["ids"]["values"]
        asked.append(len(ids))
        return web.json_response(hits(*(hit(int(each), large) for each in ids)))

    fake.answers["POST /docs-2/_search"] = answer
    async with fake.store(settings=Settings(artifact_timeout=30.0)) as store:
        sample = await store.sample("docs-2", ["1", "2", "3", "4"])

    assert None not in sample.values()
    assert asked == [4, 2, 2]


async def test_one_document_of_10_mib_is_not_read() -> None:
    fake = FakeOpenSearch()
    fake.answers["POST /docs-2/_search"] = hits(hit(1, "x" * 10 * 1024 * 1024))

    async with fake.store(settings=Settings(artifact_timeout=30.0)) as store:
        error = await error_of(store.sample("docs-2", ["1"]))

    assert (type(error), error.reason) == (NotAnswered, "OversizedAnswer")


async def test_two_documents_of_one_id_are_not_taken_for_one() -> None:
    fake = FakeOpenSearch()
    fake.answers["POST /docs-2/_search"] = hits(hit(1), hit(1, "another"))

    async with fake.store() as store:
        assert (await error_of(store.sample("docs-2", ["1"]))).reason == "Ambiguous"


async def test_documents_that_are_not_kept_cannot_be_compared() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs-2"] = {"docs-2": index(_source={"excludes": ["vec"]})}

    async with fake.store() as store:
        assert isinstance(await error_of(store.sample("docs-2", ["1"])), NotSupported)

    assert fake.calls == ["GET /docs-2"]
