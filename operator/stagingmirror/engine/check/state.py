"""Everything that this process remembers of one mirror between two passes.

Each part is defined by the module that uses it; deleting a mirror is one ``pop``. What belongs to
no single mirror (the queue, the index of who reads what, claims, slots per environment) is kept
elsewhere.
"""

from dataclasses import dataclass, field

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.component import Sides
from stagingmirror.engine.observe.state import ObserveState
from stagingmirror.engine.observe.view import Inputs
from stagingmirror.engine.refresh.start.state import RefreshState
from stagingmirror.engine.resources.cache import Body
from stagingmirror.engine.resources.mirror import MirrorKey
from stagingmirror.engine.status.writer import LastStatus


@dataclass(frozen=True, slots=True)
class LastCheck:
    """A mirror as its last whole check left it, with nothing to do: its verdict stands while all
    of this stays as it is. Times are POSIX seconds.
    """

    body: Body
    spec: StagingMirrorSpec
    sides: Sides
    since: float
    until: float
    """When the clock may change what was read at the earliest, whatever its age."""
    valid_until: float | None
    """As the status in the API has it."""


@dataclass(slots=True)
class MirrorState:
    uid: str
    first_seen: float
    """When this process had its first pass over it (POSIX s)."""
    observe: ObserveState = field(default_factory=ObserveState)
    refresh: RefreshState = field(default_factory=RefreshState)
    status: LastStatus = field(default_factory=LastStatus)
    last_check: LastCheck | None = None
    inputs: Inputs | None = None
    """What its last check read that found nothing to do."""


class MirrorStates(dict[MirrorKey, MirrorState]):
    """Of every mirror that had a pass."""

    def observing(self, key: MirrorKey) -> ObserveState:
        """What observing remembers; of a mirror that is gone nothing."""
        state = self.get(key)
        return ObserveState() if state is None else state.observe
