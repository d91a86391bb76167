"""The queue, whatever comes in whatever order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from support.clock import Clock
from support.queues import a_queue

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
        if deadline is not None:
            self.queue.fresh_until(key, self.clock.now + deadline)
        self.queue.add(key)
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
    def what_is_owed_and_not_left_out_counts_as_unwritten(self) -> None:
        if (self.owed | {*self.in_work}) - self.queue.unsettled():
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
TestAnyOrder.settings = settings(max_examples=100, stateful_step_count=40)
