"""A queue with a clock and figures of our own."""

from dataclasses import dataclass, field

from stagingmirror.engine.workqueue.queue import WorkQueue
from support.clock import Clock


class NotCounting:
    """For a queue whose figures no test reads."""

    def added(self, *, depth: int) -> None:
        """Nothing."""

    def taken(self, *, waited: float, depth: int) -> None:
        """Nothing."""

    def done(self, *, worked: float) -> None:
        """Nothing."""

    def retried(self) -> None:
        """Nothing."""


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


def a_queue(clock: Clock, *, patience: float = 30.0) -> WorkQueue[str]:
    return WorkQueue(
        clock=clock, counting=NotCounting(), patience=patience, backoff=1.0, backoff_cap=8.0
    )
