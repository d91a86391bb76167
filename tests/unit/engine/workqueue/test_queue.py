"""The queue: one hand per key, nothing lost, the most urgent first, nobody starves."""

import asyncio

import pytest

from stagingmirror.engine.workqueue.queue import WorkQueue
from support.clock import Clock
from support.queues import Figures, NotCounting, a_queue


def test_a_key_that_is_added_twice_is_taken_once() -> None:
    queue = a_queue(Clock())

    queue.add("a")
    queue.add("a")

    assert queue.take_now() == "a"
    queue.done("a")
    assert queue.take_now() is None


def test_an_add_during_work_is_taken_after_it_and_not_beside_it() -> None:
    queue = a_queue(Clock())
    queue.add("a")
    queue.take_now()

    queue.add("a")

    assert queue.take_now() is None
    queue.done("a")
    assert queue.take_now() == "a"


def test_of_what_falls_due_the_earliest_deadline_is_taken_first() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.fresh_until("later", clock.now + 20)
    queue.fresh_until("sooner", clock.now + 10)

    queue.add_later("later", clock.now)
    queue.add_later("sooner", clock.now)

    assert [queue.take_now(), queue.take_now()] == ["sooner", "later"]


def test_what_changed_is_taken_before_thousands_that_only_fell_due() -> None:
    clock = Clock()
    queue = a_queue(clock)
    for number in range(5000):
        queue.fresh_until(f"due-{number}", clock.now + 10)
        queue.add_later(f"due-{number}", clock.now)
    clock.now += 1
    queue.add("changed")

    assert queue.take_now() == "changed"


def test_what_fell_due_moves_forward_with_a_change() -> None:
    clock = Clock()
    queue = a_queue(clock)
    for key in ("a", "b"):
        queue.fresh_until(key, clock.now + 10)
        queue.add_later(key, clock.now)
    queue.take_now()
    queue.add("c")

    queue.add("b")

    assert [queue.take_now(), queue.take_now(), queue.take_now()] == ["c", "b", None]


def test_what_fell_due_does_not_starve_behind_what_changes_all_the_time() -> None:
    clock = Clock()
    queue = a_queue(clock, patience=5.0)
    queue.add_later("patient", clock.now)
    taken = []

    for turn in range(10):
        queue.add(f"changed-{turn}")
        key = queue.take_now()
        assert key is not None
        taken.append(key)
        queue.done(key)
        clock.now += 1

    assert "patient" in taken[:7]


def test_a_delayed_key_is_taken_when_it_is_due_and_not_before() -> None:
    clock = Clock()
    queue = a_queue(clock)

    queue.add_later("a", clock.now + 3)

    clock.now += 2.9
    assert queue.take_now() is None
    clock.now += 0.1
    assert queue.take_now() == "a"


def test_of_several_wishes_the_earliest_counts() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.add_later("a", clock.now + 3)

    queue.add_later("a", clock.now + 1)
    queue.add_later("a", clock.now + 2)

    clock.now += 1
    assert queue.take_now() == "a"
    queue.done("a")
    clock.now += 3
    assert queue.take_now() is None


def test_a_wish_during_work_is_not_put_off_by_how_the_work_ends() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.add("a")
    queue.take_now()

    queue.add_later("a", clock.now + 0.2)
    queue.failed("a")

    clock.now += 0.2
    assert queue.take_now() == "a"


def test_a_delayed_key_counts_as_written_until_it_is_due() -> None:
    clock = Clock()
    queue = a_queue(clock)

    queue.add_later("a", clock.now + 3)

    assert queue.oldest_unwritten() is None


def test_of_a_key_that_is_no_more_only_what_was_added_meanwhile_is_left() -> None:
    clock = Clock()
    queue = a_queue(clock)
    for key in ("gone", "made again"):
        queue.add(key)
        queue.take_now()
        queue.failed(key)
        queue.add(key)
        queue.take_now()
        queue.add_later(key, clock.now + 1)
    queue.add("made again")

    queue.gone("gone")
    queue.gone("made again")
    clock.now += 10

    assert [queue.take_now(), queue.take_now()] == ["made again", None]
    queue.done("made again")
    assert queue.oldest_unwritten() is None


@pytest.mark.parametrize("state", ["waiting", "in work", "nowhere"])
def test_a_key_is_unwritten_since_what_it_is_dirty_for_was_known(state: str) -> None:
    clock = Clock()
    queue = a_queue(clock)
    known = clock.now
    clock.now += 5
    if state != "nowhere":
        queue.add("a")
    if state == "in work":
        queue.take_now()

    queue.add("a", since=known)

    assert queue.oldest_unwritten() == known
    queue.take_now()
    queue.done("a")
    if state == "in work":
        assert queue.oldest_unwritten() == known
        queue.take_now()
        queue.done("a")
    assert queue.oldest_unwritten() is None


def test_wishes_that_were_replaced_are_not_kept() -> None:
    clock = Clock()
    queue = a_queue(clock)

    for turn in range(10_000):
        queue.add_later("a", clock.now + 20_000 - turn)

    assert len(queue._dues) < 100


def test_figures_have_controller_runtimes_meaning() -> None:
    clock, figures = Clock(), Figures()
    queue: WorkQueue[str] = WorkQueue(clock=clock, counting=figures, backoff=1.0)

    queue.add("a")
    queue.add("a")
    clock.now += 2
    queue.take_now()
    clock.now += 3
    queue.failed("a")

    assert (figures.adds, figures.retries) == (1, 1)
    assert (figures.waited, figures.worked) == ([2.0], [3.0])
    assert figures.last_depth == 0


async def test_a_waiting_worker_wakes_up_for_an_add() -> None:
    queue: WorkQueue[str] = WorkQueue(clock=asyncio.get_running_loop().time, counting=NotCounting())
    worker = asyncio.create_task(queue.take())
    await asyncio.sleep(0)

    queue.add("a")

    assert await asyncio.wait_for(worker, 1) == "a"


async def test_a_waiting_worker_wakes_up_when_a_delayed_key_is_due() -> None:
    clock = asyncio.get_running_loop().time
    queue: WorkQueue[str] = WorkQueue(clock=clock, counting=NotCounting())

    queue.add_later("a", clock() + 0.02)

    assert await asyncio.wait_for(queue.take(), 1) == "a"


async def test_every_waiting_worker_gets_a_key_of_its_own() -> None:
    queue: WorkQueue[str] = WorkQueue(clock=asyncio.get_running_loop().time, counting=NotCounting())
    workers = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)

    for key in "abc":
        queue.add(key)

    assert sorted(await asyncio.wait_for(asyncio.gather(*workers), 1)) == ["a", "b", "c"]
