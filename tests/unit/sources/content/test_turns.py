"""Who reads next."""

import asyncio

from stagingmirror.sources.content.turns import Turns


class Readers:
    def __init__(self) -> None:
        self.turns, self.began = Turns(), list[str]()
        self.ends = dict[str, asyncio.Event]()
        self.tasks = dict[str, asyncio.Task[None]]()

    async def come(self, name: str, size: int) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._read(name, size))
        await asyncio.sleep(0)

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await self.tasks[name]
        await asyncio.sleep(0)

    async def give_up(self, name: str) -> None:
        self.tasks[name].cancel()
        await asyncio.wait([self.tasks[name]])

    async def _read(self, name: str, size: int) -> None:
        async with self.turns.turn(size):
            self.began.append(name)
            await self.ends[name].wait()


async def test_many_large_ones_keep_a_small_one_waiting_for_one_of_them_at_most() -> None:
    readers = Readers()
    for number in range(5):
        await readers.come(f"large {number}", 100)
    await readers.come("small", 1)

    assert readers.began == ["large 0", "large 1"]
    await readers.end("large 0")
    await readers.end("large 1")

    assert sorted(readers.began[2:]) == ["large 2", "small"]


async def test_small_ones_that_come_on_and_on_keep_no_large_one_waiting_for_ever() -> None:
    readers = Readers()
    for number in range(2):
        await readers.come(f"small {number}", 1)
    await readers.come("large", 100)
    for number in range(2, 8):
        await readers.come(f"small {number}", 1)
    await readers.end("small 0")
    await readers.end("small 1")

    assert "large" in readers.began[2:4]


async def test_whoever_gives_up_leaves_the_place_to_others() -> None:
    readers = Readers()
    for name in ("one", "two", "three", "four"):
        await readers.come(name, 1)
    await readers.give_up("three")
    await readers.give_up("one")
    await readers.give_up("two")
    await readers.come("five", 1)
    await asyncio.sleep(0)

    assert readers.began == ["one", "two", "four", "five"]


async def test_who_is_given_a_place_and_ends_in_the_same_moment_passes_it_on() -> None:
    readers = Readers()
    for name in ("one", "two", "three", "four"):
        await readers.come(name, 1)
    readers.ends["one"].set()
    await readers.tasks["one"]
    await readers.give_up("three")
    await asyncio.sleep(0)

    assert readers.began[-1] == "four"
