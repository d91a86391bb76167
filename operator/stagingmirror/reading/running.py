"""What really runs of a workload, as its pods prove it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from stagingmirror.errors import CannotRefresh
from stagingmirror.reading.reading import Ended, Reading
from stagingmirror.reasons import Reason
from stagingmirror.sources.kubernetes.subjects import Container, Pod, Variable, Workload

# Seconds within which a node accepts a pod that has room there.
_ACCEPTED = 30.0

Started = Literal["before", "after", "unclear"]


@dataclass(frozen=True, slots=True)
class Ran:
    """A variable as the pods were started with it; ``declared`` where there is no pod at all and
    only the template has it.
    """

    variable: Variable
    declared: bool
    pods: tuple[Pod, ...]
    """The pods that prove it."""


def called(workload: Workload) -> str:
    return f"{workload.kind} {workload.namespace}/{workload.name}"


def container_of(reading: Reading, workload: Workload, name: str) -> Container:
    """A container of the template. Raises Ended (Absent; why it is unsettled where its template is
    not known).
    """
    if not workload.containers:
        _refuse_unsettled(reading, workload)
    found = workload.containers.get(name)
    if found is None:
        raise reading.absent(f"container {name} of {called(workload)}")
    return found


def refuse_repeated(workload: Workload, container: str, variable: str) -> None:
    """Raises CannotRefresh where a container has the variable more than once: a patch changes the
    first one, and the container gets the last.
    """
    if variable in workload.containers[container].repeated:
        raise CannotRefresh(
            Reason.AMBIGUOUS,
            f"variable {variable} stands more than once in env of container {container} of "
            f"{called(workload)}; only the last one counts: remove the others.",
        )


def pods_that_count(reading: Reading, workload: Workload) -> tuple[Pod, ...]:
    """The pods that prove what runs; none where the workload has no pod at all.

    Pods of a CronJob's last Job have finished and are not ready any more: all of them count. Raises
    Ended (RollingOut, or why a rollout does not end; NothingRuns where there are pods, but none is
    ready).
    """
    _refuse_unsettled(reading, workload)
    if workload.beside:
        reading.finding(
            f"the {workload.beside} of {called(workload)} counts where an entry names its part."
        )
    pods = tuple(pod for pod in workload.pods if not pod.terminating)
    if not pods and workload.no_pods:
        reading.finding(f"nothing proves what {called(workload)} runs: {workload.no_pods}.")
    if workload.kind == "CronJob" or not pods:
        return pods
    ready = tuple(pod for pod in pods if pod.ready)
    if not ready:
        raise reading.unseen(
            Reason.NOTHING_RUNS,
            f"no pod of {called(workload)} is ready (0 of {len(pods)}): nothing proves what runs.",
        )
    return ready


def pods_that_ran(reading: Reading, workload: Workload, container: str) -> tuple[Pod, ...]:
    """Of the pods that count those in which this container ran: a pod of a Job may have failed
    before it was started. Raises Ended (RollingOut; NothingRuns where there are pods, but none).
    """
    pods = pods_that_count(reading, workload)
    if workload.kind != "CronJob" or not pods:
        return pods
    ran = tuple(pod for pod in pods if container in pod.image_ids)
    if not ran:
        raise reading.unseen(
            Reason.NOTHING_RUNS,
            f"container {container} was never started in a pod of the last Job of "
            f"{called(workload)}; see that Job.",
        )
    return ran


def variable_of(reading: Reading, workload: Workload, container: str, name: str) -> Ran:
    """A container's variable in all pods that count. Raises Ended (Absent, RollingOut, PodsDiffer,
    NotComparable).
    """
    template = container_of(reading, workload, container)
    where = f"container {container} of {called(workload)}"
    pods = pods_that_ran(reading, workload, container)
    running = [pod.containers.get(container) for pod in pods]
    values = {each.variables.get(name) if each else None for each in running or [template]}
    if len(values) > 1:
        raise reading.unseen(
            Reason.PODS_DIFFER,
            f"the pods of {called(workload)} were started with different {name}, though from one "
            "template; see what changes it (an admission webhook?), or restart them.",
        )
    value = values.pop()
    if value is not None:
        return Ran(value, declared=not pods, pods=pods)
    if template.env_from:
        raise reading.unseen(
            Reason.NOT_COMPARABLE,
            f"variable {name} of {where} may come from envFrom, which is not read; "
            "set it in env, or track the ConfigMap's key.",
        )
    raise reading.absent(f"variable {name} of {where}")


def started(
    reading: Reading,
    workload: Workload,
    *,
    earliest: float | None,
    latest: float | None,
    skew: float,
    by_api_server: bool,
) -> Started:
    """Whether what runs now was started before or after something that happened between two moments
    (POSIX s; None: not known). ``skew``: by how much the clock of these moments is seen to differ
    from ours (s); ``by_api_server``: it is the clock that dates the creation of pods.

    Nodes report starts in whole seconds, and by clocks of their own: a pod that started in the very
    second, or after it within ``clock_margin``, is ``unclear``. So is one that was created before
    it and, by the node's clock, started long after, and an older one of which a container was
    started anew since: it may have read what is new. A CronJob is always: between its Jobs it runs
    nothing. Raises Ended (RollingOut; ClockSkew where a pod started before it, within
    ``clock_margin``).
    """
    _refuse_unsettled(reading, workload)
    pods = [pod for pod in workload.pods if not pod.terminating and pod.started is not None]
    if workload.kind == "CronJob" or not pods:
        return "unclear"
    margin = reading.view.clock_margin + skew
    if earliest is not None and started_before(reading, workload, pods, earliest, margin):
        return "before"
    if latest is not None and all(
        pod.ready
        and (
            _earliest_start(pod) > latest + margin
            or (by_api_server and pod.created is not None and pod.created > latest)
        )
        for pod in pods
    ):
        return "after"
    return "unclear"


def started_before(
    reading: Reading, workload: Workload, pods: Iterable[Pod], moment: float, margin: float
) -> bool:
    """Whether any of these pods started before a moment (POSIX s). Raises Ended (ClockSkew) where
    one did, but by no more than ``margin`` (s).
    """
    starts = [_last_start(pod) for pod in pods if pod.started is not None]
    if any(start < int(moment) - margin for start in starts):
        return True
    if any(start < int(moment) for start in starts):
        raise clock_skew(reading, workload, margin)
    return False


def first_start(pods: Iterable[Pod]) -> float | None:
    """When the first of them started at the earliest (POSIX s); None: not known."""
    return min((_earliest_start(pod) for pod in pods if pod.started is not None), default=None)


def clock_skew(reading: Reading, workload: Workload, margin: float) -> Ended:
    return reading.unseen(
        Reason.CLOCK_SKEW,
        f"{called(workload)} was started within {margin:.0f} s of what it is compared with, and "
        "clocks may differ by that: whether it runs the former or the new one is not known; "
        "restart it, or wait for its next rollout.",
    )


def _earliest_start(pod: Pod) -> float:
    """What seems to have waited for its node may have started at once: a node's clock may be ahead
    by hours.
    """
    start = _start(pod)
    waited = 0.0 if pod.created is None else start - pod.created
    return start - waited if waited > _ACCEPTED else start


def _last_start(pod: Pod) -> float:
    """A node's clock may be behind all others, and no pod starts before it is there."""
    return max(_start(pod), pod.restarted or 0.0, pod.created or 0.0)


def _start(pod: Pod) -> float:
    assert pod.started is not None, "only pods that have started are read"
    return pod.started


def _refuse_unsettled(reading: Reading, workload: Workload) -> None:
    if (why := workload.unsettled) is not None:
        raise reading.unseen(why.reason, why.message)
