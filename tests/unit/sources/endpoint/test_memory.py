import asyncio

import pytest
from aiohttp import web

from stagingmirror.drift.facts import Unseen
from stagingmirror.sources.endpoint import prober
from stagingmirror.sources.endpoint.memory import Memory
from support.parity.server import two_endpoints


async def waits(task: "asyncio.Task[None]") -> bool:
    for _ in range(5):
        await asyncio.sleep(0)
    return not task.done()


async def test_where_memory_is_full_the_oldest_probe_alone_goes_on() -> None:
    memory = Memory(most=100)
    with memory.share() as older:
        older.size = 60
        with memory.share() as younger:
            await younger.room()
            younger.size = 60

            await older.room()
            waiting = asyncio.create_task(younger.room())

            assert await waits(waiting)
            waiting.cancel()


async def test_a_probe_goes_on_once_another_one_has_ended() -> None:
    memory = Memory(most=100)
    with memory.share() as younger_after:
        pass
    with memory.share() as older:
        older.size = 200
        with memory.share() as younger:
            waiting = asyncio.create_task(younger.room())
            assert await waits(waiting)

            older.size = 0
            with memory.share():
                pass

            assert not await waits(waiting)
    assert younger_after.size == 0


async def test_a_probe_that_failed_holds_nothing() -> None:
    memory = Memory(most=100)
    try:
        with memory.share() as failed:
            failed.size = 500
            raise TimeoutError
    except TimeoutError:
        pass

    with memory.share() as one, memory.share() as other:
        one.size = 50
        await asyncio.wait_for(other.room(), 1)


async def test_answers_that_hold_too_much_all_together_end_the_probe_before_the_last_sample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However small each of them is on its way."""
    monkeypatch.setattr(prober, "_MOST_BYTES", 400_000)

    async def many(_: web.Request) -> web.StreamResponse:
        return web.json_response({"amount": [1] * 3_000})  # 24 kB as floats

    async with two_endpoints() as pair:
        pair.offer(range(200))
        pair.sides["staging"] = many

        found = await pair.probe()

        assert isinstance(found, Unseen)
        assert found.why.reason == "OversizedAnswer"
        assert "offer fewer samples" in found.why.message
        assert pair.sent["staging"] < 100


async def test_an_answer_that_cannot_be_read_ends_the_probe_once_too_many_cannot() -> None:
    async def no_json(_: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>")

    async with two_endpoints() as pair:
        pair.offer(range(200))
        pair.sides["staging"] = no_json

        found = await pair.probe()

        assert isinstance(found, Unseen)
        assert found.why.reason == "Garbage"
        assert pair.sent["staging"] < 100
