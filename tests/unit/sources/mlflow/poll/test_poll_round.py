"""When what is asked of one registry counts as asked."""

import asyncio
import json
import time
from dataclasses import asdict

import pytest
from aiohttp import web

from stagingmirror.sources.mlflow.client.address import RegistryAddress
from stagingmirror.sources.mlflow.poll import server_poller
from stagingmirror.sources.mlflow.subjects import AliasHistory, AliasSubject
from stagingmirror.view import Observed
from support.mlflow.fake_mlflow import NAME, an_mlflow
from support.mlflow.registries import serving, watching


async def test_a_round_that_began_before_a_wish_was_known_does_not_prove_it() -> None:
    answer = an_mlflow()
    in_round, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        if request.path.endswith("registered-models/search"):
            in_round.set()
            await go_on.wait()
        found: web.Response = await answer(request)
        return found

    wish = AliasSubject("production", NAME, "champion")
    since = time.time() - 60
    async with serving(slow) as url, watching({"production": RegistryAddress(url)}) as watched:
        await in_round.wait()
        proof = asyncio.create_task(watched.source.prove([wish], since=since, read_bytes=False))
        await asyncio.sleep(0)
        go_on.set()
        await proof
        look = watched.source.get(wish)

    assert isinstance(look, Observed)
    assert look.began >= since


@pytest.mark.parametrize(
    ("former", "moved", "unmoved"),
    [
        (AliasHistory("1", 100.0, 80.0, 70.0), 80.0, 70.0),
        (AliasHistory("1", 100.0, None, None), None, None),
        (AliasHistory("7", 100.0, 80.0, 70.0), "when it answered", 100.0),
    ],
    ids=["moved before", "never moved", "moved meanwhile"],
)
async def test_when_an_alias_moved_outlives_a_restart(
    former: AliasHistory, moved: float | str | None, unmoved: float | None
) -> None:
    since = time.time()
    async with (
        serving(an_mlflow()) as url,
        watching({"production": RegistryAddress(url)}) as watched,
    ):
        name = json.dumps(AliasSubject("production", NAME, "champion"))
        watched.source.adopt({name: asdict(former)})
        watched.want_alias("production", NAME, "champion")
        await watched.named("production", NAME, "champion")
        look = watched.source.get(AliasSubject("production", NAME, "champion"))

    assert isinstance(look, Observed)
    assert look.value is not None
    assert look.value.unmoved == unmoved
    if isinstance(moved, str):
        assert look.value.moved is not None
        assert look.value.moved >= since
    else:
        assert look.value.moved == moved


async def test_who_proves_again_and_again_is_answered_at_the_pace_of_the_floor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_poller, "BURST", 2)
    wish = AliasSubject("production", NAME, "champion")
    async with (
        serving(an_mlflow()) as url,
        watching({"production": RegistryAddress(url, least_interval=600.0)}) as watched,
    ):
        watched.want_alias("production", NAME, "champion")
        await watched.named("production", NAME, "champion")
        watched.source.want(wish, 600.0)
        for _ in range(2):
            await watched.source.prove([wish], since=time.time(), read_bytes=False)
        asked = watched.calls["registered-models/search"]
        third = asyncio.create_task(
            watched.source.prove([wish], since=time.time(), read_bytes=False)
        )
        done, _ = await asyncio.wait([third], timeout=0.7)

        assert not done
        assert watched.calls["registered-models/search"] == asked

        watched.source.want(wish, 0.1)  # what is due comes all the same, and proves it
        await third


async def test_what_was_asked_since_costs_no_other_round() -> None:
    wish = AliasSubject("production", NAME, "champion")
    since = time.time()
    async with (
        serving(an_mlflow()) as url,
        watching({"production": RegistryAddress(url)}) as watched,
    ):
        watched.source.want(wish, 300.0)
        await watched.source.prove([wish], since=since, read_bytes=False)
        asked = watched.calls["registered-models/search"]
        await watched.source.prove([wish], since=since, read_bytes=False)

    assert watched.calls["registered-models/search"] == asked


@pytest.mark.parametrize(("aliases", "glances"), [(25, True), (1, False)])
async def test_with_many_keys_an_alias_that_moved_is_found_between_two_rounds(
    aliases: int, glances: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stagingmirror.sources.mlflow.poll.server_poller.GLANCE_AT", 0.005)
    versions = {f"alias-{n}": "1" for n in range(aliases)}
    searches = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal searches
        searches += request.path.endswith("registered-models/search")
        told = [{"alias": alias, "version": number} for alias, number in versions.items()]
        found: web.Response = await an_mlflow(aliases=told)(request)
        return found

    async with serving(answer) as url, watching({"production": RegistryAddress(url)}) as watched:
        for alias in versions:
            watched.source.want(AliasSubject("production", NAME, alias), 300.0)
        assert await watched.named("production", NAME, "alias-0") == "1"
        before = searches
        versions["alias-0"] = "2"

        if glances:
            await watched.names("production", NAME, "alias-0", "2")
        else:
            await asyncio.sleep(2.0)  # that part of the interval has long passed
            assert searches == before


async def test_names_that_change_all_the_time_are_polled_within_the_floor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_poller, "_NEW_AT_ONCE", 3)
    answer, searches = an_mlflow(), 0

    async def counting(request: web.Request) -> web.Response:
        nonlocal searches
        searches += request.path.endswith("registered-models/search")
        found: web.Response = await answer(request)
        return found

    async with serving(counting) as url:
        address = RegistryAddress(url, least_interval=600.0)
        async with watching({"production": address}) as watched:
            watched.want_alias("production", NAME, "champion", interval=600.0)
            await watched.named("production", NAME, "champion")
            for number in range(12):
                other = watched.want_alias("production", NAME, f"new-{number}", interval=600.0)
                await asyncio.sleep(0.25)
                watched.source.unwant(other)

    assert searches <= 3 + 3
