"""What is kept of observing one mirror between two passes."""

from dataclasses import dataclass, field
from typing import Any

from stagingmirror.engine.observe.check_requests import CHECK_AT, PARITY_AT, PendingCheck
from stagingmirror.engine.observe.initial_sync import InitialSync
from stagingmirror.view import Deep, Subject


@dataclass(slots=True)
class ObserveState:
    """``tries``: how often each token was probed for. ``deep_reads``: what was last read for a
    refresh, for which token, and when that had ended (POSIX s).
    """

    check: PendingCheck = field(default_factory=lambda: PendingCheck(CHECK_AT, "handled_check_at"))
    parity: PendingCheck = field(
        default_factory=lambda: PendingCheck(PARITY_AT, "handled_parity_at")
    )
    initial_sync: InitialSync = field(default_factory=InitialSync)
    tries: dict[str, int] = field(default_factory=dict)
    deep_reads: dict[Deep, tuple[str, frozenset[Subject[Any]], float]] = field(default_factory=dict)

    @property
    def requests(self) -> tuple[PendingCheck, ...]:
        return (self.check, self.parity)

    def answered(self) -> None:
        """A token is answered."""
        self.tries, self.deep_reads = {}, {}
