"""Documents of two indexes that each side builds itself, over the wire."""

import logging
import traceback
from typing import Any

import pytest
import structlog
from aiohttp import web
from prometheus_client import generate_latest

from stagingmirror.drift.facts import Unseen
from stagingmirror.errors import NotRead
from stagingmirror.metrics import Metrics
from stagingmirror.sources.index.subjects import IndexSubject, SampleComparison
from stagingmirror.view import Observed
from support.index.document_store import PAIR, DocumentStore, Pairs, document, pairs
from support.index.fake_opensearch import failed
from support.index.ground import PLANTED
from support.operators.waiting import holds


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagingmirror.sources.index.source._TICK", 0.02)


def reads(made: Pairs) -> tuple[int, int]:
    return made.production.samples, made.staging.samples


async def test_production_is_read_around_staging() -> None:
    async with pairs() as made:
        found = await made.compared()

        assert found.sample == SampleComparison(10, 0, 0, 0)
        assert (found.counts, found.staging_count) == ((10, 10), 10)
        assert reads(made) == (2, 1)


async def test_documents_that_differ_and_that_staging_lacks_are_counted() -> None:
    staging = DocumentStore("other")
    staging.write("3", {**document(3), "text": "edited"})
    staging.write("4", {**document(4), "vec": [0.6, 0.8, 0.041]})
    staging.write("5", {**document(5), "vec": [0.6, 0.8, 0.050000001]})
    staging.write("6", None)

    async with pairs(staging=staging) as made:
        found = await made.compared()

        assert found.sample == SampleComparison(10, 0, differing=3, missing=1)
        assert found.staging_count == 9


async def test_documents_that_production_writes_meanwhile_are_left_out() -> None:
    production = DocumentStore("one")

    def write(samples: int) -> None:
        if samples == 1:
            production.write("3", {**document(3), "text": "newer"})
            production.write("4", None)

    production.sampled = write
    async with pairs(production) as made:
        found = await made.compared()

        assert found.sample == SampleComparison(judged=8, changed=2, differing=0, missing=0)
        assert found.counts == (10, 9)


async def test_a_production_that_grows_much_while_it_is_read_is_read_again() -> None:
    production = DocumentStore("one")

    def grow(samples: int) -> None:
        if samples == 1:
            for number in range(100, 200):
                production.write(str(number), document(number))

    production.sampled = grow
    async with pairs(production) as made:
        await made.unseen("Busy")
        made.now[0] += 3600.0

        assert (await made.compared()).counts == (110, 110)


async def test_documents_are_read_at_the_longer_interval_and_not_at_each_poll() -> None:
    async with pairs(content={"interval": "1h"}) as made:
        await made.compared()
        aliases = made.production.calls.count("GET /docs/_alias/docs")
        made.now[0] += 1800
        await holds(lambda: made.production.calls.count("GET /docs/_alias/docs") > aliases)
        assert reads(made) == (2, 1)

        made.now[0] += 1801
        await holds(lambda: reads(made) == (4, 2))


async def test_documents_of_an_index_that_is_served_no_more_are_no_answer() -> None:
    async with pairs() as made:
        await made.compared()
        made.staging.lead("docs-3")
        made.staging.documents["1"]["text"] = "edited"
        made.now[0] += 60

        await holds(lambda: reads(made) == (4, 2))
        assert (await made.compared()).targets == ("docs-2", "docs-3")
        assert (await made.compared()).sample == SampleComparison(10, 0, 1, 0)


async def test_documents_are_read_at_once_on_request() -> None:
    async with pairs() as made:
        first = await made.compared()
        await made.source.prove([PAIR], since=made.now[0] + 1, read_bytes=False)
        assert reads(made) == (2, 1)

        made.staging.documents["1"]["text"] = "edited"
        await made.demand()

        assert reads(made) == (4, 2)
        found = await made.compared()
        assert found.read > first.read
        assert found.sample == SampleComparison(10, 0, 1, 0)


