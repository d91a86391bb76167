"""How much long work runs at once, and whom it keeps waiting."""

import asyncio
from contextlib import AsyncExitStack
from itertools import product

import pytest

from stagingmirror.actions.tools import IN_ALL, PER_NAMESPACE, PER_PAIR, Pool

Room = tuple[str, str, str]


async def entered(pool: Pool, *rooms: Room) -> list[Room]:
    """Which of these rooms let somebody in, while everybody stays inside."""
    inside: list[Room] = []

    async def enter(room: Room) -> None:
        async with pool.room(*room):
            inside.append(room)
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(enter(room)) for room in rooms]
    for _ in range(20):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return inside


async def test_copies_between_slow_servers_stop_no_copy_between_others() -> None:
    slow = [("slow", f"slow-{number}", "team") for number in (1, 2) for _ in range(10)]

    inside = await entered(Pool(), *slow, ("slow", "quick", "team"))

    assert inside.count(slow[0]) == PER_NAMESPACE
    assert ("slow", "quick", "team") in inside


async def test_copies_of_one_namespace_stop_no_other_between_the_same_servers() -> None:
    greedy, modest = ("from", "to", "greedy"), ("from", "to", "modest")

    inside = await entered(Pool(), *[greedy] * 10, modest)

    assert modest in inside


@pytest.mark.parametrize(
    ("namespaces", "servers", "most"),
    [(1, 1, PER_NAMESPACE), (9, 1, PER_PAIR), (9, 9, IN_ALL)],
)
async def test_the_whole_is_bounded(namespaces: int, servers: int, most: int) -> None:
    rooms = [
        ("from", f"to-{server}", f"team-{namespace}")
        for server, namespace in product(range(servers), range(namespaces))
        for _ in range(3)
    ]

    assert len(await entered(Pool(), *rooms)) == most


async def test_a_room_that_was_left_is_free_for_the_next() -> None:
    pool = Pool()
    for _ in range(3 * IN_ALL):
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(pool.room("from", "to", "team"))

    assert len(await entered(pool, ("from", "to", "team"))) == 1
