"""The workers of the queue."""

import asyncio
from contextlib import suppress

from stagingmirror.engine.check.worker import work
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.workqueue.queue import Done, WorkQueue
from support.queues import NotCounting


async def at_once() -> None:
    """A worker needs to wait for nothing."""


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

    worker = asyncio.create_task(work(queue, check, ready=at_once))
    while passes < 100:
        before = passes
        await asyncio.sleep(0)
        most_in_a_row = max(most_in_a_row, passes - before)
    worker.cancel()
    with suppress(asyncio.CancelledError):
        await worker

    assert most_in_a_row == 1


async def test_no_pass_begins_before_a_worker_is_ready() -> None:
    queue: WorkQueue[MirrorKey] = WorkQueue(clock=lambda: 0.0, counting=NotCounting())
    key, ready, checked = MirrorKey("ml", "fraud"), asyncio.Event(), asyncio.Event()
    queue.add(key)

    async def wait() -> None:
        await ready.wait()

    async def check(_: MirrorKey) -> Done:
        checked.set()
        return Done(None)

    worker = asyncio.create_task(work(queue, check, ready=wait))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not checked.is_set()
    ready.set()
    await asyncio.wait_for(checked.wait(), 5)
    worker.cancel()
    with suppress(asyncio.CancelledError):
        await worker
