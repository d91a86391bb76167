"""What livez and readyz report."""

from stagingmirror.cli.operator.wiring import Operator
from stagingmirror.edge import Edge
from stagingmirror.engine.leader.installation import InstallationClaim

# Seconds of one pass after which the process is not alive any more.
HANGING = 300.0


class State:
    """Of this process. ``of`` is called once its parts are there."""

    def __init__(self, claim: InstallationClaim) -> None:
        self._claim = claim
        self._operator: Operator | None = None
        self._edge: Edge | None = None

    def of(self, operator: Operator, edge: Edge) -> None:
        self._operator, self._edge = operator, edge

    def live(self) -> str | None:
        """A standby and an operator without an API server are alive; one that hangs is not."""
        if self._operator is None:
            return None
        since = min(self._operator.queue.working_since(), default=None)
        if since is not None and self._operator.runtime.clock() - since > HANGING:
            return "a check has been in work for minutes"
        return None

    def ready(self) -> str | None:
        """Whether this process sees what it must see; it need not lead."""
        if self._claim.trouble is not None:
            return self._claim.trouble
        if self._operator is None or self._edge is None:
            return "starting"
        if self._operator.resync.trouble is not None:
            return self._operator.resync.trouble
        if not self._edge.ready.is_set():
            return "our own resources are not watched yet"
        return None
