"""Everything that this process remembers of one mirror between two passes.

Each part is defined by the module that uses it; deleting a mirror is one ``pop``. What belongs to
no single mirror (the queue, the index of who reads what, claims, slots per environment) is kept
elsewhere.
"""

from dataclasses import dataclass, field

from stagingmirror.engine.refresh.start.state import RefreshState
from stagingmirror.engine.status.writer import LastStatus


@dataclass(slots=True)
class MirrorState:
    uid: str
    status: LastStatus = field(default_factory=LastStatus)
    refresh: RefreshState = field(default_factory=RefreshState)
