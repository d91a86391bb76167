"""Samples are sent as often as endpoints bear it, whoever wants that."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from stagingmirror.errors import NotRead
from stagingmirror.sources import pace
from stagingmirror.sources.endpoint.subjects import ProbedParity
from stagingmirror.sources.source import Access
from support.operators.waiting import holds
from support.parity.server import Pair, amount, held_back, subject, ticks, two_endpoints

MINUTE = 60.0


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with two_endpoints() as found:
        yield found


async def test_the_least_that_an_environment_says_of_an_address_counts_for_all(
    pair: Pair,
) -> None:
    slow, fast = {"maxRequestsPerSecond": 40}, {"maxRequestsPerSecond": 1000}
    pair.offer(range(5))
    pair.configure(production=slow, staging=fast)

    await pair.probe()

    came = [at for at, each in zip(pair.at, pair.requests, strict=True) if "prod" in each.path]
    assert len(came) == 10
    assert came[-1] - came[0] >= 9 / 40 - 0.01


async def test_two_environments_share_the_rate_of_one_address(pair: Pair) -> None:
    """However it is spelled, and whatever the other one says of it."""
    pair.offer(range(5))
    pair.sides["one"] = amount
    pair.configure(
        production={"maxRequestsPerSecond": 1000, "url": f"{pair.url}/one/"},
        staging={
            "maxRequestsPerSecond": 50,
            "url": f"{pair.url}/./one",
            "credentialsSecretRef": {"name": "login"},
        },
        access={"staging": Access(None, variables={"login": {"header.X-Side": "staging"}})},
    )

    found = await pair.probe()

    assert isinstance(found, ProbedParity), found
    assert pair.sent["one"] == 15
    assert pair.at[-1] - pair.at[0] >= 14 / 50 - 0.02


async def test_mirrors_that_compare_the_same_share_one_probe(pair: Pair) -> None:
    await pair.probe()
    await pair.probe()
    await ticks(pair)

    assert pair.sent["staging"] == 20


async def test_requested_samples_are_sent_again_and_only_with_a_deep_read(pair: Pair) -> None:
    await pair.probe()
    now = time.time()

    await pair.source.prove({subject()}, since=now, read_bytes=False)
    assert pair.sent["staging"] == 20
    await pair.source.prove({subject()}, since=now, read_bytes=True)

    assert pair.sent["staging"] == 40


async def test_two_requests_at_a_time_send_samples_once(pair: Pair) -> None:
    await pair.probe()
    now = time.time()

    await asyncio.gather(
        *(pair.source.prove({subject()}, since=now, read_bytes=True) for _ in range(3))
    )

    assert pair.sent["staging"] == 40


async def test_a_request_is_not_answered_by_a_probe_that_began_before_it(pair: Pair) -> None:
    go = asyncio.Event()
    pair.sides["staging"] = held_back(go)
    pair.source.want(subject(), 30.0)
    await holds(lambda: pair.sent["staging"] > 0)

    proving = asyncio.create_task(
        pair.source.prove({subject()}, since=time.time(), read_bytes=True)
    )
    await asyncio.sleep(0.05)
    go.set()
    await proving

    assert pair.sent["staging"] == 40


async def test_a_request_for_what_cannot_be_answered_says_why(pair: Pair) -> None:
    async def away(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    pair.sides["staging"] = away
    pair.source.want(subject(), 30.0)

    with pytest.raises(NotRead) as failed:
        await pair.source.prove({subject()}, since=time.time(), read_bytes=True)

    assert failed.value.reason == "Unavailable"


async def test_a_request_for_what_is_not_wanted_ends(pair: Pair) -> None:
    """E.g. since its component is held meanwhile."""
    pair.sides["staging"] = held_back(asyncio.Event())
    pair.configure(staging={"timeout": "1m"})

    with pytest.raises(NotRead):
        await asyncio.wait_for(
            pair.source.prove({subject()}, since=time.time(), read_bytes=True), 5
        )


async def test_new_rules_again_and_again_wear_no_endpoint_out(pair: Pair) -> None:
    """Beyond 20 probes out of turn there is one for each minInterval."""
    pair.offer(range(1))
    for number in range(30):
        former = subject(number - 1)
        pair.source.unwant(former)
        pair.source.want(subject(number), 30.0)
        await asyncio.sleep(0.05)

    await asyncio.sleep(0.5)

    assert pair.sent["staging"] <= 20
    assert pair.reason(subject(29)) == "NotProbedYet"


@pytest.mark.parametrize("changed", ["samples", "url", "rules"])
async def test_what_was_sent_before_waits_for_no_interval_of_others(
    changed: str, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five change at once, of which two may come out of turn; the rate holds all the same."""
    monkeypatch.setattr(pace, "BURST", 7)
    pair.offer(range(1))
    former = [subject(each) for each in range(5)]
    for each in former:
        await pair.probe(each)
    pair.configure(staging={"maxRequestsPerSecond": 10})
    of = former

    if changed == "samples":
        pair.offer([7])
    elif changed == "url":
        pair.configure(staging={"maxRequestsPerSecond": 10, "url": f"{pair.url}/staging/other"})
    else:
        of = [subject(10 + each) for each in range(5)]
    for old, new in zip(former, of, strict=True):
        pair.source.unwant(old)
        pair.source.want(new, 30.0)
    await holds(lambda: pair.sent["staging"] == 7)
    await asyncio.sleep(0.3)
    assert pair.sent["staging"] == 7

    pair.skew += MINUTE
    await holds(lambda: pair.sent["staging"] == 10)
    came = [at for at, each in zip(pair.at, pair.requests, strict=True) if "stag" in each.path]
    assert came[-1] - came[-3] >= 2 / 10 - 0.02


async def test_many_mirrors_with_rules_of_their_own_keep_their_interval(pair: Pair) -> None:
    pair.offer(range(1))
    of = [subject(number) for number in range(15)]
    for each in of:
        await pair.probe(each)
    for turn in range(1, 4):
        pair.skew = turn * 16 * MINUTE
        pair.source.want(subject(0), 30.0)
        await holds(lambda: pair.sent["staging"] == 15 * (turn + 1))  # noqa: B023 - at once

    assert all(pair.reason(each) is None for each in of)


async def test_no_sample_is_sent_more_often_than_both_endpoints_bear(pair: Pair) -> None:
    pair.configure(staging={"minInterval": "1h"})
    await pair.probe(subject(every=MINUTE))
    pair.skew = 50 * MINUTE
    pair.source.want(subject(every=MINUTE), 30.0)
    await asyncio.sleep(0.2)
    assert pair.sent["staging"] == 20

    pair.skew = 61 * MINUTE
    pair.source.want(subject(every=MINUTE), 30.0)

    await holds(lambda: pair.sent["staging"] == 40)


async def test_each_side_has_four_requests_at_a_time(pair: Pair) -> None:
    under_way, most = Counter[str](), Counter[str]()

    async def slowly(request: web.Request) -> web.StreamResponse:
        under_way[request.path] += 1
        most[request.path] = max(most[request.path], under_way[request.path])
        await asyncio.sleep(0.03)
        under_way[request.path] -= 1
        return await amount(request)

    pair.offer(range(60))
    pair.sides = {"production": slowly, "staging": slowly}
    await pair.probe()

    assert [*most.values()] == [4, 4]
