"""What is sent to both sides, and what is not."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from stagingmirror.drift.facts import Unseen
from stagingmirror.sources.endpoint.subjects import EndpointSamples, ProbedParity
from support.operators.waiting import holds
from support.parity.server import SECRET, Pair, held_back, subject, two_endpoints

MINUTE = 60.0


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with two_endpoints() as found:
        yield found


async def test_each_sample_is_sent_to_production_to_staging_and_to_production(pair: Pair) -> None:
    found = await pair.probe()

    assert isinstance(found, ProbedParity)
    assert (found.distinct, found.parity.samples) == (20, 20)
    assert pair.sent == {"production": 40, "staging": 20}
    assert {each.method for each in pair.requests} == {"POST"}
    assert {each.headers["X-StagingMirror-Probe"] for each in pair.requests} == {"1"}
    assert {each.headers["Accept-Encoding"] for each in pair.requests} == {"identity"}


async def test_nothing_of_samples_and_answers_is_kept(pair: Pair) -> None:
    found = await pair.probe()

    assert SECRET not in repr(found)
    assert SECRET not in repr(pair.source.export())


async def test_lines_of_one_value_are_one_sample(pair: Pair) -> None:
    pair.lines = ['{"id": 1, "of": 2}', '{"of":2,"id":1}', '{"of": 2,  "id": 1}']

    found = await pair.probe()

    assert isinstance(found, ProbedParity)
    assert found.distinct == 1


async def test_the_slash_at_the_end_of_an_address_is_sent(pair: Pair) -> None:
    pair.configure(production={"url": f"{pair.url}/production/"})

    await pair.probe()

    assert {each.path for each in pair.requests} == {"/production/", "/staging"}


async def test_one_address_on_both_sides_is_not_compared_with_itself(pair: Pair) -> None:
    for url in (f"{pair.url}/production", f"{pair.url}/./production/"):
        pair.configure(staging={"url": url}, production={"url": f"{pair.url}/production"})

        found = await pair.probe()

        assert isinstance(found, Unseen)
        assert found.why.reason == "SameThing"
        assert not pair.sent


async def test_what_speaks_two_protocols_is_sent_nothing(pair: Pair) -> None:
    pair.configure(staging={"protocol": "Feast"})

    found = await pair.probe()

    assert isinstance(found, Unseen)
    assert found.why.reason == "NotComparable"
    assert not pair.sent


async def test_a_hanging_endpoint_keeps_no_other_one_waiting(pair: Pair) -> None:
    pair.sides["production"] = held_back(asyncio.Event())
    pair.configure(production={"timeout": "1m"})
    pair.source.want(subject(), 30.0)
    await holds(lambda: pair.sent["production"] > 0)
    async with two_endpoints() as other:
        assert isinstance(await other.probe(), ProbedParity)

    assert pair.reason() == "NotProbedYet"


def test_samples_of_an_environment_that_is_not_there_have_no_endpoint() -> None:
    source = Pair().source
    of = subject()._replace(production=EndpointSamples("nowhere", "features", "parity-samples"))

    found = source.get(of)

    assert isinstance(found, Unseen)
    assert found.why.reason == "NoEndpoint"
