"""What this process remembers of one mirror's refreshes between two passes.

Nothing of it is needed to be right: a new process finds what matters in status and record, and
observes, waits and requests the rest anew.
"""

from dataclasses import dataclass, field

from stagingmirror.engine.refresh.execute.contention import ContentionCheck
from stagingmirror.engine.refresh.execute.leftovers import LeftoversCheck
from stagingmirror.engine.refresh.execute.state import Arrivals, Pacing, Patience, RemovalCheck
from stagingmirror.engine.refresh.start.quiet_period import QuietPeriod
from stagingmirror.engine.refresh.start.triggers import Memory


@dataclass(slots=True)
class RefreshState:
    """Each part belongs to the module that defines it. ``memory`` is None before the first pass
    that could refresh.
    """

    memory: Memory | None = None
    quiet: QuietPeriod = field(default_factory=QuietPeriod)
    patience: Patience = field(default_factory=Patience)
    arrivals: Arrivals = field(default_factory=Arrivals)
    pacing: Pacing = field(default_factory=Pacing)
    contention: ContentionCheck = field(default_factory=ContentionCheck)
    leftovers: LeftoversCheck = field(default_factory=LeftoversCheck)
    removal: RemovalCheck = field(default_factory=RemovalCheck)
