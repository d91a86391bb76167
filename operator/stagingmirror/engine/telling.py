"""Telling people: Kubernetes Events and one log line each, only where something changed.

What is news is found by comparing two statuses (``changes``), so every leader tells the same. An
Event that cannot be written is dropped: the status is the truth, Events are a courtesy.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from stagingmirror.engine.case import MirrorKey
from stagingmirror.engine.news import Announcement

__all__ = ["Announcement", "Requests", "Teller"]


class Requests(Protocol):
    """The little that is needed of the cluster client."""

    async def request(
        self, method: str, path: str, *, body: object | None = None
    ) -> dict[str, Any]: ...


class Teller:
    """Call ``tell`` or ``announce`` from anywhere (they never wait); ``run`` writes the Events."""

    def __init__(
        self,
        requests: Requests,
        *,
        clock: Callable[[], float],
        identity: str,
        leading: Callable[[], bool] = lambda: True,
    ) -> None:
        raise NotImplementedError

    def tell(self, key: MirrorKey, uid: str, kind: str, reason: str, message: str) -> None:
        """An Event on the mirror and one log line. ``kind`` is Normal or Warning."""
        raise NotImplementedError

    def announce(
        self, key: MirrorKey, uid: str, previous: Mapping[str, Any], status: Mapping[str, Any]
    ) -> None:
        """Tell what is new in a status that has just been written."""
        raise NotImplementedError

    async def run(self) -> None:
        """Write the Events that are waiting, for ever. Only while leading; others are dropped."""
        raise NotImplementedError
