"""A restored index whose process ends at any write, before or after the store has done it, and goes
on in another process. The stores are played on the wire.
"""

import asyncio

import pytest

from support.index.restoring import (
    Bench,
    Record,
    another_process,
    bench,
    builds,
    record,
    served,
    staging,
    writes_to,
)
from support.objectstore.dying_s3 import Dying

# The index, its manifest, the mark, the pointer.
WRITES_OF_ALL = 4


async def interrupted(dying: Dying, made: Bench) -> tuple[Record, Bench]:
    """A refresh whose process ended at the write, and the process that comes after it."""
    refresh = await record(made)
    going = asyncio.create_task(refresh.take(made))
    async with asyncio.timeout(20):
        await dying.reached.wait()
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)
    dying.at = 0
    return refresh, await another_process(made)


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("at", range(1, WRITES_OF_ALL + 1))
async def test_a_refresh_that_ends_at_any_write_serves_the_old_or_the_whole_and_is_finished(
    at: int, done: bool
) -> None:
    dying = Dying(objects=staging().objects, at=at, done=done)
    async with bench(dying) as made:
        refresh, after = await interrupted(dying, made)
        assert served(dying) == "b1" or at == WRITES_OF_ALL

        await refresh.take(after)
        await refresh.verify(after)

        assert served(dying) == refresh.before[0]["index"]
        assert builds(dying) == {"b1", served(dying)}
        await after.close()


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("at", range(1, WRITES_OF_ALL + 1))
async def test_a_refresh_that_ends_at_any_write_is_rolled_back_by_the_next_process(
    at: int, done: bool
) -> None:
    before = staging().objects
    dying = Dying(objects=dict(before), at=at, done=done)
    async with bench(dying) as made:
        refresh, after = await interrupted(dying, made)

        await refresh.roll_back(after)

        assert {key: data.strip() for key, data in dying.objects.items()} == before
        await after.close()


async def test_the_number_of_writes_is_the_one_that_is_tried() -> None:
    async with bench(staging()) as made:
        await (await record(made)).take(made)

        assert len(writes_to(made.destination)) == WRITES_OF_ALL
