"""A copy of files whose process ends at any write, before or after the store has done it, and goes
on in another process. The stores are played on the wire.
"""

import asyncio

import pytest

from support.objectstore.copying import TARGET, TASK, bench, copy_of
from support.objectstore.dying_s3 import Dying
from support.objectstore.fake_s3 import WRITES

# One file in two parts: 8 MiB are sent at once.
LARGE = {"w.bin": b"w" * (9 * 1024 * 1024), "config.json": b"{}", "empty": b""}
# Begin, two parts, end. And one for each of the two small files.
WRITES_OF_ALL = 4 + 2


def whole(objects: dict[str, bytes]) -> bool:
    """Whether each object is a whole file of the copy, in its place."""
    there = {f"{TARGET}/{path}": data for path, data in LARGE.items()}
    return all(there.get(key) == data for key, data in objects.items())


@pytest.mark.parametrize("done", [False, True], ids=["lost", "done"])
@pytest.mark.parametrize("at", range(1, WRITES_OF_ALL + 1))
async def test_a_copy_that_ends_at_any_write_leaves_whole_files_only_and_is_finished(
    at: int, done: bool
) -> None:
    step, dying = copy_of(LARGE), Dying(at=at, done=done)
    async with bench(files=LARGE, destination=dying) as made:
        await step.take(TASK, made.tools)
        async with asyncio.timeout(20):
            await dying.reached.wait()
        await made.tools.pool.close()
        assert whole(dying.objects)

        dying.at = 0
        async with made.another_process() as after:
            await after.copy(step)

        assert whole(dying.objects)
        assert len(dying.objects) == len(LARGE)
        assert not any(each.method in WRITES for each in made.source.requests)


async def test_the_number_of_writes_is_the_one_that_is_tried() -> None:
    counting = Dying()
    async with bench(files=LARGE, destination=counting) as made:
        await made.copy(copy_of(LARGE))

    assert counting.count == WRITES_OF_ALL
