"""The clock that a process runs by."""

from dataclasses import dataclass, field

import pytest

from stagingmirror.runtime import SteadyClock
from support.clock import NOW


@dataclass
class Machine:
    """Both clocks of a machine. ``stopped``: seconds for which the process stands still between
    reading the one and the other, once.
    """

    wall: float = NOW
    monotonic: float = 1000.0
    stopped: float = 0.0
    steps: list[float] = field(default_factory=list)

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, self._since_boot, self.steps.append)

    def goes_on(self, seconds: float, *, slewed: float = 0.0) -> None:
        self.wall += seconds + slewed
        self.monotonic += seconds

    def _since_boot(self) -> float:
        self.wall, self.monotonic = self.wall + self.stopped, self.monotonic + self.stopped
        self.stopped = 0.0
        return self.monotonic


@pytest.mark.parametrize("by", [-18_000.0, 18_000.0, -1.5])
def test_a_clock_that_is_set_is_noticed_at_the_next_reading_and_once(by: float) -> None:
    machine = Machine()
    clock = machine.clock()
    clock()

    machine.goes_on(7.0, slewed=by)

    assert clock() == machine.wall
    assert machine.steps == [pytest.approx(by)]
    machine.goes_on(1.0, slewed=by)
    clock()
    assert len(machine.steps) == 1


def test_a_clock_that_is_only_slewed_is_steady_however_far_that_leads() -> None:
    machine = Machine()
    clock = machine.clock()
    for _ in range(10_000):
        clock()
        machine.goes_on(60.0, slewed=0.03)

    assert machine.steps == []


def test_a_process_that_was_stopped_takes_that_for_no_step() -> None:
    machine = Machine()
    clock = machine.clock()
    clock()
    machine.goes_on(3600.0)
    machine.stopped = 30.0

    clock()
    clock()

    assert machine.steps == []
