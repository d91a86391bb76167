"""What comes of samples counts as long as what they were sent to is the same."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from stagingmirror.sources.endpoint.subjects import ProbedParity
from stagingmirror.sources.source import Access
from stagingmirror.view import Observed
from support.operators.waiting import holds
from support.parity.server import Pair, amount, held_back, subject, ticks, two_endpoints

MINUTE = 60.0


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with two_endpoints() as found:
        yield found


async def test_samples_that_change_in_a_probe_are_sent_anew_and_the_former_count_for_nothing(
    pair: Pair,
) -> None:
    go = asyncio.Event()
    pair.sides["staging"] = held_back(go)
    pair.source.want(subject(), 30.0)
    await holds(lambda: pair.sent["staging"] > 0)

    pair.offer(range(100, 130))
    go.set()
    found = await pair.probe()

    assert isinstance(found, ProbedParity)
    assert found.distinct == 30


async def test_samples_that_are_withdrawn_are_not_sent_any_more(pair: Pair) -> None:
    pair.offer(range(200))
    pair.configure(production={"maxRequestsPerSecond": 20})
    pair.source.want(subject(), 30.0)
    await holds(lambda: pair.sent["production"] > 2)

    pair.configure(production={"maxRequestsPerSecond": 20, "samples": []})
    await ticks(pair)
    sent = pair.sent["production"]
    await asyncio.sleep(0.3)

    assert pair.sent["production"] == sent < 20
    assert pair.reason() == "NotOffered"


async def test_an_endpoint_that_is_moved_in_a_probe_gets_nothing_more(pair: Pair) -> None:
    go = asyncio.Event()
    pair.sides["staging"] = held_back(go)
    pair.source.want(subject(), 30.0)
    await holds(lambda: pair.sent["staging"] > 0)
    pair.sides["moved"] = amount

    pair.configure(staging={"url": f"{pair.url}/moved"})
    found = await pair.probe()
    before = pair.sent["staging"]
    go.set()
    await ticks(pair)

    assert isinstance(found, ProbedParity)
    assert pair.sent["moved"] == 20
    assert pair.sent["staging"] == before <= 4


async def test_a_login_that_is_rotated_in_a_probe_has_it_begin_anew(pair: Pair) -> None:
    go = asyncio.Event()
    pair.sides["production"] = held_back(go)
    login = {"credentialsSecretRef": {"name": "login"}}

    def rotate(token: str) -> None:
        access = Access(None, variables={"login": {"token": token}})
        pair.configure(access={"production": access}, production=login)

    rotate("one")
    pair.source.want(subject(), 30.0)
    await holds(lambda: pair.sent["production"] > 0)
    rotate("two")
    await ticks(pair)
    pair.requests.clear()
    go.set()
    found = await pair.probe()

    assert isinstance(found, ProbedParity), found
    tokens = [each.headers.get("Authorization") for each in pair.requests if "prod" in each.path]
    assert {*tokens} == {"Bearer two"}


async def test_a_login_that_changes_after_a_probe_has_samples_sent_again(pair: Pair) -> None:
    """A header of it may lead to another model."""
    login = {"credentialsSecretRef": {"name": "login"}}

    def change(model: str) -> None:
        access = Access(None, variables={"login": {"header.X-Model": model}})
        pair.configure(access={"staging": access}, staging=login)

    change("one")
    assert isinstance(await pair.probe(), ProbedParity)
    pair.requests.clear()
    change("two")

    await holds(lambda: len(pair.requests) == 60)
    await ticks(pair)
    models = [each.headers.get("X-Model") for each in pair.requests if "staging" in each.path]
    assert models == ["two"] * 20
    assert len(pair.requests) == 60


async def test_what_is_not_wanted_any_more_is_not_sent_any_more(pair: Pair) -> None:
    pair.offer(range(200))
    pair.configure(production={"maxRequestsPerSecond": 20})
    pair.source.want(subject(), 30.0)
    await holds(lambda: pair.sent["production"] > 2)

    pair.source.unwant(subject())
    await asyncio.sleep(1.2)  # the source looks once a second
    sent = pair.sent["production"]
    await asyncio.sleep(0.3)

    assert pair.sent["production"] == sent


async def test_a_result_is_adopted_after_a_restart_and_nothing_is_sent_again(pair: Pair) -> None:
    await pair.probe()
    kept = pair.source.export()

    async with two_endpoints() as other:
        other.url = pair.url
        other.configure()
        other.source.adopt({name: entry for name, entry in kept.items() if entry})
        found = await other.probe()

    assert isinstance(found, ProbedParity)
    assert pair.sent["staging"] == 20


@pytest.mark.parametrize("change", ["samples", "url", "protocol"])
async def test_a_result_is_not_adopted_for_what_is_another_one_now(pair: Pair, change: str) -> None:
    await pair.probe()
    kept = {name: entry for name, entry in pair.source.export().items() if entry}
    source = pair.source = pair.new_source()
    source.adopt(kept)
    if change == "samples":
        pair.offer(range(50, 70))
    others = {"url": {"url": f"{pair.url}/other"}, "protocol": {"protocol": "Feast"}}
    given = others.get(change)
    pair.configure(staging=given, production=given if change == "protocol" else None)

    source.want(subject(), 30.0)

    assert pair.reason() == "NotProbedYet"


async def test_a_result_from_a_clock_that_was_ahead_is_not_adopted(pair: Pair) -> None:
    pair.skew = 3600.0
    await pair.probe()
    kept = {name: entry for name, entry in pair.source.export().items() if entry}
    pair.skew = 0.0
    source = pair.source = pair.new_source()
    source.adopt(kept)
    pair.configure()

    assert pair.reason() == "NotProbedYet"


async def test_a_result_that_two_probes_are_overdue_for_counts_no_more(pair: Pair) -> None:
    await pair.probe()
    pair.sides["production"] = held_back(asyncio.Event())
    pair.configure(production={"timeout": "1m"})  # another client, the same server
    pair.skew = 31 * MINUTE
    assert pair.reason() is None

    pair.skew = 34 * MINUTE

    assert pair.reason() == "ProbeOverdue"


async def test_a_probe_that_fails_leaves_the_former_result_with_its_age_and_the_trouble(
    pair: Pair,
) -> None:
    await pair.probe()
    pair.skew = 15 * MINUTE + 1

    async def away(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    pair.sides["staging"] = away
    pair.source.want(subject(), 30.0)
    await holds(lambda: getattr(pair.source.get(subject()), "trouble", None) is not None)

    found = pair.source.get(subject())
    assert isinstance(found, Observed)
    assert found.trouble is not None
    assert found.trouble.reason == "Unavailable"
    assert found.began < time.time() + 1, "as old as it is"
