"""What was tried and did not work out: when it comes again, and since when it counts."""

from support.clock import Clock
from support.queues import a_queue


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


def test_what_only_waits_has_not_failed_and_says_itself_when_to_come_again() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.add("a")
    for _ in range(3):
        queue.take_now()
        clock.now += queue.failed("a", again_in=5.0)

    queue.take_now()

    assert queue.oldest_unwritten() == clock.now - 15.0
    assert queue.failed("a") == 1


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


def test_a_key_that_fails_on_and_on_holds_back_nobody_for_longer_than_a_moment() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.add("a")
    first = clock.now
    queue.take_now()
    clock.now += 4.9
    queue.failed("a")
    assert (queue.oldest_unwritten(), queue.unsettled()) == (first, frozenset())

    clock.now += 0.1
    assert queue.oldest_unwritten() is None
    assert queue.unsettled() == {"a"}
    queue.add("a")
    assert queue.oldest_unwritten() is None, "a change does not make it hold back others again"
    queue.add("b")
    assert queue.oldest_unwritten() == clock.now

    assert queue.take_now() == "a"
    queue.done("a")
    assert queue.unsettled() == frozenset()


def test_a_key_that_only_waits_is_never_left_out() -> None:
    clock = Clock()
    queue = a_queue(clock)
    queue.add("a")
    queue.take_now()
    clock.now += 60.0
    queue.failed("a", again_in=5.0)

    assert queue.unsettled() == frozenset()
    assert queue.oldest_unwritten() == clock.now - 60.0
