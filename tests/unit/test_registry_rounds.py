"""When what is asked of one registry counts as asked."""

import asyncio
import time

from aiohttp import web

from stagingmirror.registry.address import RegistryAddress
from stagingmirror.view import Look, Subject
from support.fake_mlflow import NAME, an_mlflow
from support.registries import serving, watching


async def test_a_round_that_began_before_a_wish_was_known_does_not_prove_it() -> None:
    answer = an_mlflow()
    in_round, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        if request.path.endswith("registered-models/search"):
            in_round.set()
            await go_on.wait()
        found: web.Response = await answer(request)
        return found

    wish = Subject("production", "ModelAlias", NAME, "champion")
    since = time.time() - 60
    async with serving(slow) as url, watching({"production": RegistryAddress(url)}) as watched:
        await in_round.wait()
        proof = asyncio.create_task(watched.source.prove([wish], since=since, read_bytes=False))
        await asyncio.sleep(0)
        go_on.set()
        await proof
        look = watched.source.model_alias(*(wish.where, wish.namespace, wish.name))

    assert isinstance(look, Look)
    assert look.began >= since


async def test_what_was_asked_since_costs_no_other_round() -> None:
    wish = Subject("production", "ModelAlias", NAME, "champion")
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
