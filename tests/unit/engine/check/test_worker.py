"""The workers of the queue."""

import asyncio
from contextlib import suppress

from stagingmirror.engine.check.worker import work
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.workqueue.queue import Done, WorkQueue
from support.queues import NotCounting


async def test_others_run_between_two_passes_that_wait_for_nothing() -> None:
    queue: WorkQueue[MirrorKey] = WorkQueue(clock=lambda: 0.0, counting=NotCounting())
    for number in range(100):
        queue.add(MirrorKey("ml", f"mirror-{number}"))
    passes = 0
    most_in_a_row = 0

    async def check(_: MirrorKey) -> Done:
        nonlocal passes
        passes += 1
        return Done(None)

    worker = asyncio.create_task(work(queue, check))
    while passes < 100:
        before = passes
        await asyncio.sleep(0)
        most_in_a_row = max(most_in_a_row, passes - before)
    worker.cancel()
    with suppress(asyncio.CancelledError):
        await worker

    assert most_in_a_row == 1
