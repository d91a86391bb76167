"""Lanes of the queue take turns, and none has all workers."""

import asyncio

import pytest

from stagingmirror.engine.workqueue.lanes import AT_ONCE
from stagingmirror.engine.workqueue.queue import WorkQueue
from support.clock import Clock
from support.queues import NotCounting, a_queue


def taken_one_by_one(queue: WorkQueue[str], most: int) -> list[str | None]:
    """What one worker takes after the other."""
    found: list[str | None] = []
    for _ in range(most):
        found.append(key := queue.take_now())
        if key is not None:
            queue.done(key)
    return found


def test_what_is_not_fresh_any_more_takes_turns_with_what_changed_since() -> None:
    """Of a store that is gone, a thousand mirrors are not fresh any more at once."""
    clock = Clock()
    queue = a_queue(clock)
    for number in range(1000):
        queue.fresh_until(f"old-{number}", clock.now + 10)
        queue.add_later(f"old-{number}", clock.now)
    clock.now += 11
    assert queue.take_now() == "old-0"

    for key in ("changed-0", "changed-1"):
        queue.add(key)

    taken = taken_one_by_one(queue, 5)
    assert set(taken[:2]) == {"changed-0", "old-1"}
    assert set(taken[2:4]) == {"changed-1", "old-2"}
    assert taken[4] == "old-3"


def test_what_many_read_of_one_system_takes_turns_with_what_others_announce() -> None:
    queue = a_queue(Clock())
    for number in range(1000):
        queue.add(f"gone-{number}", lane="a store")
    assert queue.take_now() == "gone-0"

    queue.add("changed")
    queue.add("elsewhere", lane="a cluster")

    taken = taken_one_by_one(queue, 4)
    assert set(taken[:3]) == {"gone-1", "changed", "elsewhere"}
    assert taken[3] == "gone-2"


def test_a_key_is_taken_once_and_with_the_lane_that_comes_first() -> None:
    queue = a_queue(Clock())
    for number in range(3):
        queue.add(f"gone-{number}", lane="a store")

    queue.add("gone-2")

    assert taken_one_by_one(queue, 4) == ["gone-0", "gone-2", "gone-1", None]


def test_what_comes_in_several_lanes_while_it_is_in_work_waits_in_each_of_them_after_it() -> None:
    queue = a_queue(Clock())
    queue.add("a")
    queue.take_now()
    for number in range(3):
        queue.add(f"gone-{number}", lane="a store")
    queue.add("a", lane="a store")
    queue.add("a")

    queue.done("a")

    taken = taken_one_by_one(queue, 5)
    assert set(taken[:2]) == {"gone-0", "a"}
    assert taken[2:] == ["gone-1", "gone-2", None]


@pytest.mark.parametrize("how", ["announced", "fell due"])
def test_one_lane_never_has_all_workers_but_that_of_our_own_cluster(how: str) -> None:
    queue = a_queue(Clock())
    for number in range(9):
        if how == "announced":
            queue.add(f"gone-{number}", lane="a store")
        else:
            queue.add_later(f"gone-{number}", 0.0)

    taken = [queue.take_now() for _ in range(AT_ONCE + 1)]
    assert taken[-1] is None
    assert None not in taken[:-1]
    queue.add("changed-0")
    queue.add("changed-1")
    queue.add("changed-2")
    assert [queue.take_now() for _ in range(3)] == ["changed-0", "changed-1", "changed-2"]

    queue.failed(str(taken[0]))
    assert str(queue.take_now()).startswith("gone-")
    assert queue.take_now() is None


async def test_a_worker_that_waits_for_room_in_a_lane_goes_on_when_there_is_some() -> None:
    queue: WorkQueue[str] = WorkQueue(clock=asyncio.get_running_loop().time, counting=NotCounting())
    for number in range(AT_ONCE + 1):
        queue.add(f"gone-{number}", lane="a store")
    for _ in range(AT_ONCE):
        queue.take_now()
    worker = asyncio.create_task(queue.take())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not worker.done()

    queue.done("gone-0")

    assert await asyncio.wait_for(worker, 1) == f"gone-{AT_ONCE}"


async def test_others_run_between_two_takes_whichever_worker_takes() -> None:
    queue: WorkQueue[str] = WorkQueue(clock=asyncio.get_running_loop().time, counting=NotCounting())
    story: list[str] = []

    async def work() -> None:
        while True:
            key = await queue.take()
            story.append("pass")
            queue.done(key)

    async def another() -> None:
        while story.count("pass") < 8:
            story.append("another")
            await asyncio.sleep(0)
        story.append("over")

    for number in range(20):
        queue.add(f"changed-{number}")
    workers = [asyncio.create_task(work()) for _ in range(4)]
    await asyncio.wait_for(another(), 5)
    for each in workers:
        each.cancel()

    assert "pass pass" not in " ".join(story[: story.index("over")])
