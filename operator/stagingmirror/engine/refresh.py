"""The story of one refresh: prepare, switch, verify, or put back; one step per pass."""

from collections.abc import Callable
from typing import Protocol

from stagingmirror.actions.hands import Hands
from stagingmirror.engine.case import Case, MirrorKey, Progress
from stagingmirror.settings import Settings


class Teller(Protocol):
    """Who tells people: an Event on the mirror and one log line. ``kind`` is Normal or Warning."""

    def tell(self, key: MirrorKey, uid: str, kind: str, reason: str, message: str) -> None: ...


class Refresher:
    """Makes staging follow production. Called once per pass by the check; never waits for work.

    ``mirror_is_there`` answers from the fleet, whether a mirror of this uid exists.
    """

    def __init__(
        self,
        hands: Hands,
        *,
        clock: Callable[[], float],
        settings: Settings,
        leading: Callable[[], bool],
        teller: Teller,
        mirror_is_there: Callable[[str], bool],
    ) -> None: ...

    async def advance(self, case: Case) -> Progress:
        """Take at most one step of this mirror's refresh, or start one that is due."""
        raise NotImplementedError

    async def retreat(self, key: MirrorKey, uid: str, why: str) -> Progress:
        """Put back what is open where there can be no Case (spec wrong, environment revoked,
        deleted), one step per pass. Idle where nothing is open.
        """
        raise NotImplementedError

    async def tend_orphans(self) -> None:
        """For ever: put back and remove the records of mirrors that are gone. A task of the leader."""
        raise NotImplementedError

    def is_open(self, uid: str) -> bool:
        """Whether a refresh of this mirror is in progress; holds become effective when it is not."""
        raise NotImplementedError
