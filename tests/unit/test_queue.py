"""The queue: one hand per key, nothing lost, the most urgent first, nobody starves."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from stagingmirror.engine.queue import Queue


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Figures:
    """Keeps what a queue counts."""

    adds: int = 0
    retries: int = 0
    waited: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    last_depth: int = 0

    def added(self, *, depth: int) -> None:
        self.adds += 1
        self.last_depth = depth

    def taken(self, *, waited: float, depth: int) -> None:
        self.waited.append(waited)
        self.last_depth = depth

    def done(self, *, worked: float) -> None:
        self.worked.append(worked)

    def retried(self) -> None:
        self.retries += 1

    def depth(self, value: int) -> None:
        self.last_depth = value


def a_queue(clock: Clock, *, patience: float = 30.0) -> Queue[str]:
    return Queue(clock=clock, patience=patience, backoff=1.0, backoff_cap=8.0)


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


def test_the_earliest_deadline_is_taken_first() -> None:
    clock = Clock()
    queue = a_queue(clock)

    queue.add("later", deadline=clock.now + 20)
    queue.add("sooner", deadline=clock.now + 10)

    assert [queue.take_now(), queue.take_now()] == ["sooner", "later"]


def test_a_sooner_deadline_moves_a_waiting_key_forward() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.add("a", deadline=clock.now + 20)
    queue.add("b", deadline=clock.now + 10)

    queue.add("a", deadline=clock.now + 5)

    assert [queue.take_now(), queue.take_now(), queue.take_now()] == ["a", "b", None]


def test_a_key_without_deadline_does_not_starve_behind_keys_that_are_always_urgent() -> None:
    clock = Clock()
    queue = a_queue(clock, patience=5.0)
    queue.add("patient")
    taken = []

    for turn in range(10):
        queue.add(f"urgent-{turn}", deadline=0.0)
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


def test_a_later_wish_replaces_the_former_one() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.add_later("a", clock.now + 1)

    queue.add_later("a", clock.now + 3)

    clock.now += 2
    assert queue.take_now() is None
    clock.now += 1
    assert queue.take_now() == "a"


def test_a_key_that_fails_again_and_again_waits_longer_up_to_the_cap() -> None:
    clock = Clock()
    queue = a_queue(clock)
    pauses = []

    queue.add("a")
    for _ in range(6):
        assert queue.take_now() == "a"
        pauses.append(queue.failed("a"))
        clock.now += pauses[-1]

    assert pauses == [1, 2, 4, 8, 8, 8]


def test_a_success_ends_the_backoff() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.add("a")
    queue.take_now()
    clock.now += queue.failed("a")
    queue.take_now()
    queue.done("a")

    queue.add("a")
    queue.take_now()

    assert queue.failed("a") == 1


def test_an_event_does_not_wait_for_the_end_of_a_backoff() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.add("a")
    queue.take_now()
    queue.failed("a")

    queue.add("a")

    assert queue.take_now() == "a"


def test_a_failed_key_stays_unwritten_since_it_first_became_dirty() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.add("a")
    first = clock.now
    queue.take_now()
    clock.now += queue.failed("a")
    assert queue.take_now() == "a"
    clock.now += queue.failed("a")

    assert queue.oldest_unwritten() == first

    queue.take_now()
    queue.done("a")
    assert queue.oldest_unwritten() is None


def test_a_delayed_key_counts_as_written_until_it_is_due() -> None:
    clock = Clock()
    queue = a_queue(clock)

    queue.add_later("a", clock.now + 3)

    assert queue.oldest_unwritten() is None


def test_a_dropped_key_is_not_taken_and_not_owed() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.add("waiting")
    queue.add_later("delayed", clock.now + 1)

    queue.drop("waiting")
    queue.drop("delayed")
    clock.now += 2

    assert queue.take_now() is None
    assert queue.oldest_unwritten() is None


def test_figures_have_controller_runtimes_meaning() -> None:
    clock, figures = Clock(), Figures()
    queue: Queue[str] = Queue(clock=clock, counting=figures, backoff=1.0)

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
    queue: Queue[str] = Queue(clock=asyncio.get_running_loop().time)
    worker = asyncio.create_task(queue.take())
    await asyncio.sleep(0)

    queue.add("a")

    assert await asyncio.wait_for(worker, 1) == "a"


async def test_a_waiting_worker_wakes_up_when_a_delayed_key_is_due() -> None:
    clock = asyncio.get_running_loop().time
    queue: Queue[str] = Queue(clock=clock)

    queue.add_later("a", clock() + 0.02)

    assert await asyncio.wait_for(queue.take(), 1) == "a"


async def test_every_waiting_worker_gets_a_key_of_its_own() -> None:
    queue: Queue[str] = Queue(clock=asyncio.get_running_loop().time)
    workers = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)

    for key in "abc":
        queue.add(key)

    assert sorted(await asyncio.wait_for(asyncio.gather(*workers), 1)) == ["a", "b", "c"]


KEYS = st.sampled_from("abcd")


class AnyOrder(RuleBasedStateMachine):
    """Whatever comes in whatever order: no key in two hands, and no add without a later take."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.queue = a_queue(self.clock)
        self.in_work: list[str] = []
        self.owed: set[str] = set()

    @rule(key=KEYS, deadline=st.none() | st.floats(-50, 50))
    def add(self, key: str, deadline: float | None) -> None:
        if deadline is None:
            self.queue.add(key)
        else:
            self.queue.add(key, deadline=self.clock.now + deadline)
        self.owed.add(key)

    @rule(key=KEYS, seconds=st.floats(0, 60))
    def add_later(self, key: str, seconds: float) -> None:
        self.queue.add_later(key, self.clock.now + seconds)

    @rule(seconds=st.floats(0, 60))
    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def take(self) -> None:
        key = self.queue.take_now()
        if key is not None:
            assert key not in self.in_work
            self.in_work.append(key)
            self.owed.discard(key)

    @precondition(lambda self: self.in_work)
    @rule(good=st.booleans())
    def put_down(self, good: bool) -> None:
        key = self.in_work.pop(0)
        if good:
            self.queue.done(key)
        else:
            self.queue.failed(key)
            self.owed.add(key)

    @invariant()
    def what_is_owed_counts_as_unwritten(self) -> None:
        if self.owed or self.in_work:
            oldest = self.queue.oldest_unwritten()
            assert oldest is not None
            assert oldest <= self.clock.now

    def teardown(self) -> None:
        for key in self.in_work:
            self.queue.done(key)
        self.clock.now += 100
        taken = set()
        while (due := self.queue.take_now()) is not None:
            taken.add(due)
            self.queue.done(due)
        assert self.owed <= taken


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
