import asyncio

from stagingmirror.sources.endpoint.memory import Memory


async def waits(task: "asyncio.Task[None]") -> bool:
    for _ in range(5):
        await asyncio.sleep(0)
    return not task.done()


async def test_where_memory_is_full_the_oldest_probe_alone_goes_on() -> None:
    memory = Memory(most=100)
    with memory.share() as older:
        older.hold(60)
        with memory.share() as younger:
            await younger.room()
            younger.hold(60)

            await older.room()
            waiting = asyncio.create_task(younger.room())

            assert await waits(waiting)
            waiting.cancel()


async def test_a_probe_goes_on_once_another_one_has_ended() -> None:
    memory = Memory(most=100)
    with memory.share() as younger_after:
        pass
    with memory.share() as older:
        older.hold(200)
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
            failed.hold(500)
            raise TimeoutError
    except TimeoutError:
        pass

    with memory.share() as one, memory.share() as other:
        one.hold(50)
        await asyncio.wait_for(other.room(), 1)
