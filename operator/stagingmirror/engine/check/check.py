"""One check: what its steps find out about one mirror, in their order."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from stagingmirror.api.spec.mirror import StagingMirrorSpec
from stagingmirror.api.status.model import MirrorStatus
from stagingmirror.api.status.report import Progress
from stagingmirror.component import Sides
from stagingmirror.drift.deploys import Running
from stagingmirror.drift.facts import Observations, Why
from stagingmirror.engine.check.blockers import Blockers
from stagingmirror.engine.check.judge import Scene
from stagingmirror.engine.check.state import MirrorState
from stagingmirror.engine.context import Context, Judged
from stagingmirror.engine.holds.active import Request
from stagingmirror.engine.observe.view import RecordingView
from stagingmirror.engine.resources.mirror import Mirror
from stagingmirror.engine.status.writer import Outcome
from stagingmirror.engine.workqueue.queue import Result
from stagingmirror.engine.workqueue.slices import Slices


@dataclass(slots=True)
class Check:
    """``began`` is when it began, ``now`` the time as of which it judges (POSIX s): others may run
    while it observes. A field without a value is set by the step that its comment names; no earlier
    step reads it.
    """

    mirror: Mirror
    state: MirrorState
    began: float
    now: float
    holds: tuple[Request, ...]
    """Those of this mirror that have not expired."""
    turn: int
    """When it began, among the passes of mirrors and the arrivals of holds."""
    spec: StagingMirrorSpec = field(init=False)  # load_spec
    sides: Sides = field(init=False)  # resolve_environments
    environments: Mapping[str, str] = field(init=False)  # resolve_environments
    view: RecordingView = field(init=False)  # find_blockers
    blockers: Blockers = field(init=False)  # find_blockers
    scene: Scene = field(init=False)  # observe
    observations: tuple[Observations, ...] = field(init=False)  # observe, as in spec.track
    components: tuple[Judged, ...] = field(init=False)  # judge
    context: Context = field(init=False)  # plan
    progress: Progress = field(init=False)  # refresh
    status: MirrorStatus = field(init=False)  # write_status
    outcome: Outcome = field(init=False)  # write_status
    next_turn: float = field(init=False)  # write_status, see ``requeue.next_turn``
    stalled: Why | None = None
    waiting: Why | None = None
    """Why it is not stalled yet."""
    rollouts: list[Running] = field(default_factory=list)
    """What runs of each component that was observed."""
    slices: Slices = field(default_factory=Slices)


# None: the next step follows. Raises NeedsHuman where the mirror is stalled.
Step = Callable[[Check], Awaitable[Result | None]]