def half(_: Any) -> web.Response:
    return web.Response(
        body=b'{"timed_out": false, "hits"', headers={"Content-Type": "application/json"}
    )


def html(_: Any) -> web.Response:
    return web.Response(text=f"<html>{PLANTED}</html>", content_type="text/html")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: failed(429, "too_many"), "Throttled"),
        (lambda _: failed(500, "failure"), "ServerError"),
        (lambda _: failed(403, "security_exception"), "Forbidden"),
        (html, "Garbage"),
        (half, "Garbage"),
    ],
)
async def test_a_store_that_does_not_show_its_documents_proves_nothing(
    answer: Any, reason: str
) -> None:
    staging = DocumentStore("other")
    staging.answers["POST /docs-2/_search"] = answer

    async with pairs(staging=staging) as made:
        why = await made.unseen(reason)
        with pytest.raises(NotRead) as raised:
            await made.demand()

    assert PLANTED not in repr(why)
    assert PLANTED not in "".join(traceback.format_exception(raised.value))


async def test_what_could_not_be_read_for_long_is_not_known_any_more() -> None:
    async with pairs(content={"interval": "1h"}) as made:
        await made.compared()
        made.production.answers["POST /docs-2/_search"] = lambda _: failed(500, "failure")
        made.now[0] += 3601
        await holds(lambda: isinstance(f := made.get(), Observed) and f.trouble is not None)

        made.now[0] += 3600 + 300
        assert isinstance(made.get(), Unseen)


@pytest.mark.parametrize(
    ("levels", "reason"), [(101, "NotSupported"), (500, "NotSupported"), (5000, "Garbage")]
)
async def test_documents_nested_too_deeply_are_not_compared(levels: int, reason: str) -> None:
    staging = DocumentStore("other")
    nested = '{"a":' * levels + f'"{PLANTED}"' + "}" * levels
    before = '{"timed_out":false,"_shards":{"total":1,"failed":0},"hits":{"hits":[{"_id":"1",'
    body = f'{before}"_source":{nested}}}]}}}}'

    def answer(_: Any) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    staging.answers["POST /docs-2/_search"] = answer
    async with pairs(staging=staging) as made:
        why = await made.unseen(reason)

    assert PLANTED not in repr(why)


async def test_an_account_that_may_write_productions_index_is_known() -> None:
    production = DocumentStore("one")
    production.answers["GET /_plugins/_security/authinfo"] = {"roles": ["all_access"]}

    async with pairs(production) as made:
        await holds(lambda: made.source.may_write("production") is not None)

        assert made.source.may_write("production") is True


async def test_without_anybody_who_wants_them_documents_are_not_read() -> None:
    async with pairs() as made:
        await made.compared()
        made.source.unwant(PAIR)
        for alias in PAIR:
            made.source.want(IndexSubject(alias.environment, alias.store, alias.alias), 30.0)
        made.now[0] += 100_000
        calls = len(made.production.calls)
        await holds(lambda: len(made.production.calls) > calls)

        assert reads(made) == (2, 1)


async def test_no_text_of_a_document_leaves(caplog: pytest.LogCaptureFixture) -> None:
    """Neither what is known, nor announced, nor logged, nor counted holds one."""
    staging = DocumentStore("other")
    staging.write("3", {**document(3), "text": f"edited {PLANTED}"})
    metrics = Metrics(clock=lambda: 0.0, version="0")
    calls: list[tuple[Any, ...]] = []

    def on_call(*given: Any) -> None:
        calls.append(given)
        metrics.upstream_call(*given)

    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as logged:
        async with pairs(staging=staging, on_call=on_call) as made:
            found = await made.compared()
            made.staging.answers["POST /docs-2/_search"] = html
            with pytest.raises(NotRead) as raised:
                await made.demand()
            known = [made.get(), made.changes, found, str(PAIR), raised.value.message]

    shown = [*map(repr, known), repr(logged), caplog.text, repr(calls)]
    assert calls
    assert not [each for each in shown if "hush" in each]
    assert b"hush" not in generate_latest(metrics.registry)
