"""What is kept of observing one mirror between two passes."""

from dataclasses import dataclass, field
from typing import Any

from stagingmirror.engine.observe.check_requests import PendingCheck
from stagingmirror.engine.observe.initial_sync import InitialSync
from stagingmirror.view import Subject


@dataclass(slots=True)
class ObserveState:
    """``tries``: how often each token was probed for. ``bytes_read``: which bytes were last read
    for a refresh, for which token, and when that had ended (POSIX s).
    """

    check: PendingCheck = field(default_factory=PendingCheck)
    initial_sync: InitialSync = field(default_factory=InitialSync)
    tries: dict[str, int] = field(default_factory=dict)
    bytes_read: tuple[str, frozenset[Subject[Any]], float] | None = None

    def answered(self) -> None:
        """The check token is answered."""
        self.tries, self.bytes_read = {}, None
