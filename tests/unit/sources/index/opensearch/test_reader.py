"""What is read of an OpenSearch that answers as a real one seldom does."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from stagingmirror.errors import (
    NotAllowed,
    NotAnswered,
    NotSupported,
    NotThere,
    Refused,
)
from stagingmirror.settings import Settings
from stagingmirror.sources.source import Token
from support.index.conformance import error_of
from support.index.fake_opensearch import ROOT, SNAPSHOT, FakeOpenSearch, failed, hits, index
from support.index.ground import PLANTED

ALL = "GET /_snapshot/repo/_all"


def hit(number: int, text: str = PLANTED) -> dict[str, Any]:
    return {"_id": str(number), "_source": {"text": text, "vec": [number, 1, 2]}}


def page(status: int) -> web.Response:
    return web.Response(status=status, text=f"<html>{PLANTED}</html>", content_type="text/html")


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


@pytest.mark.parametrize("name", ["docs-*", "_all", "a,b", "../_cluster", "-docs", "<docs>", ""])
async def test_a_name_that_could_be_several_is_never_sent(name: str) -> None:
    fake = FakeOpenSearch()

    async with fake.store() as store:
        assert (await error_of(store.resolve(name))).reason == "BadName"
        assert (await error_of(store.drop(name))).reason == "BadName"

    assert fake.calls == []


async def test_an_alias_is_no_index() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs"] = {"docs-2": index()}

    async with fake.store() as store:
        assert isinstance(await error_of(store.facts("docs")), NotThere)


async def test_a_cluster_that_is_not_formed_has_no_identity() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /"] = {**ROOT, "cluster_uuid": "_na_"}

    async with fake.store() as store:
        assert isinstance(await error_of(store.identity()), NotAnswered)


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


async def test_a_complete_snapshot_is_read_once() -> None:
    fake = FakeOpenSearch()
    other = {**SNAPSHOT, "indices": ["other"], "uuid": "another", "snapshot": "other"}
    fake.answers[ALL] = {"snapshots": [SNAPSHOT, other]}

    async with fake.store() as store:
        first, again = await store.snapshots("docs-2"), await store.snapshots("docs-2")

    assert first == again
    assert [(each.id, each.complete, each.taken) for each in first] == [
        ("snapshot-1", True, 1_764_000_000.0)
    ]
    assert first[0].manifest == {"embeddingModel": "mini-lm@a1"}
    assert fake.calls == [ALL, "GET /_snapshot/repo/nightly", ALL]


@pytest.mark.parametrize("state", ["IN_PROGRESS", "PARTIAL", "FAILED", "INCOMPATIBLE"])
async def test_a_snapshot_that_is_not_complete_is_read_again(state: str) -> None:
    fake = FakeOpenSearch()
    unfinished = {"snapshots": [{**SNAPSHOT, "state": state}]}
    fake.answers[ALL] = fake.answers["GET /_snapshot/repo/nightly"] = unfinished

    async with fake.store() as store:
        (first,) = await store.snapshots("docs-2")
        fake.answers[ALL] = {"snapshots": [SNAPSHOT]}
        fake.answers["GET /_snapshot/repo/nightly"] = {"snapshots": [SNAPSHOT]}
        (then,) = await store.snapshots("docs-2")

    assert (first.complete, then.complete) == (False, True)


async def test_the_newest_snapshot_comes_first() -> None:
    fake = FakeOpenSearch()
    newer = {**SNAPSHOT, "snapshot": "a", "uuid": "s2", "start_time_in_millis": 1_764_100_000_000}
    fake.answers[ALL] = {"snapshots": [SNAPSHOT, newer]}
    fake.answers["GET /_snapshot/repo/nightly,a"] = {"snapshots": [SNAPSHOT, newer]}

    async with fake.store() as store:
        assert [each.name for each in await store.snapshots("docs-2")] == ["a", "nightly"]


async def test_more_snapshots_than_are_read_are_refused_with_their_number() -> None:
    fake = FakeOpenSearch()
    fake.answers[ALL] = {
        "snapshots": [
            {**SNAPSHOT, "snapshot": f"s{number}", "uuid": f"u{number}"} for number in range(501)
        ]
    }

    async with fake.store() as store:
        error = await error_of(store.snapshots("docs-2"))

    assert isinstance(error, Refused)
    assert error.reason == "TooManySnapshots"
    assert "501" in error.message


async def test_an_empty_repository_is_not_an_answer_without_snapshots() -> None:
    fake = FakeOpenSearch()
    fake.answers[ALL] = {"snapshots": []}

    async with fake.store() as store:
        assert await store.snapshots("docs-2") == ()
        fake.answers[ALL] = {}
        assert (await error_of(store.snapshots("docs-2"))).reason == "Garbage"


async def test_no_repository_is_no_snapshot_and_one_that_is_missing_is_not_there() -> None:
    fake = FakeOpenSearch()
    fake.answers[ALL] = lambda _: failed(404, "repository_missing_exception")

    async with fake.store(repository=None) as store:
        unnamed = await error_of(store.snapshots("docs-2"))
    async with fake.store() as store:
        missing = await error_of(store.snapshots("docs-2"))

    assert (type(unnamed), unnamed.reason) == (NotSupported, "NoSnapshot")
    assert (type(missing), missing.reason) == (NotThere, "RepositoryMissing")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page(200), "Garbage"),
        (page(404), "NotOpenSearch"),
        (page(502), "Unavailable"),
        (web.Response(status=429, text="slow down"), "Throttled"),
        (web.Response(text="[" * 100_000), "Garbage"),
        (web.Response(text='{"docs-2": '), "Garbage"),
        (web.json_response([]), "Garbage"),
        (web.Response(text="x" * 10 * 1024 * 1024), "OversizedAnswer"),
        (web.Response(status=307, headers={"Location": "/elsewhere"}), "Redirected"),
    ],
)
async def test_what_is_no_answer_is_no_absence(answer: web.Response, reason: str) -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs/_alias/docs"] = lambda _: answer

    async with fake.store(settings=Settings()) as store:
        error = await error_of(store.resolve("docs"))

    assert (type(error), error.reason) == (NotAnswered, reason)


async def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    fake = FakeOpenSearch()

    async def late(_: object) -> web.Response:
        await asyncio.sleep(30)
        return web.json_response({})

    fake.slow = late
    async with fake.store() as store:
        assert (await error_of(store.identity())).reason == "TimedOut"


async def test_plain_text_of_a_401_is_understood() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /docs-2"] = lambda _: web.Response(status=401, text="Unauthorized")

    async with fake.store() as store:
        error = await error_of(store.facts("docs-2"))

    assert isinstance(error, NotAllowed)
    assert "indexStores[vectors].credentialsSecretRef" in error.message
    assert "our password" not in str(error)


async def test_a_token_is_sent_as_one() -> None:
    fake = FakeOpenSearch()

    async with fake.store(credentials=Token("abc")) as store:
        await store.identity()

    assert fake.headers["Authorization"] == "Bearer abc"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"roles": ["own_index", "all_access"]}, True),
        ({"roles": ["stagingmirror-read"]}, None),
        (
            lambda _: web.Response(
                status=400, text=json.dumps({"error": "no handler found for uri [/_plugins]"})
            ),
            True,
        ),
        (lambda _: failed(403, "security_exception"), None),
    ],
)
async def test_what_our_account_may_write_is_known_only_where_it_is_everything(
    answer: Any, expected: bool | None
) -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /_plugins/_security/authinfo"] = answer

    async with fake.store() as store:
        assert await store.may_write() is expected


async def test_an_elasticsearch_is_known_by_its_answer() -> None:
    fake = FakeOpenSearch()
    fake.answers["GET /"] = {"cluster_uuid": "u", "version": {"number": "8.17.0"}}
    fake.answers["GET /docs-2/_stats"] = {}
    fake.answers["GET /_security/_authenticate"] = {"roles": ["superuser"]}

    async with fake.store() as store:
        assert (await store.facts("docs-2")).server == "Elasticsearch 8.17.0"
        assert await store.may_write() is True
